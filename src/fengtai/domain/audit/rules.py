"""The Merkle tree of the audit log (RFC 6962, section 2.1) and its checkpoints (C2SP tlog-checkpoint), as pure functions.

The tree's hashes come from a `Hashes` function, so that the store keeps one hash per 256 leaves and no more: all others
are made again when a proof asks for them (at most 255 hashes per level of 256).
"""

import base64
import hashlib
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fengtai.domain.audit.model import RedactionPolicy
from fengtai.vocabulary.errors import Malformed

Hashes = Callable[[int, int, int], Sequence[bytes]]
"""(level, first, count) → hashes; level n holds the roots of 256**n leaves each"""

TILE_BITS = 8
TILE = 1 << TILE_BITS
EMPTY_ROOT = hashlib.sha256(b"").digest()
CHECKPOINT_ROWS = 1_000
CHECKPOINT_SECONDS = 5.0
RESULT_SECONDS = 600.0
"""An INTENT without RESULT is reported after this."""
STAMP_SECONDS = 86_400.0
"""A checkpoint is time-stamped so often."""
STAMP_RETRY_SECONDS = 600.0
"""How often it is looked whether it is time, so also how soon a failure is tried again."""


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = [node(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def root(hashes: Hashes, size: int) -> bytes:
    """MTH(D[0:size])."""
    return range_root(hashes, 0, size) if size else EMPTY_ROOT


def range_root(hashes: Hashes, first: int, end: int) -> bytes:
    """MTH(D[first:end]) for the ranges that RFC 6962's recursion meets."""
    size = end - first
    if size & (size - 1) == 0 and first % size == 0:
        level, rest = divmod(size.bit_length() - 1, TILE_BITS)
        found = hashes(level, first >> (level * TILE_BITS), 1 << rest)
        if len(found) != 1 << rest:
            raise LookupError(f"the tree has no hash over lines {first + 1} to {end}")
        return fold(found)
    split = first + _split(size)
    return node(range_root(hashes, first, split), range_root(hashes, split, end))


class GrowingRoot:
    """The root of a tree that is grown leaf by leaf: only the roots of its whole subtrees are held."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []
        """(height, root), highest first"""

    def append(self, leaf: bytes) -> None:
        height, made = 0, leaf
        while self._peaks and self._peaks[-1][0] == height:
            made, height = node(self._peaks.pop()[1], made), height + 1
        self._peaks.append((height, made))

    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY_ROOT
        made = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            made = node(left, made)
        return made


def inclusion_path(hashes: Hashes, index: int, size: int) -> tuple[bytes, ...]:
    """PATH(index, D[0:size]), RFC 6962 2.1.1; `index` counts from 0."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")

    def path(first: int, end: int) -> list[bytes]:
        if end - first == 1:
            return []
        split = first + _split(end - first)
        if index < split:
            return [*path(first, split), range_root(hashes, split, end)]
        return [*path(split, end), range_root(hashes, first, split)]

    return tuple(path(0, size))


def consistency_path(hashes: Hashes, old: int, new: int) -> tuple[bytes, ...]:
    """PROOF(old, D[0:new]), RFC 6962 2.1.2."""
    if not 0 < old <= new:
        raise ValueError(f"no consistency from {old} to {new} lines")

    def path(first: int, end: int, *, whole: bool) -> list[bytes]:
        if end == old:
            return [] if whole else [range_root(hashes, first, end)]
        split = first + _split(end - first)
        if old <= split:
            return [*path(first, split, whole=whole), range_root(hashes, split, end)]
        return [*path(split, end, whole=False), range_root(hashes, first, split)]

    return tuple(path(0, new, whole=True))


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root_hash: bytes) -> bool:
    """Whether the path leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, made = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            made = node(sibling, made)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            made = node(made, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and made == root_hash


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of `new` leaves begins with the tree of `old` leaves (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not path and old_root == new_root
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not 0 < old < new or not steps:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    was = now = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            was, now = node(sibling, was), node(sibling, now)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            now = node(now, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root


def missing_tiles(size: int, kept: Callable[[int], int]) -> list[tuple[int, int]]:
    """(level, number) of every hash that a tree of this size should keep and does not, lower levels first."""
    missing: list[tuple[int, int]] = []
    level = 1
    while (full := size >> (level * TILE_BITS)) > 0:
        missing.extend((level, number) for number in range(kept(level), full))
        level += 1
    return missing


@dataclass(frozen=True, slots=True)
class SignedTree:
    """What a checkpoint says."""

    origin: str
    size: int
    root: bytes
    at: datetime


def checkpoint_text(origin: str, size: int, root_hash: bytes, at: datetime) -> str:
    """C2SP tlog-checkpoint: origin, size, root, and one extension line of ours with the moment."""
    return f"{origin}\n{size}\n{base64.b64encode(root_hash).decode()}\nat {moment(at)}\n"


def read_checkpoint(note: str) -> SignedTree:
    """Raise Malformed. Signatures are not looked at: whoever distrusts the note verifies it with the public key."""
    lines = note.partition("\n\n")[0].split("\n")
    try:
        origin, size, root_text, at = lines[:4]
        return SignedTree(
            origin,
            int(size),
            base64.b64decode(root_text, validate=True),
            datetime.strptime(at, "at %Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC),
        )
    except ValueError as error:
        raise Malformed(f"not a checkpoint: {error}", clause="C2SP tlog-checkpoint", data=note.encode()) from error


LEAST_MONTHS = 6
"""Calendar months that the law has a network's log kept for at least (Cybersecurity Law, article 23)."""
NEVER_REDACTED = "audit."
"""What is told of the log itself stays: the verifier reads it."""


def months_earlier(now: datetime, months: int) -> datetime:
    """Whatever is from before this has been kept for so many calendar months (UTC). Where the earlier month has no such
    day it is that month's last, so at the ends of months lines are kept some days longer, never shorter."""
    years, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=years, month=month + 1, day=min(now.day, monthrange(years, month + 1)[1]))


def redactable_before(action: str, policy: RedactionPolicy, now: datetime) -> datetime | None:
    """Entries of this action from before this may be redacted; None: never. The longest beginning that fits wins."""
    if action.startswith(NEVER_REDACTED):
        return None
    fitting = [beginning for beginning in policy.months_of if action.startswith(beginning)]
    months = policy.months_of[max(fitting, key=len)] if fitting else policy.months
    return months_earlier(now.astimezone(UTC), max(months, LEAST_MONTHS))


def runs(seqs: Sequence[int]) -> list[list[int]]:
    """Growing numbers, as ranges of those that follow each other."""
    found: list[list[int]] = []
    for seq in seqs:
        if found and found[-1][1] == seq - 1:
            found[-1][1] = seq
        else:
            found.append([seq, seq])
    return found


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _split(size: int) -> int:
    """The largest power of two that is smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)
