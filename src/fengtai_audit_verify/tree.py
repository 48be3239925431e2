"""The Merkle tree of RFC 6962, section 2.1, grown leaf by leaf: only the roots of its whole subtrees are held."""

import hashlib
from collections.abc import Sequence


def leaf_hash(salt: bytes, record: bytes) -> bytes:
    """Format version 1: SHA-256(0x00 || salt || record)."""
    return hashlib.sha256(b"\x00" + salt + record).digest()


class GrowingTree:
    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []
        """(height, root) of whole subtrees, highest first"""

    def append(self, leaf: bytes) -> None:
        self.size += 1
        height, made = 0, leaf
        while self._peaks and self._peaks[-1][0] == height:
            _, left = self._peaks.pop()
            made, height = _node(left, made), height + 1
        self._peaks.append((height, made))

    def root(self) -> bytes:
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        made = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            made = _node(left, made)
        return made


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def climbs(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, made = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            made = _node(sibling, made)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            made = _node(made, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and made == root


def begins_with(new: int, new_root: bytes, old: int, old_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path shows that the tree of `new` leaves begins with the tree of `old` leaves (RFC 9162, 2.1.4.2)."""
    if not 0 < old < new:
        return old == new and old_root == new_root and not path
    steps = list(path) if old & (old - 1) else [old_root, *path]  # a whole subtree's root is not sent again
    if not steps:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = _node(sibling, before), _node(sibling, after)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            after = _node(after, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
