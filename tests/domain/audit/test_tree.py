"""The Merkle tree: roots and proofs against RFC 6962 worked out by hand, and against each other for all small sizes."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.domain.audit import rules

LEAVES = [hashlib.sha256(b"\x00" + bytes([number % 256, number // 256])).digest() for number in range(700)]


def hashes_of(leaves: Sequence[bytes]) -> rules.Hashes:
    """What a store keeps: the leaves, and the roots of whole tiles."""

    def hashes(level: int, first: int, count: int) -> Sequence[bytes]:
        if level == 0:
            return leaves[first : first + count]
        tile = rules.TILE**level
        whole = len(leaves) // tile
        return [plain_root(leaves[n * tile : (n + 1) * tile]) for n in range(first, min(first + count, whole))]

    return hashes


def plain_root(leaves: Sequence[bytes]) -> bytes:
    """MTH straight from RFC 6962 2.1, without any cleverness."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + plain_root(leaves[:split]) + plain_root(leaves[split:])).digest()


def test_an_empty_log_has_the_root_of_nothing() -> None:
    assert rules.root(hashes_of([]), 0).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_roots_of_certificate_transparency_s_own_test_vectors() -> None:
    """The eight leaves with which the implementations of RFC 6962 are tested (google/certificate-transparency)."""
    data = [b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43"]
    data += [b"\x50\x51\x52\x53\x54\x55\x56\x57", bytes(range(0x60, 0x70))]
    leaves = [hashlib.sha256(b"\x00" + one).digest() for one in data]

    assert rules.root(hashes_of(leaves), 1).hex().startswith("6e340b9cffb37a98")
    assert rules.root(hashes_of(leaves), 8).hex().startswith("5dc9da79a70659a9")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 600])
def test_roots_from_kept_tiles_are_the_plain_ones(size: int) -> None:
    assert rules.root(hashes_of(LEAVES[:size]), size) == plain_root(LEAVES[:size])


def test_every_line_of_every_small_log_is_proven() -> None:
    for size in range(1, 24):
        hashes = hashes_of(LEAVES[:size])
        root = rules.root(hashes, size)
        for index in range(size):
            path = rules.inclusion_path(hashes, index, size)
            assert rules.includes(LEAVES[index], index, size, path, root)
            assert not rules.includes(LEAVES[index + 1], index, size, path, root)
            assert not rules.includes(LEAVES[index], (index + 1) % size, size, path, root) or size == 1


def test_every_small_log_continues_every_smaller_one() -> None:
    hashes = hashes_of(LEAVES[:24])
    roots = [rules.root(hashes, size) for size in range(25)]
    for new in range(1, 25):
        for old in range(1, new + 1):
            path = rules.consistency_path(hashes, old, new)
            assert rules.is_consistent(old, new, roots[old], roots[new], path)
            assert not rules.is_consistent(old, new, roots[old - 1], roots[new], path)


@given(st.integers(1, 700), st.data())
def test_proofs_over_tiles(size: int, data: st.DataObject) -> None:
    leaves = LEAVES[:size]
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    hashes, root = hashes_of(leaves), plain_root(leaves)

    assert rules.includes(leaves[index], index, size, rules.inclusion_path(hashes, index, size), root)
    assert rules.is_consistent(old, size, plain_root(leaves[:old]), root, rules.consistency_path(hashes, old, size))


def test_missing_tiles_are_named_lower_levels_first() -> None:
    kept = {1: 1}
    assert rules.missing_tiles(3 * 256 + 5, lambda level: kept.get(level, 0)) == [(1, 1), (1, 2)]
    assert rules.missing_tiles(65536, lambda level: 256 if level == 1 else 0) == [(2, 0)]
    assert rules.missing_tiles(255, lambda _level: 0) == []
