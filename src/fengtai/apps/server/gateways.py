"""Starts the gateways that were found, and lets the rest of the house reach those that can do something for it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, cast, runtime_checkable

import structlog

from fengtai.apps.settings import FoundGateway, Settings, found_gateways
from fengtai.apps.web_api.charter import check_plugin
from fengtai.apps.web_api.system import SystemBoard
from fengtai.apps.wiring import Workshop
from fengtai.domain.devices.ports import DeviceCommands
from fengtai.domain.live.model import Receiver, Sender
from fengtai.domain.live.ports import Reached, StreamSource
from fengtai.vocabulary.errors import Unavailable

log = structlog.get_logger()


@runtime_checkable
class Running(Protocol):
    """What a gateway's `start` answers."""

    async def stop(self) -> None: ...

    def status(self) -> dict[str, object]: ...


class Gateways:
    """A gateway that cannot start stops the start: a centre that is deaf on one channel must not look well."""

    def __init__(self, settings: Settings, workshop: Workshop, board: SystemBoard) -> None:
        self._settings, self._workshop, self._board = settings, workshop, board
        self.running: dict[str, Running] = {}

    async def start(self) -> None:
        gateways = found_gateways()
        for gateway in gateways:
            check_plugin(gateway.name, gateway.module)
        for gateway in gateways:
            self.running[gateway.name] = await self._started(gateway)
            self._board.part(gateway.name).good(_listens(self._settings.gateways[gateway.name]))
            self._show_figures(gateway.name)
            log.info("gateway.started", gateway=gateway.name)

    async def _started(self, gateway: FoundGateway) -> Running:
        settings = self._settings.gateways[gateway.name]
        start = cast(Callable[..., Any], gateway.module.start)
        try:
            running = await start(**self._workshop.arguments(start, settings=settings))
        except OSError as error:
            raise Unavailable(
                f"{gateway.section}: {_listens(settings)} cannot be listened on: {error.strerror}"
            ) from error
        if not isinstance(running, Running):
            raise TypeError(f"the gateway {gateway.name} answered {running!r}, which has no stop() and status()")
        return running

    def _show_figures(self, name: str) -> None:
        running = self.running[name]
        for figure, value in running.status().items():
            if isinstance(value, int | float) and figure != "port":
                self._board.figure(f"{name}.{figure}", partial(_figure, running, figure))
            elif isinstance(value, Mapping):
                self._board.counters(f"{name}.{figure}", partial(_counters, running, figure))

    def offer(self, workshop: Workshop) -> None:
        """Ports of the domain that a gateway implements, for the routes that need them."""
        for running in self.running.values():
            if isinstance(running, _AsksDevices):
                workshop.provide(DeviceCommands, running)

    async def stop(self) -> None:
        for name, running in reversed(self.running.items()):
            try:
                await running.stop()
            except Exception:
                log.exception("gateway.stop_failed", gateway=name)


class Sources:
    """The one StreamSource that media knows: passes on to the gateway that can make a device send."""

    def __init__(self) -> None:
        self._source: StreamSource | None = None

    def connect(self, gateways: Gateways) -> None:
        for running in gateways.running.values():
            if isinstance(running, _MakesStreams):
                self._source = cast(StreamSource, running)

    async def start(self, device_id: str, channel_id: str, receiver: Receiver, reached: Reached) -> Sender:
        if self._source is None:
            raise Unavailable("the device gateway is still starting; the picture comes by itself in a moment")
        return await self._source.start(device_id, channel_id, receiver, reached)

    async def stop(self, stream_id: str) -> None:
        if self._source is not None:
            await self._source.stop(stream_id)

    async def want_key_frame(self, stream_id: str) -> None:
        if self._source is not None:
            await self._source.want_key_frame(stream_id)

    def is_held(self, port: int, ssrc: int) -> bool:
        return self._source is not None and self._source.is_held(port, ssrc)


@runtime_checkable
class _MakesStreams(Protocol):
    async def start(self, device_id: str, channel_id: str, receiver: Receiver, reached: Reached) -> Sender: ...

    async def want_key_frame(self, stream_id: str) -> None: ...


@runtime_checkable
class _AsksDevices(Protocol):
    async def query_catalogue(self, device_id: str) -> None: ...


def _figure(running: Running, name: str) -> int | float | None:
    value = running.status().get(name)
    return value if isinstance(value, int | float) else None


def _counters(running: Running, name: str) -> Mapping[str, object]:
    value = running.status().get(name)
    return value if isinstance(value, Mapping) else {}


def _listens(settings: object) -> str:
    host, port = getattr(settings, "host", ""), getattr(settings, "port", "")
    return f"{host}:{port}" if port else ""
