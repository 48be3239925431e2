"""Every fault of the simulator in what devices say: the platform understands it all the same, or says what is wrong."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from fengtai.apps.simulator.signalling_faults import SIGNALLING_FAULTS
from fengtai.domain.devices.model import Order, OrderOutcome, Topic
from fengtai.domain.live.model import Receiver, Transport
from fengtai.gateways.gb28181.running import Running
from fengtai.protocols.gb28181 import Bounds

from .conftest import CAMERA, CAMERAS, DEVICE, ENGINEER, House, TracedMedia, Visit
from .test_devices_on_sockets import until


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the platform makes of a device with this fault."""

    note: str = ""
    """part of what is told about its catalogue"""
    subscription: str = "active"
    order: OrderOutcome = OrderOutcome.DONE


EXPECTED = {
    "utf8-as-gb": Expected(),
    "gb-as-utf8": Expected(),
    "length-in-letters": Expected(),
    "endless-catalogue": Expected(note="goes on after 300 items"),
    "sum-too-high": Expected(note="announced 9 items and sent 6"),
    "sum-too-low": Expected(),
    "refuses-subscribe": Expected(subscription="refused"),
    "short-subscriptions": Expected(),
    "long-subscriptions": Expected(),
    "refuses-orders": Expected(order=OrderOutcome.REFUSED),
    "keeps-results-back": Expected(order=OrderOutcome.UNCONFIRMED),
    "old-key-frame": Expected(),
    "uploads-text": Expected(),
    "uploads-nothing": Expected(),
    "plain-offers": Expected(),
    "senior-offers": Expected(),
    "wrong-codec-in-answer": Expected(),
    "no-to-tag": Expected(),
    "early-media": Expected(),
    "deaf-to-bye": Expected(),
    "invites-again": Expected(),
    "moves": Expected(),
}


IMPATIENT = Bounds(next_part_seconds=0.1, again_seconds=0.1, tick_seconds=0.05, order_result_seconds=0.2)
"""the same rules, in less time"""


@pytest.fixture
async def gateway(house: House) -> AsyncIterator[Running]:
    running = await house.open(bounds=IMPATIENT, most_catalogue_items=300)
    yield running
    await running.stop()


def test_every_fault_has_its_row() -> None:
    assert set(EXPECTED) == set(SIGNALLING_FAULTS)


@pytest.mark.parametrize("name", list(SIGNALLING_FAULTS))
async def test_it_is_understood_or_told(
    name: str, house: House, gateway: Running, visit: Visit, media: TracedMedia
) -> None:
    fault, expected = SIGNALLING_FAULTS[name], EXPECTED[name]
    device = await visit(
        gateway.port, faults=fault.faults, edition=fault.edition, manufacturer=fault.manufacturer, items_a_part=2
    )
    await device.registered()
    if fault.moves_after_seconds:
        device.move()

    async with asyncio.timeout(10):
        while True:
            known = (await house.devices.known([DEVICE])).get(DEVICE)
            if known is not None and known.catalogue_at is not None:
                found = await house.devices.get(DEVICE, by=ENGINEER)
                names = {channel.id: channel.name for channel in found.channels}
                told = expected.note in found.device.catalogue_note
                if told and all(names.get(camera.id) == camera.name for camera in CAMERAS):
                    break
            await asyncio.sleep(0.005)

    def states() -> set[str]:
        return {one.state for one in gateway.subscriptions(DEVICE) if one.topic is Topic.ALARM}

    await until(lambda: states() == {expected.subscription})
    assert (await gateway.carry_out(DEVICE, DEVICE, Order.GUARD)).outcome is expected.order
    assert await device.raise_alarm(CAMERA, 5, 6, 1, "越界")
    assert house.alarms.signals[-1].text == "越界"

    receiver = Receiver(stream_id="s", host="127.0.0.1", port=30_000, ssrc=200_001_234, transport=Transport.UDP)
    await gateway.streams.start(DEVICE, CAMERA, receiver, lambda *_: None)
    await until(lambda: media.started)
    await gateway.streams.want_key_frame("s")
    await until(lambda: media.key_frames == 1)
    await gateway.streams.stop("s")
    await until(lambda: gateway.status()["streams"] == 0)
