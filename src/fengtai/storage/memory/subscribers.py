"""In-memory twin of the subscribers' cursors and quarantine."""

from fengtai.storage.subscriber_rows import SubscriberBook
from fengtai.vocabulary.events import LoggedEvent


class MemorySubscriberBook:
    def __init__(self) -> None:
        self.cursors: dict[str, int] = {}
        self.set_aside: list[tuple[str, int, str, str]] = []

    def cursor(self, subscriber: str) -> int:
        return self.cursors.get(subscriber, 0)

    def move(self, subscriber: str, seq: int) -> None:
        self.cursors[subscriber] = seq

    def quarantine(self, subscriber: str, event: LoggedEvent, error: str) -> None:
        self.set_aside.append((subscriber, event.seq, event.kind, error))

    def quarantined(self, subscriber: str) -> list[int]:
        return sorted(seq for name, seq, _, _ in self.set_aside if name == subscriber)


STORES = {SubscriberBook: MemorySubscriberBook}
