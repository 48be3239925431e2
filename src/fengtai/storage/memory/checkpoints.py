"""In-memory twin of the book of checkpoints."""


class MemoryCheckpointBook:
    """Implements audit.ports.CheckpointBook."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    async def last(self) -> str | None:
        return self.notes[-1] if self.notes else None

    async def append(self, note: str) -> None:
        self.notes.append(note)
