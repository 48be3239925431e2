"""In-memory twin of the idempotency keys."""

from fengtai.storage.request_keys import Claim, KeptRequest, RepeatedRequest, RequestKeys
from fengtai.vocabulary.transactions import UnitOfWork


class MemoryRequestKeys:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], tuple[KeptRequest, int]] = {}
        self._unit: UnitOfWork | None = None

    def bind(self, unit: UnitOfWork) -> None:
        self._unit = unit

    def find(self, user_id: str, key: str) -> KeptRequest | None:
        found = self.kept.get((user_id, key))
        return found[0] if found else None

    def claim(self, claim: Claim) -> None:
        if (claim.user_id, claim.key) in self.kept:
            raise RepeatedRequest
        assert self._unit is not None
        kept = KeptRequest(claim.request_sha256, b"")
        self.kept[claim.user_id, claim.key] = kept, self._unit.now.utc_ms

    def keep_answer(self, claim: Claim, answer: bytes) -> None:
        kept, at_ms = self.kept[claim.user_id, claim.key]
        self.kept[claim.user_id, claim.key] = KeptRequest(kept.request_sha256, answer), at_ms

    def forget_before(self, at_ms: int) -> None:
        self.kept = {key: kept for key, kept in self.kept.items() if kept[1] >= at_ms}


STORES = {RequestKeys: MemoryRequestKeys}
