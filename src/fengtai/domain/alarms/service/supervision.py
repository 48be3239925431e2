"""Watches that every supervised panel account is heard in time; survives a restart.

When an account was last heard is kept in memory and flushed every few seconds; that its path is lost is a row. Losing
and finding are signals of the platform's own in the journal, so that triage makes an alarm of them like of any other.
After a start nobody is judged before a whole interval and grace have passed: what was missed meanwhile is not known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from fengtai.domain.alarms import rules
from fengtai.domain.alarms.model import Channel, Heard, Qualifier, Signal
from fengtai.domain.alarms.ports import SupervisionStore
from fengtai.domain.premises.model import PanelAccount
from fengtai.vocabulary.clock import Instant, to_ms
from fengtai.vocabulary.transactions import UnitOfWork

FLUSH_SECONDS = 3.0
ACCOUNTS_FRESH_SECONDS = 30.0


@dataclass(slots=True)
class Watch:
    """What supervision remembers between ticks."""

    watched_since: datetime
    rows: dict[str, Heard] = field(default_factory=dict)
    dirty: set[str] = field(default_factory=set)
    fresh: dict[str, datetime] = field(default_factory=dict)
    """signs of life that the rows do not tell yet: one entry of a dictionary is all that a signal costs here"""
    accounts: Sequence[PanelAccount] = ()
    accounts_read_at: float = -1e9
    flushed_at: float = -1e9
    is_loaded: bool = False

    def heard(self, account_id: str, at: datetime) -> None:
        seen = self.fresh.get(account_id)
        if seen is None or at > seen:
            self.fresh[account_id] = at

    def settle(self) -> None:
        """Enter the signs of life into the rows."""
        fresh, self.fresh = self.fresh, {}
        for account_id, at in fresh.items():
            row = self.rows.get(account_id)
            if row is None:
                self.rows[account_id] = Heard(account_id=account_id, last_seen_at=at)
            elif at > row.last_seen_at:
                self.rows[account_id] = replace(row, last_seen_at=at)
            self.dirty.add(account_id)

    def load(self, rows: Sequence[Heard]) -> None:
        """Rows of before the restart; what was heard since is newer."""
        self.settle()
        for row in rows:
            present = self.rows.get(row.account_id)
            newer = max(row.last_seen_at, present.last_seen_at) if present else row.last_seen_at
            self.rows[row.account_id] = replace(row, last_seen_at=newer)
        self.is_loaded = True

    def accounts_are_stale(self, now: Instant) -> bool:
        return now.monotonic - self.accounts_read_at >= ACCOUNTS_FRESH_SECONDS

    def keep_accounts(self, accounts: Sequence[PanelAccount], now: Instant) -> None:
        self.accounts, self.accounts_read_at = accounts, now.monotonic

    def judge(self, now: datetime) -> list[Signal]:
        """Signals to journal for paths that are newly lost or found. `told` must be called when they are durable."""
        self.settle()
        signals = []
        for account in self.accounts:
            row = self.rows.get(account.id)
            if row is None:
                continue
            if row.lost_at is None and rules.is_lost(now, row.last_seen_at, self.watched_since, account):
                signals.append(_path_signal(account, row, Qualifier.NEW))
            elif row.lost_at is not None and row.last_seen_at > row.lost_at:
                signals.append(_path_signal(account, row, Qualifier.RESTORE))
        return signals

    def told(self, signal: Signal, at: datetime) -> None:
        account_id = signal.details["account_id"]
        lost_at = at if signal.qualifier is Qualifier.NEW else None
        self.rows[account_id] = replace(self.rows[account_id], lost_at=lost_at)
        self.dirty.add(account_id)

    def flush_is_due(self, now: Instant) -> bool:
        return bool(self.dirty) and now.monotonic - self.flushed_at >= FLUSH_SECONDS

    def taken_for_flush(self, now: Instant) -> list[Heard]:
        rows = [self.rows[account_id] for account_id in sorted(self.dirty)]
        self.dirty.clear()
        self.flushed_at = now.monotonic
        return rows


def write_rows(uow: UnitOfWork, rows: Sequence[Heard]) -> None:
    uow.store(SupervisionStore).save(rows)


def _path_signal(account: PanelAccount, row: Heard, qualifier: Qualifier) -> Signal:
    silence = timedelta(seconds=account.heartbeat_seconds + account.grace_seconds)
    return Signal(
        channel=Channel.SYSTEM,
        source="platform",
        account=account.number,
        receiver=account.receiver,
        line=account.line,
        code_system="platform",
        code="path-lost",
        qualifier=qualifier,
        text=f"{account.channel} {account.number}: last heard {row.last_seen_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"allowed silence {silence.total_seconds():.0f} s",
        dedup_key=f"path-lost/{account.id}/{to_ms(row.last_seen_at)}" if qualifier is Qualifier.NEW else "",
        details={"account_id": account.id},
    )
