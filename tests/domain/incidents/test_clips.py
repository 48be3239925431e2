"""Clips that attach themselves: planned, cut when due, tried again, given up with the reason; and how they are seen."""

from datetime import timedelta

import pytest
from tests.domain.incidents.conftest import LI

from fengtai.domain.audit.model import Outcome
from fengtai.domain.incidents.model import ClipState
from fengtai.domain.incidents.ports import ClipStore
from fengtai.vocabulary.errors import Conflict, Unavailable


async def raised_and_planned(centre, **alarm):
    raised = await centre.alarm(**alarm)
    centre.events_told()
    return raised


def clips_of(centre, alarm):
    return centre.transactions.look(lambda uow: uow.store(ClipStore).of_alarm(alarm.id))


async def test_a_clip_goes_from_ten_seconds_before_to_thirty_after_the_alarm(centre):
    raised = await raised_and_planned(centre)
    (clip,) = clips_of(centre, raised)
    assert (clip.point_id, clip.state, clip.incident_id) == (centre.gate.id, ClipState.WAITING, "")
    assert clip.from_at == raised.raised_at - timedelta(seconds=10)
    assert clip.until_at == raised.raised_at + timedelta(seconds=30)

    centre.clock.advance(33)
    await centre.incidents.tick()
    assert centre.tapes.asked == []

    centre.clock.advance(1)
    await centre.incidents.tick()
    (clip,) = clips_of(centre, raised)
    assert (clip.state, clip.seconds, clip.sha256) == (ClipState.READY, 40.0, "5a" * 32)
    await centre.incidents.tick()
    assert len(centre.tapes.asked) == 1


async def test_at_most_two_cameras_get_a_clip(centre):
    raised = await raised_and_planned(centre, zone="2")
    assert len(raised.point_ids) >= 2
    assert {clip.point_id for clip in clips_of(centre, raised)} == {centre.gate.id, centre.yard.id}


async def test_one_clip_is_cut_per_tick(centre):
    await raised_and_planned(centre, zone="2")
    centre.clock.advance(40)
    await centre.incidents.tick()
    assert len(centre.tapes.asked) == 1
    await centre.incidents.tick()
    assert len(centre.tapes.asked) == 2


async def test_a_clip_joins_the_incident_when_the_alarm_is_taken(centre):
    raised = await raised_and_planned(centre)
    taken = await centre.incidents.open_from_alarm(raised.id, by=LI)
    assert [clip.alarm_id for clip in taken.clips] == [raised.id]


async def test_an_alarm_taken_before_its_clip_was_planned_gets_it_all_the_same(centre):
    raised = await centre.alarm()
    taken = await centre.incidents.open_from_alarm(raised.id, by=LI)
    assert taken.clips == []
    centre.events_told()
    assert [clip.alarm_id for clip in (await centre.incidents.get(taken.incident.id, by=LI)).clips] == [raised.id]


async def test_a_clip_is_tried_five_times_and_then_fails_with_the_reason(centre):
    raised = await raised_and_planned(centre)
    centre.tapes.down = "media worker 1 does not answer"
    centre.clock.advance(34)
    await centre.incidents.tick()
    (clip,) = clips_of(centre, raised)
    assert (clip.state, clip.attempts, clip.reason) == (ClipState.WAITING, 1, "media worker 1 does not answer")

    await centre.incidents.tick()
    assert len(centre.tapes.asked) == 1, "not before its time"

    for _ in range(4):
        centre.clock.advance(120)
        await centre.incidents.tick()
    (clip,) = clips_of(centre, raised)
    assert (clip.state, clip.attempts, clip.reason) == (ClipState.FAILED, 5, "media worker 1 does not answer")
    assert centre.transactions.told("incidents.clip_changed")[-1].payload["state"] == "failed"

    centre.clock.advance(600)
    await centre.incidents.tick()
    assert len(centre.tapes.asked) == 5


