"""Who did what, when, to what, for which purpose, and how it ended. Entries are never changed.

Owns format version 1 of a record and of its leaf in the tree (docs/design/audit-log.md): it is for good, because logs
that were written with it must verify for ever. A new format gets a new number and stands beside it.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import partial
from json.encoder import encode_basestring
from typing import Any, ClassVar, NamedTuple, Protocol

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


LOOKING = ("live.", "clip.", "recordings.playback", "recordings.still")
"""Beginnings of the actions by which somebody sees a camera's picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Newest first, below `before`. Empty means any; `action` also matches its beginning ("incident.")."""

    before: int | None = None
    limit: int = 100
    actor: str = ""
    action: str = ""
    object: str = ""
    purpose: str = ""
    """what the stated purpose begins with"""
    looked_at: str = ""
    """id of a point: acts of looking at it, live, recorded or as a clip"""
    since: datetime | None = None
    """not before this moment"""
    until: datetime | None = None
    """before this moment"""


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
class TimeStamp:
    """What a time-stamping authority says: the note of the checkpoint over `size` lines was there at this moment."""

    size: int
    at: datetime
    token: bytes
    """DER of the TimeStampResp (RFC 3161, 2.4.2); over the whole signed note"""


class KeptLine(NamedTuple):
    """What stays of a line when it is redacted, but for its leaf."""

    seq: int
    at: datetime
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionPolicy:
    """Calendar months after which the content of an entry is removed, by what its action begins with."""

    months: int
    months_of: Mapping[str, int] = field(default_factory=dict)
    is_done_here: bool = False
    """Whether the platform may do it itself, once a day; where its role cannot change the log, the owner does it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRun:
    """The platform's own look at its log, as far as it has come."""

    upto: int
    """lines under the checkpoint against which it looks"""
    by: str
    started_at: datetime
    lines: int = 0
    redacted: int = 0
    first_bad_seq: int | None = None
    detail: str = ""
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditState:
    """How the log stands, for the page and the board."""

    size: int
    checkpoint: Checkpoint | None
    is_tampered: bool
    missing_results: int
    """at most 100 are counted"""
    stamps_configured: bool
    newest_stamp: TimeStamp | None
    verification: VerificationRun | None
    stamp_fault: str
    """why the last try gave no token; empty when it did"""


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


class Drafted(NamedTuple):
    """An entry as it will be recorded, in canonical text, but for its place."""

    at_ms: int
    actor: str
    action: str
    object: str
    outcome: str
    act: str
    before_seq: str
    after_seq: str

    def record(self, seq: int) -> bytes:
        """The canonical bytes, format version 1: JSON, keys sorted, no spaces, UTF-8, text in NFC."""
        return f"{self.before_seq}{seq}{self.after_seq}".encode()


_drafted = partial(tuple.__new__, Drafted)
"""as the class makes it, in a third of the time"""


def draft_of(at_ms: int, entry: AuditEntry, details: str | None = None) -> Drafted:
    """`details`: as `details_text` wrote them before. Raise TypeError or ValueError when the entry holds what is no JSON."""
    (draft,) = drafts_of(at_ms, entry, ((entry.actor, entry.object),), details)
    return draft


def drafts_of(
    at_ms: int, entry: AuditEntry, whose: Iterable[tuple[str, str]], details: str | None = None
) -> list[Drafted]:
    """The same entry of many: actor and object of each; all else is composed once."""
    texts: tuple[str, ...] = (entry.act, entry.action, entry.post, entry.purpose, entry.role, entry.session)
    act, action, post, purpose, role, session = map(_canonical_text, texts)
    outcome, quoted = entry.outcome.value, encode_basestring
    if details is None:
        details = details_text(entry.details)
    first = f'{{"act":{quoted(act)},"action":{quoted(action)},"actor":'
    second = f',"at_ms":{at_ms},"details":{details},"object":'
    third = f',"outcome":"{outcome}","post":{quoted(post)},"purpose":{quoted(purpose)},"role":{quoted(role)},"seq":'
    after = (
        f',"session":{quoted(session)},"source_ip":{quoted(_canonical_text(entry.source_ip))},"v":{FORMAT_VERSION}}}'
    )
    drafts = []
    for actor, object in whose:
        actor, object = _canonical_text(actor), _canonical_text(object)
        before = f"{first}{quoted(actor)}{second}{quoted(object)}{third}"
        drafts.append(_drafted((at_ms, actor, action, object, outcome, act, before, after)))
    return drafts


def details_text(details: Mapping[str, Any]) -> str:
    """The details of an entry in canonical JSON. Raise TypeError or ValueError when they are none."""
    return _as_json(_canonical(details)) if details else "{}"


def record_of(seq: int, at_ms: int, entry: AuditEntry) -> bytes:
    """See `Drafted.record`."""
    return draft_of(at_ms, entry).record(seq)


def entry_of(record: bytes) -> AuditEntry:
    """The entry that these canonical bytes tell."""
    told = json.loads(record)
    return AuditEntry(
        **{name: told[name] for name in _TEXTS}, outcome=Outcome(told["outcome"]), details=told["details"]
    )


def leaf_of(salt: bytes, record: bytes) -> bytes:
    """SHA-256(0x00 || salt || record): RFC 6962's leaf, salted so that a redacted record cannot be guessed from it."""
    return hashlib.sha256(b"\x00" + salt + record).digest()


def kept_text(seq: int, at_ms: int, action: str, outcome: str, act: str, leaf: bytes) -> bytes:
    """What stays of a redacted line, as the redaction's digest is made over it. For good, like the record's format."""
    return f"{seq}\n{at_ms}\n{action}\n{outcome}\n{act}\n{leaf.hex()}\n".encode()


_TEXTS = ("actor", "action", "object", "act", "session", "source_ip", "role", "purpose", "post")
_as_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


def _canonical_text(value: str) -> str:
    if value.isascii() and "\0" not in value:
        return value  # which is NFC
    whole = value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFC", whole)


def _canonical(value: Any) -> Any:
    if isinstance(value, str):
        return _canonical_text(value)
    if isinstance(value, Mapping):
        return {_canonical(str(key)): _canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(f"an audit entry holds JSON values, not {type(value).__name__}")
