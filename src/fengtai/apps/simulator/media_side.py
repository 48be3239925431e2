"""What a simulated device needs of whoever makes its pictures."""

from typing import Protocol


class Media(Protocol):
    """Sends pictures; `apps.simulator.sender` implements it."""

    async def start(
        self, call_id: str, channel_id: str, host: str, port: int, transport: str, ssrc: int, stream_number: int = 0
    ) -> None:
        """Send to host and port: UDP to it, ("tcp") over a connection made to it, or ("tcp-listen") over the one that
        comes to the port of `listen`. `stream_number`: 1 for the sub-stream. Raise OSError when it fails."""

    async def listen(self, call_id: str, channel_id: str) -> int:
        """Wait for the platform's connection; the port for the answer, 0 when the camera does not do that."""

    async def stop(self, call_id: str) -> None: ...

    def key_frame(self, call_id: str) -> None: ...

    async def still(self, channel_id: str) -> bytes:
        """One picture of this camera, as JPEG."""
