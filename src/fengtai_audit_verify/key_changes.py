"""Keys that followed each other: the auditor holds the first; each key signs which comes next, and after which size.

A checkpoint over at most `size` lines must be signed by the key of before, one over more lines by the key after: whoever
steals a retired key can sign nothing that comes later. A change that the key before did not sign ends the chain.
"""

from fengtai_audit_verify.checkpoints import Unreadable, VerifierKey, notes

CHANGE = "key-change"


class KeyChain:
    def __init__(self, first: VerifierKey, changes: str) -> None:
        """`changes`: the text of the file. Raise Unreadable for a change that does not follow."""
        self.name = first.name
        self._keys = [(0, first)]
        """each with the size after which it holds"""
        for number, (text, signatures) in enumerate(notes(changes), 1):
            if signatures is None:
                break  # cut short by a crash: it was not in force
            self._follow(number, text, signatures)

    def signed_at(self, size: int, text: str, signatures: list[str]) -> bool:
        key = next(key for after, key in reversed(self._keys) if size > after or after == 0)
        return key.signed(text, signatures)

    def _follow(self, number: int, text: str, signatures: list[str]) -> None:
        after, key = self._keys[-1]
        lines = text.split("\n")
        try:
            origin, what, new, size = lines[0], lines[1], VerifierKey(lines[2]), int(lines[3])
        except (IndexError, ValueError) as error:
            raise Unreadable(f"note {number} of the key changes is none: {error}") from error
        if not key.signed(text, signatures):
            raise Unreadable(f"key change {number} is not signed by the key before it")
        if what != CHANGE or origin != self.name or new.name != self.name or size < after:
            raise Unreadable(f"note {number} of the key changes does not follow the one before it")
        self._keys.append((size, new))