async def test_a_clip_that_failed_once_is_made_when_recordings_answer_again(centre):
    raised = await raised_and_planned(centre)
    centre.tapes.down = "media worker 1 does not answer"
    centre.clock.advance(34)
    await centre.incidents.tick()
    centre.tapes.down = ""
    centre.clock.advance(4)
    await centre.another_desk().tick()
    (clip,) = clips_of(centre, raised)
    assert (clip.state, clip.attempts, clip.reason) == (ClipState.READY, 2, "")


async def test_what_time_will_not_mend_fails_at_once(centre):
    raised = await raised_and_planned(centre)
    centre.tapes.unknown = True
    centre.clock.advance(34)
    await centre.incidents.tick()
    (clip,) = clips_of(centre, raised)
    assert (clip.state, clip.reason) == (ClipState.FAILED, "the point is not recorded")


async def test_a_try_that_is_broken_off_counts_and_the_clip_is_given_up_in_the_end(centre):
    """A crash, or a fault of our own, while cutting: the row was pushed back before, so it never blocks the others."""

    class Breaks:
        async def make_clip(self, *asked):
            raise ZeroDivisionError

        def local_file(self, object_key):
            return ""

    raised = await raised_and_planned(centre)
    steady, centre.tapes.make_clip = centre.tapes.make_clip, Breaks().make_clip
    for _ in range(5):
        centre.clock.advance(120)
        with pytest.raises(ZeroDivisionError):
            await centre.another_desk().tick()
    centre.tapes.make_clip = steady
    centre.clock.advance(120)
    await centre.another_desk().tick()
    (clip,) = clips_of(centre, raised)
    assert (clip.state, clip.reason) == (ClipState.FAILED, "cutting it was interrupted 5 times")


async def ready_clip(centre):
    raised = await raised_and_planned(centre)
    taken = await centre.incidents.open_from_alarm(raised.id, by=LI)
    centre.clock.advance(34)
    await centre.incidents.tick()
    return taken.incident, clips_of(centre, raised)[0]


async def played(centre, clip, reference=""):
    """Say what for, then read."""
    view = await centre.incidents.view_clip(clip.id, "alarm", reference, by=LI)
    return await centre.incidents.play_clip(clip.id, view.word, by=LI)


async def test_seeing_a_clip_is_audited_before_and_after_under_the_incidents_number(centre):
    incident, clip = await ready_clip(centre)
    playback = await played(centre, clip, incident.number)
    (intent,) = centre.audited("clip.play")
    assert (intent.outcome, intent.purpose) == (Outcome.INTENT, f"alarm: {incident.number}")

    read = b"".join([piece async for piece in playback.read(0, playback.size_bytes - 1)])
    assert read == centre.tapes.files[clip.id]
    await playback.finish(sent_bytes=len(read))
    _, result = centre.audited("clip.play")
    assert (result.outcome, result.act, result.purpose) == (Outcome.DONE, intent.act, intent.purpose)
    assert result.details["sent_bytes"] == clip.size_bytes


async def test_a_clip_that_cannot_be_read_says_so_and_is_audited_as_failed(centre):
    _, clip = await ready_clip(centre)
    centre.tapes.files.clear()
    with pytest.raises(Unavailable, match="gone"):
        await played(centre, clip)
    assert [entry.outcome for entry in centre.audited("clip.play")] == [Outcome.INTENT, Outcome.FAILED]


async def test_a_clip_that_was_changed_in_length_is_not_shown(centre):
    _, clip = await ready_clip(centre)
    centre.tapes.files[clip.id] += b"more"
    with pytest.raises(Unavailable, match="bytes"):
        await played(centre, clip)


async def test_a_clip_is_not_seen_before_it_is_ready_or_without_an_incident(centre):
    raised = await raised_and_planned(centre)
    (clip,) = clips_of(centre, raised)
    with pytest.raises(Conflict, match="take the alarm first"):
        await played(centre, clip)
    await centre.incidents.open_from_alarm(raised.id, by=LI)
    with pytest.raises(Conflict, match="waiting"):
        await played(centre, clip)
    assert centre.audited("clip.play") == []
