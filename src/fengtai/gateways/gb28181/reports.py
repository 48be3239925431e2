"""What devices tell of themselves, made into use cases: description, catalogue, status, notices.

A device is subscribed to when it has answered a question: then something is known of it (its make, so its dialect), and
one that never answers is not asked for more.
"""

from collections.abc import Callable

from fengtai.domain.devices.service import DeviceRegistry
from fengtai.gateways.gb28181.chores import Chores
from fengtai.gateways.gb28181.manners import TOPICS, Manners
from fengtai.gateways.gb28181.notices import NoticeBoard
from fengtai.gateways.gb28181.pictures import PictureDesk
from fengtai.gateways.gb28181.raw_catalogues import RawCatalogues
from fengtai.gateways.gb28181.reading import changes_of, channel_of, guard_of
from fengtai.gateways.gb28181.remarks import Remarks
from fengtai.protocols.gb28181 import (
    CatalogueArrived,
    CatalogueChanged,
    DeviceDescribed,
    PositionsTold,
    SnapshotsUploaded,
    StatusReported,
    SubscriptionRefused,
)
from fengtai.vocabulary.clock import Clock

CLOCK_ERROR_WORTH_A_WARNING_SECONDS = 30.0
Report = (
    CatalogueArrived
    | CatalogueChanged
    | PositionsTold
    | DeviceDescribed
    | StatusReported
    | SnapshotsUploaded
    | SubscriptionRefused
)


class ReportDesk:
    def __init__(
        self,
        devices: DeviceRegistry,
        manners: Manners,
        notices: NoticeBoard,
        chores: Chores,
        remarks: Remarks,
        clock: Clock,
        *,
        pictures: PictureDesk,
        own_id: str,
        pump: Callable[[], None],
    ) -> None:
        self._devices, self._manners, self._notices = devices, manners, notices
        self._chores, self._remarks, self._clock, self._own_id, self._pump = chores, remarks, clock, own_id, pump
        self._pictures = pictures
        self.raw_catalogues = RawCatalogues()

    def take(self, report: Report) -> None:
        match report:
            case SubscriptionRefused():
                topic = TOPICS[report.topic]
                self._chores.in_order(
                    report.device_id, self._devices.topic_refused(report.device_id, topic, report.cause)
                )
            case CatalogueArrived():
                self.raw_catalogues.keep(report.device_id, report.raw)
                self._chores.in_order(report.device_id, self._catalogue(report))
            case CatalogueChanged():
                self._notices.changed(report.device_id, changes_of(report.device_id, self._own_id, report.changes))
            case PositionsTold():
                self._notices.moved(report.device_id, report.fixes)
            case DeviceDescribed():
                self._chores.in_order(report.device_id, self._described(report))
            case StatusReported():
                self._status(report)
            case SnapshotsUploaded():
                if not self._pictures.finished(report):
                    self._remarks.note("device.pictures_unasked", device=report.device_id)

    async def _catalogue(self, told: CatalogueArrived) -> None:
        if told.note:
            self._remarks.warn("device.catalogue_odd", device=told.device_id, note=told.note)
        channels = [channel_of(told.device_id, item) for item in told.items]
        await self._devices.catalogue_arrived(told.device_id, channels, complete=told.complete, note=told.note)
        await self._answers(told.device_id)

    async def _described(self, told: DeviceDescribed) -> None:
        info = told.info
        await self._devices.described(
            told.device_id,
            name=info.name,
            manufacturer=info.manufacturer,
            model=info.model,
            firmware=info.firmware,
            user_agent=told.user_agent,
        )
        await self._answers(told.device_id)

    async def _answers(self, device_id: str) -> None:
        for device in (await self._devices.known([device_id])).values():
            self._manners.learn(device)
            self._manners.subscribe(device)
        self._pump()

    def _status(self, told: StatusReported) -> None:
        """Whether it is armed, and how wrong its clock is: wrong times make alarms and recordings useless as evidence."""
        on_guard = guard_of(told.status.duties)
        if on_guard is not None:
            self._chores.in_order(told.device_id, self._devices.told_guard(told.device_id, on_guard))
        if told.status.device_time is None:
            return
        error = (told.status.device_time - self._clock.now().utc).total_seconds()
        if abs(error) > CLOCK_ERROR_WORTH_A_WARNING_SECONDS:
            self._remarks.warn("device.clock_wrong", device=told.device_id, seconds=f"{error:.0f}")
        self._chores.in_order(told.device_id, self._devices.told_time(told.device_id, round(error * 1000)))
