"""Whether the server's own role could change what was written down: looked at on the start and every ten minutes.

On PostgreSQL a role that owns the audit log, or may update it, is told in the log and on the system page with what to do;
on SQLite there are no roles (docs/design/audit-log.md).
"""

import asyncio

import structlog

from fengtai.storage.postgres.roles import powers
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Unavailable

log = structlog.get_logger()

ROUND_SECONDS = 600.0
MOST_NAMED = 3
FIX = "run fengtai db roles as the owner and give the server that role"


class LogRights:
    def __init__(self, url: str, clock: Clock) -> None:
        self._url, self._clock = url, clock
        self._looked_at = float("-inf")
        self.fault = ""
        """a sentence for people; empty when the role can only add"""

    async def tick(self) -> None:
        now = self._clock.now().monotonic
        if self._url.startswith("sqlite") or now - self._looked_at < ROUND_SECONDS:
            return
        self._looked_at = now
        try:
            found = await asyncio.to_thread(powers, self._url)
        except Unavailable as error:
            log.warning("audit.role_not_looked_at", error=str(error))
            return
        if found and not self.fault:
            log.warning("audit.role_is_too_mighty", could=list(found), fix="fengtai db roles")
        named = ", ".join(found[:MOST_NAMED]) + (" …" if len(found) > MOST_NAMED else "")
        self.fault = f"the server's database role could change the audit log ({named}): {FIX}" if found else ""
