"""Who did what, when, to what, for which purpose, and how it ended. Entries are never changed.

Owns format version 1 of a record and of its leaf in the tree (docs/design/audit-log.md): it is for good, because logs
that were written with it must verify for ever. A new format gets a new number and stands beside it.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, Protocol

from fengtai.vocabulary.events import Event

FORMAT_VERSION = 1
SALT_BYTES = 32


class Outcome(Enum):
    """INTENT stands durably before a sensitive act begins; DONE, REFUSED or FAILED tells its end."""

    INTENT = "intent"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the audit log, before it has its place. Values are short strings; `details` may hold JSON values."""

    actor: str
    """ "user:<id>", "system:<part>" or "device:<code>" """
    action: str
    """subject and verb: "incident.dispatch" """
    object: str
    """ "incident:<id>" """
    outcome: Outcome = Outcome.DONE
    act: str = ""
    """ties the RESULT of a sensitive act to its INTENT"""
    session: str = ""
    source_ip: str = ""
    role: str = ""
    purpose: str = ""
    post: str = ""
    """duty post or case under which it was done"""
    details: Mapping[str, Any] = field(default_factory=dict)


class Author(Protocol):
    """Whoever can sign an audit line; `access.model.Actor` is one. For folders below access, which cannot know it."""

    def entry(
        self,
        action: str,
        object: str,
        outcome: Outcome = Outcome.DONE,
        *,
        act: str = "",
        purpose: str = "",
        **details: Any,
    ) -> AuditEntry: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """An entry in its place. `entry`, `record` and `salt` are None once it was redacted; `leaf` stays for ever."""

    seq: int
    at: datetime
    entry: AuditEntry | None
    record: bytes | None
    """the canonical bytes that were hashed"""
    salt: bytes | None
    leaf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Newest first, below `before`. Empty means any; `action` also matches its beginning ("incident.")."""

    before: int | None = None
    limit: int = 100
    actor: str = ""
    action: str = ""
    object: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAct:
    """A sensitive act that has begun (INTENT) and has not ended (no RESULT)."""

    act: str
    seq: int
    at: datetime
    actor: str
    action: str
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The tree's root over the first `size` lines, and the signed note that says so."""

    size: int
    root: bytes
    at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """That `line` stands at its place in the tree that `checkpoint` signs (RFC 6962, 2.1.1)."""

    line: AuditLine
    path: tuple[bytes, ...]
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultMissing(Event):
    """A sensitive act began and nobody wrote how it ended."""

    kind: ClassVar[str] = "audit.result_missing"
    needs: ClassVar[str] = "audit.see"
    act: str
    seq: int
    action: str
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TamperingFound(Event):
    """The log no longer agrees with a checkpoint that was signed: no further checkpoint is signed."""

    kind: ClassVar[str] = "audit.tampering_found"
    needs: ClassVar[str] = "system.see"
    size: int
    detail: str


def record_of(seq: int, at_ms: int, entry: AuditEntry) -> bytes:
    """The canonical bytes, format version 1: JSON, keys sorted, no spaces, UTF-8, text in NFC."""
    record = {
        "v": FORMAT_VERSION,
        "seq": seq,
        "at_ms": at_ms,
        "actor": entry.actor,
        "action": entry.action,
        "object": entry.object,
        "outcome": entry.outcome.value,
        "act": entry.act,
        "session": entry.session,
        "source_ip": entry.source_ip,
        "role": entry.role,
        "purpose": entry.purpose,
        "post": entry.post,
        "details": entry.details,
    }
    canonical = json.dumps(
        _canonical(record), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return canonical.encode()


def entry_of(record: bytes) -> AuditEntry:
    """The entry that these canonical bytes tell."""
    told = json.loads(record)
    texts = ("actor", "action", "object", "act", "session", "source_ip", "role", "purpose", "post")
    return AuditEntry(**{name: told[name] for name in texts}, outcome=Outcome(told["outcome"]), details=told["details"])


def leaf_of(salt: bytes, record: bytes) -> bytes:
    """SHA-256(0x00 || salt || record): RFC 6962's leaf, salted so that a redacted record cannot be guessed from it."""
    return hashlib.sha256(b"\x00" + salt + record).digest()


def _canonical(value: Any) -> Any:
    if isinstance(value, str):
        whole = value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
        return unicodedata.normalize("NFC", whole)
    if isinstance(value, Mapping):
        return {_canonical(str(key)): _canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(f"an audit entry holds JSON values, not {type(value).__name__}")
