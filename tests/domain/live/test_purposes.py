"""Where the settings ask for it, a live picture is opened from a duty post or for a stated purpose, as recordings are."""

from dataclasses import replace

import pytest
from tests.domain.live.test_desk import LI, Audit, Points, Streams

from fengtai.apps.schema import memory_stores
from fengtai.domain.access.model import AccessPolicy
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.live.service import LiveDesk
from fengtai.domain.points.ports import PointStore
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Invalid

AT_DESK_3 = replace(LI, post="desk 3")


@pytest.fixture
def audit() -> Audit:
    return Audit()


@pytest.fixture
def desk(audit: Audit) -> LiveDesk:
    transactions = MemoryTransactions(HandClock(), memory_stores() | {PointStore: Points(), AuditLog: audit})
    policy = AccessPolicy(live_purpose_asked=True)
    return LiveDesk(transactions=transactions, streams=Streams(audit), policy=policy)


@pytest.mark.parametrize("said", ["", "live-wall", "noise reported", "duty-check", "case:", "case: test"])
async def test_without_a_post_and_a_number_nothing_is_opened(desk: LiveDesk, audit: Audit, said: str) -> None:
    with pytest.raises(Invalid):
        await desk.watch("door", LI, said)
    with pytest.raises(Invalid):
        await desk.snapshot("door", LI, said)
    assert audit.entries == []


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("", "duty-check: desk 3"),
        ("live-wall", "duty-check: desk 3"),
        ("alarm: 20261120-0001", "alarm: 20261120-0001"),
        ("case: A-2026-0815", "case: A-2026-0815"),
    ],
)
async def test_the_post_or_the_number_stands_in_the_audit(desk: LiveDesk, audit: Audit, said: str, kept: str) -> None:
    await desk.watch("door", AT_DESK_3, said)
    assert [entry.purpose for entry in audit.entries] == [kept, kept]
