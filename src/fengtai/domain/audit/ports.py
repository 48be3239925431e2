"""What the business needs of the audit log."""

from typing import Protocol

from fengtai.domain.audit.model import AuditEntry


class AuditLog(Protocol):
    """Append-only. `uow.store(AuditLog).append(entry)`: durable with the unit, sequenced just before its commit."""

    def append(self, entry: AuditEntry) -> None: ...
