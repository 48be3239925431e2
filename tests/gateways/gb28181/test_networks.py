"""A platform in several networks: each device is told the address that its network reaches."""

import pytest

from fengtai.domain.live.model import Receiver, Transport
from fengtai.gateways.gb28181.plugin import Settings

from .conftest import CAMERA, DEVICE, House, TracedMedia, Visit
from .test_devices_on_sockets import until


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_device_of_another_network_is_told_our_address_there(
    house: House, visit: Visit, media: TracedMedia, transport: str
) -> None:
    """As where the platform stands in several networks, or behind a NAT for one of them."""
    gateway = await house.open(networks=["10.20.0.0/16=10.20.0.5", "127.0.0.0/8=127.0.0.9"])
    try:
        device = await visit(gateway.port, transport=transport)
        await device.registered()
        receiver = Receiver(stream_id="s", host="192.0.2.1", port=30_000, ssrc=200_001_234, transport=Transport.UDP)
        sender = await gateway.streams.start(DEVICE, CAMERA, receiver, lambda *_: None)
        await until(lambda: media.started)
        assert media.started[0][1:3] == ("127.0.0.9", 30_000)
        assert sender.told_host == "127.0.0.9"
        sent = [message.text for message in gateway.trace(DEVICE) if message.text.startswith("INVITE ")]
        assert sent
        assert all(f"Contact: <sip:34020000002000000001@127.0.0.9:{gateway.port}>" in one for one in sent)
    finally:
        await gateway.stop()


@pytest.mark.parametrize("text", ["10.20.0.0/16", "10.20.0.5=", "10.20.0.0/99=10.0.0.1", "10.0.0.0/8=0.0.0.0", "x=y"])
def test_a_network_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as 10\.20\.0\.0/16=10\.20\.0\.5"):
        Settings.model_validate({"networks": [text]})
