"""Pictures that a device takes and uploads when it is told to (SnapShotConfig, GB/T 28181-2022 section 9.14).

Order, upload and finished notice come by two ways and in any order: whatever ends it first counts, and it ends by itself.
"""

import asyncio
from collections.abc import Callable, Sequence

from fengtai.domain.devices.model import OrderOutcome, OrderReport
from fengtai.domain.devices.service import DeviceRegistry
from fengtai.gateways.gb28181.orders import OrderDesk
from fengtai.gateways.gb28181.uploads import PictureUploads, Session
from fengtai.protocols.gb28181 import PlatformEndpoint, SnapshotOrder, SnapshotsUploaded
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Unavailable

MOST_PICTURES = 10
LATE_SECONDS = 2.0
"""for uploads that are still under way when the device says that it has finished"""


class PictureDesk:
    def __init__(
        self,
        endpoint: PlatformEndpoint,
        orders: OrderDesk,
        uploads: PictureUploads,
        devices: DeviceRegistry,
        clock: Clock,
        pump: Callable[[], None],
        *,
        wait_seconds: float,
    ) -> None:
        """`wait_seconds`: for the order's answer, an exposure and an upload over a thin line."""
        self._endpoint, self._orders, self._uploads, self._clock = endpoint, orders, uploads, clock
        self._devices = devices
        self._pump, self._wait_seconds = pump, wait_seconds
        self._finished: dict[str, int] = {}
        """by session: how many files the device says it has uploaded"""

    async def take(self, device_id: str, channel_id: str, *, count: int = 1) -> Sequence[bytes]:
        """JPEGs, at least one. Raise Unavailable with one sentence, Conflict when the device cannot do it, TooMany."""
        obstacle = await self._devices.why_not_playable(device_id)
        if obstacle is not None:
            raise Unavailable(f"{obstacle.cause} {obstacle.fix}")
        count, presence = min(max(count, 1), MOST_PICTURES), self._endpoint.asking.present(device_id)
        try:
            session, address = await self._uploads.open(
                device_id,
                presence.peer.host,
                count=count,
                own_address=self._endpoint.own_address_for(device_id),
            )
        except OSError as error:
            raise Unavailable(f"the platform cannot take pictures: its port is not free ({error.strerror})") from error
        try:
            order = SnapshotOrder(
                sn=0, device_id=channel_id, session_id=session.id, upload_url=address, count=count, interval_seconds=1
            )
            sn = self._endpoint.asking.order_snapshot(device_id, order, self._clock.now())
            answer = self._orders.wait_for(device_id, sn)
            self._pump()
            await self._came(session, answer)
            return session.pictures
        finally:
            self._finished.pop(session.id, None)
            await self._uploads.close(session)

    def finished(self, told: SnapshotsUploaded) -> bool:
        """UploadSnapShotFinished. False: nobody waits for it."""
        session = self._uploads.finished(told.device_id, told.session_id)
        if session is not None:
            self._finished[session.id] = len(told.files)
            session.changed.set()
        return session is not None

    async def _came(self, session: Session, answer: "asyncio.Future[OrderReport]") -> None:
        """Return when there is something to show; raise Unavailable when nothing will come."""
        answer.add_done_callback(lambda _: session.changed.set())
        try:
            async with asyncio.timeout(self._wait_seconds + session.count - 1):
                while not session.is_full:
                    if answer.done() and answer.result().outcome in (OrderOutcome.REFUSED, OrderOutcome.SILENT):
                        break
                    if session.id in self._finished:
                        await self._late(session)
                        break
                    session.changed.clear()
                    await session.changed.wait()
        except TimeoutError:
            pass  # what came is shown; if nothing came, the sentence below says so
        if not session.pictures:
            raise Unavailable(self._why_none(session, answer))

    async def _late(self, session: Session) -> None:
        expected = min(self._finished[session.id], session.count)
        try:
            async with asyncio.timeout(LATE_SECONDS):
                while len(session.pictures) < expected:
                    session.changed.clear()
                    await session.changed.wait()
        except TimeoutError:
            return  # they were lost on their way

    def _why_none(self, session: Session, answer: "asyncio.Future[OrderReport]") -> str:
        if answer.done() and answer.result().outcome in (OrderOutcome.REFUSED, OrderOutcome.SILENT):
            return answer.result().detail
        if session.refused:
            return f"The device sent no picture that can be shown: {session.refused}."
        if session.id not in self._finished:
            return f"The device took the order, but no picture came within {self._wait_seconds:g} s."
        if not self._finished[session.id]:
            return "The device says that it could not upload the picture: it may not reach the platform by HTTP."
        return "The device says that it has uploaded the picture, but nothing came to the platform."
