"""Platform and device talk in memory: carries datagrams between the two, loses or repeats them, and lets time pass."""

from collections.abc import Callable
from typing import TypeVar

from fengtai.protocols.gb28181 import (
    AlarmArrived,
    CatalogItem,
    DeviceEndpoint,
    DeviceEvent,
    DeviceIdentity,
    Peer,
    PlatformEndpoint,
    PlatformEvent,
    PlatformIdentity,
    PlayAnswered,
    RegistrationAsked,
    StreamWanted,
)
from fengtai.vocabulary.clock import HandClock

DEVICE = "34020000001180000005"
PLATFORM = PlatformIdentity(id="34020000002000000001", domain="3402000000", host="10.0.0.1", port=5060)
CAMERAS = tuple(CatalogItem(id=f"340200000013200000{n:02d}", name=f"门 {n}") for n in range(1, 11))
CAMERA = CAMERAS[0].id
HERE, THERE = Peer("udp", "10.0.0.1", 5060), Peer("udp", "10.0.0.9", 5060)
One = TypeVar("One")


class Tokens:
    def __init__(self, name: str) -> None:
        self.name, self.last = name, 0

    def __call__(self) -> str:
        self.last += 1
        return f"{self.name}{self.last}"


class Talk:
    """Carries datagrams between the two; `lose` says which are lost, `twice` repeats each."""

    def __init__(self, *, password: str = "secret", **changes: object) -> None:
        self.clock = HandClock()
        self.platform = self.new_platform()
        told = {"password": "secret", "channels": CAMERAS, **changes}
        identity = DeviceIdentity(
            id=DEVICE,
            server_id=PLATFORM.id,
            domain=PLATFORM.domain,
            server=HERE,
            host="10.0.0.9",
            port=5060,
            **told,  # type: ignore[arg-type]
        )
        self.device = DeviceEndpoint(identity, token=Tokens("d"))
        self.password = password
        self.there = THERE
        self.lose: Callable[[bytes], bool] = lambda _data: False
        self.twice = False
        self.keeps = True
        """answered calls are kept at once, and acknowledged"""
        self.platform_events: list[PlatformEvent] = []
        self.device_events: list[DeviceEvent] = []

    def new_platform(self) -> PlatformEndpoint:
        return PlatformEndpoint(PLATFORM, nonce_secret=b"n" * 32, token=Tokens("p"))

    def roundtrip(self) -> None:
        """Until nobody has anything to say."""
        for _ in range(200):
            up, down = self.device.datagrams_to_send(), self.platform.datagrams_to_send()
            for data, _ in up:
                self._carry(data, lambda one: self.platform.receive_datagram(one, self.there, self.clock.now()))
            for data, _ in down:
                self._carry(data, lambda one: self.device.receive_datagram(one, HERE, self.clock.now()))
            self.heed()
            if not up and not down:
                return
        raise AssertionError("they never stop talking")

    def registered(self) -> "Talk":
        self.device.start(self.clock.now())
        self.roundtrip()
        assert self.platform.is_present(DEVICE)
        return self

    def wait(self, seconds: float) -> None:
        """Let time pass, deadline by deadline."""
        until = self.clock.now().monotonic + seconds
        while True:
            due = [one for one in (self.platform.next_deadline(), self.device.next_deadline()) if one is not None]
            if not due or min(due) > until:
                break
            self.clock.advance(max(0.0, min(due) - self.clock.now().monotonic))
            self.platform.handle_deadline(self.clock.now())
            self.device.handle_deadline(self.clock.now())
            self.roundtrip()
        self.clock.advance(max(0.0, until - self.clock.now().monotonic))

    def play(self, *, tcp: bool = False) -> str:
        call_id = self.platform.play(
            DEVICE, CAMERA, host="10.0.0.3", port=30012, ssrc=200001234, tcp=tcp, now=self.clock.now()
        )
        self.roundtrip()
        return call_id

    def told(self, kind: type[One]) -> list[One]:
        return [one for one in [*self.platform_events, *self.device_events] if isinstance(one, kind)]

    def _carry(self, data: bytes, deliver: Callable[[bytes], None]) -> None:
        if not self.lose(data):
            for _ in range(2 if self.twice else 1):
                deliver(data)

    def heed(self) -> None:
        for event in self.platform.events():
            self.platform_events.append(event)
            if isinstance(event, RegistrationAsked):
                if event.credentials.matches(self.password, "REGISTER"):
                    self.platform.admit(event.ticket, self.clock.now())
                else:
                    self.platform.refuse(event.ticket, 403, self.clock.now())
            elif isinstance(event, PlayAnswered) and self.keeps:
                self.platform.acknowledge(event.call_id, self.clock.now())
            elif isinstance(event, AlarmArrived):
                self.platform.acknowledge_alarm(event.ticket, self.clock.now())
        for wanted in self.device.events():
            self.device_events.append(wanted)
            if isinstance(wanted, StreamWanted):
                self.device.accept(wanted.call_id, host="10.0.0.9", port=40000, now=self.clock.now())
