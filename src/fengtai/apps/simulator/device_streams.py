"""The streams of one simulated device: from the platform's INVITE over its ACK to the BYE of either side."""

from collections.abc import Callable

import structlog

from fengtai.apps.simulator.device_turns import Turns
from fengtai.apps.simulator.media_side import Media
from fengtai.protocols.gb28181 import DeviceEndpoint, StreamWanted
from fengtai.vocabulary.clock import Instant

log = structlog.get_logger()

_DISCARD_PORT = 9
"""said by a camera that sends and takes nothing"""


class DeviceStreams:
    """`tell` lets the device's endpoint act."""

    def __init__(
        self,
        device_id: str,
        media: Media,
        turns: Turns,
        tell: Callable[[Callable[[DeviceEndpoint, Instant], object]], None],
        *,
        sends_early: bool,
    ) -> None:
        """`sends_early`: before the platform has heard its yes."""
        self._device_id, self._media, self._turns, self._tell = device_id, media, turns, tell
        self._sends_early = sends_early
        self._by_call: dict[str, StreamWanted] = {}

    def wanted(self, event: StreamWanted) -> None:
        self._by_call[event.call_id] = event
        self._turns.in_turn(event.call_id, self._agree(event))

    def acknowledged(self, call_id: str) -> None:
        if call_id in self._by_call and not self._sends_early:
            self._turns.in_turn(call_id, self._begin(self._by_call[call_id]))

    def ended(self, call_id: str) -> None:
        self._by_call.pop(call_id, None)
        log.info("device.stream_ended", device=self._device_id, call=call_id)
        self._turns.in_turn(call_id, self._media.stop(call_id))

    def key_frame(self, channel_id: str) -> None:
        for call_id, stream in self._by_call.items():
            if stream.channel_id == channel_id:
                self._media.key_frame(call_id)

    async def forget(self) -> None:
        """As a power cut does: nobody is told."""
        for call_id in list(self._by_call):
            await self._media.stop(call_id)
        self._by_call.clear()

    async def _agree(self, wanted: StreamWanted) -> None:
        port = 0
        if wanted.transport == "tcp-listen":
            port = await self._media.listen(wanted.call_id, wanted.channel_id)
        elif self._sends_early:
            await self._begin(wanted)
        self._tell(
            lambda endpoint, now: endpoint.accept(
                wanted.call_id, host=endpoint.identity.host, port=port or _DISCARD_PORT, now=now
            )
        )

    async def _begin(self, wanted: StreamWanted) -> None:
        try:
            await self._media.start(
                wanted.call_id,
                wanted.channel_id,
                wanted.host,
                wanted.port,
                wanted.transport,
                wanted.ssrc,
                wanted.stream_number,
            )
        except OSError as error:
            log.warning("device.media_failed", device=self._device_id, call=wanted.call_id, error=str(error))
            self._by_call.pop(wanted.call_id, None)
            self._tell(lambda endpoint, now: endpoint.end(wanted.call_id, now))
