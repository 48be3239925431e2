"""Argon2id (RFC 9106) behind the port `PasswordHasher`, in threads of its own so that the loop is never held up.

Parameters: 64 MiB, three passes, one lane: the second recommended option of RFC 9106 section 4 with one lane, about
0.1 s here. At most `at_once` hashes run together, so that a flood of sign-ins cannot take all memory.
"""

import asyncio
import secrets

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError


class Argon2Passwords:
    def __init__(self, *, memory_kib: int = 65536, passes: int = 3, at_once: int = 2) -> None:
        self._argon2 = Argon2(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._turn = asyncio.Semaphore(at_once)
        self._nobody = self._argon2.hash(secrets.token_hex(16))

    async def hash(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(self._argon2.hash, password)

    async def verify(self, password_hash: str, password: str) -> bool:
        """An empty hash is that of nobody: it is checked against a random one, at the same cost, and is false."""
        async with self._turn:
            same = await asyncio.to_thread(self._verify, password_hash or self._nobody, password)
        return same and bool(password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        """Made with other figures than today's."""
        return self._argon2.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
