"""What the platform asks of devices besides calls: queries, orders, subscriptions, each in the device's own dialect.

Owns: requests to devices, the catalogues under way, which answer belongs to which question. Must not know: who may ask.
Clauses: GB/T 28181-2022 sections 9.3 (control), 9.5 (catalogue, device information), 9.11 (subscription).
"""

from collections.abc import Callable
from dataclasses import replace

from fengtai.protocols.gb28181 import quirks
from fengtai.protocols.gb28181.bounds import Bounds
from fengtai.protocols.gb28181.catalogue import Collection, Collections
from fengtai.protocols.gb28181.events import CatalogueArrived, PeerRefused, PlatformEvent
from fengtai.protocols.gb28181.identity import PlatformIdentity
from fengtai.protocols.gb28181.messages import CatalogPage, Control, Query, SnapshotOrder, Spoken
from fengtai.protocols.gb28181.orders import Orders
from fengtai.protocols.gb28181.presence import Presence, PresenceBook
from fengtai.protocols.gb28181.profiles import EDITION_2016, EDITION_2022, Dialects
from fengtai.protocols.gb28181.subscriptions import Subscriptions
from fengtai.protocols.gb28181.writing import guard, key_frame, reset_alarm, write_message
from fengtai.protocols.sip import Header, Request, Response, SipEndpoint
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.errors import Conflict, TooMany, Unavailable

MOST_KEY_FRAMES = 1_000
MOST_PROBES = 100
FASTEST_POSITION_SECONDS = 30
"""Interval of a MobilePosition subscription; some devices take nothing faster (wvp #1981)"""


class Asking:
    def __init__(
        self,
        identity: PlatformIdentity,
        sip: SipEndpoint,
        book: PresenceBook,
        token: Callable[[], str],
        bounds: Bounds,
    ) -> None:
        self._identity, self._sip, self._book, self._token = identity, sip, book, token
        self.dialects = Dialects()
        self.orders = Orders(bounds)
        self.subscriptions = Subscriptions(
            sip,
            self._spoken_to,
            self.request,
            self._topic_body,
            identity.contact_towards,
            seconds=identity.subscription_seconds,
        )
        self._collections = Collections(identity.most_catalogue_items, bounds)
        self._key_frames: dict[str, tuple[str, str]] = {}
        self._probes: dict[str, str] = {}
        self._events: list[PlatformEvent] = []
        self._sn = 0

    def events(self) -> list[PlatformEvent]:
        events = [*self._events, *self.orders.events(), *self.subscriptions.events()]
        self._events = []
        return events

    # -- questions and orders ------------------------------------------------------------------------------------

    def query_catalogue(self, device_id: str, now: Instant) -> None:
        """Raise Unavailable when the device is offline. `CatalogueArrived` follows."""
        presence = self.present(device_id)
        sn = self._next_sn()
        gap = self.dialects.of(device_id).profile.page_gap_seconds
        self._collections.start(device_id, sn, now.monotonic, gap_seconds=gap)
        self._query(presence, "Catalog", sn, now)

    def query(self, device_id: str, command: str, now: Instant) -> None:
        """Ask for "DeviceInfo" or "DeviceStatus". Raise Unavailable when the device is offline."""
        self._query(self.present(device_id), command, self._next_sn(), now)

    def set_guard(self, device_id: str, target_id: str, now: Instant, *, on: bool) -> int:
        """Arm or disarm the device or an alarm input of it. Answers the order's SN; `OrderEnded` follows. Raise
        Unavailable when the device is offline, TooMany when too many orders wait."""
        return self._order(device_id, guard(self._next_sn(), target_id, on=on), now)

    def reset_alarm(self, device_id: str, target_id: str, now: Instant) -> int:
        """Let a latched device alarm go (method 2). As `set_guard`."""
        return self._order(device_id, reset_alarm(self._next_sn(), target_id), now)

    def order_snapshot(self, device_id: str, order: SnapshotOrder, now: Instant) -> int:
        """Have pictures uploaded (2022). As `set_guard`; Conflict when the device cannot do it."""
        presence, dialect = self.present(device_id), self.dialects.of(device_id)
        if dialect.edition_of(presence.edition) != EDITION_2022:
            raise Conflict("the device speaks an edition before 2022: it does not know snapshots")
        if "DeviceConfig" in dialect.profile.never:
            raise Conflict(f"DeviceConfig is never sent to {dialect.profile.name}: it restarts the device")
        target = device_id if dialect.profile.config_to_device else order.device_id
        return self._order(device_id, replace(order, sn=self._next_sn(), device_id=target), now)

    def want_key_frame(self, device_id: str, channel_id: str, now: Instant) -> None:
        """In the spelling that this device knows; when it refuses the order, once in the other."""
        presence = self._spoken_to(device_id)
        if presence is None:
            return
        spelling = self.dialects.key_frame_spelling(device_id, presence.edition)
        branch = self._send(presence, key_frame(self._next_sn(), channel_id, spelling=spelling), now)
        if branch and len(self._key_frames) < MOST_KEY_FRAMES:
            self._key_frames[branch] = device_id, channel_id

    def subscribe(self, device_id: str, topics: frozenset[str], now: Instant, *, again: bool = False) -> None:
        """Be told of these topics, and of no others. Nothing happens while the device is absent. A device of 2011 knows
        alarms only (section 9.11 came with 2016)."""
        presence = self._spoken_to(device_id)
        if presence is not None:
            known = topics if presence.edition >= EDITION_2016 else topics & {"Alarm"}
            self.subscriptions.want(device_id, known, now, again=again)

    def probe(self, device_id: str, now: Instant) -> bool:
        """Ask a device that has fallen silent how it is, before it is called offline: its keepalives may be lost alone.
        False: it was asked already, or too many are being asked (then it is the network, not the keepalives)."""
        presence = self._book.get(device_id)
        if presence is None or len(self._probes) >= MOST_PROBES or device_id in self._probes.values():
            return False
        query = Query(command="DeviceStatus", sn=self._next_sn(), device_id=device_id)
        branch = self._send(presence, query, now, target_id=device_id)
        if branch:
            self._probes[branch] = device_id
        return bool(branch)

    # -- what comes in -------------------------------------------------------------------------------------------

    def take_response(self, branch: str, response: Response, now: Instant) -> bool:
        """True when it answered something that was asked here."""
        probed = self._probes.pop(branch, "") if response.status >= 200 else ""
        presence = self._book.get(probed) if probed else None
        if presence is not None:
            presence.heard_at, presence.waited_for_until = now.monotonic, 0.0
        if probed or self.subscriptions.take_response(branch, response, now):
            return True
        if self.orders.take_response(branch, response, now.monotonic):
            return True
        asked = self._key_frames.pop(branch, None) if response.status >= 200 else None
        if asked is not None and response.status >= 400 and asked[0] not in self.dialects.second_spelling:
            self.dialects.second_spelling.add(asked[0])
            self.want_key_frame(*asked, now)
        return asked is not None

    def take_timeout(self, branch: str, now: Instant) -> bool:
        forgotten = self._key_frames.pop(branch, None) or self._probes.pop(branch, None)
        return bool(forgotten) or self.subscriptions.take_timeout(branch, now) or self.orders.take_timeout(branch)

    def take_page(self, device_id: str, page: CatalogPage, now: Instant, *, raw: bytes = b"") -> None:
        whole = self._collections.add(device_id, page, now.monotonic, raw=raw)
        if whole is not None:
            self._tell_catalogue(whole)

    def device_gone(self, device_id: str) -> None:
        self._collections.drop(device_id)
        for branch in [branch for branch, probed in self._probes.items() if probed == device_id]:
            del self._probes[branch]
        self.subscriptions.device_gone(device_id)
        self.orders.device_gone(device_id)

    # -- time ----------------------------------------------------------------------------------------------------

    def is_collecting(self) -> bool:
        return len(self._collections) > 0

    def is_collecting_of(self, device_id: str) -> bool:
        return device_id in self._collections

    def next_deadline(self) -> float | None:
        deadlines = (self.subscriptions.next_deadline(), self.orders.next_deadline())
        return min((one for one in deadlines if one is not None), default=None)

    def pass_time(self, now: Instant) -> None:
        self.subscriptions.pass_time(now)
        self.orders.pass_time(now.monotonic)
        for late in self._collections.overdue(now.monotonic):
            self._catalogue_late(late, now)

    def _catalogue_late(self, late: Collection, now: Instant) -> None:
        presence = self._book.get(late.device_id)
        if late.tries_left > 0 and presence is not None and not late.complete:
            sn = self._next_sn()
            self._collections.start(late.device_id, sn, now.monotonic, again=late)
            self._query(presence, "Catalog", sn, now)
        elif late.total >= 0:
            self._tell_catalogue(late)

    def _tell_catalogue(self, collection: Collection) -> None:
        own = (collection.device_id, self._identity.id)
        self._events.append(
            CatalogueArrived(
                device_id=collection.device_id,
                items=tuple(item for item in collection.items.values() if item.is_device and item.id not in own),
                complete=collection.complete,
                expected=collection.total,
                note=collection.note,
                raw=tuple(collection.raw),
            )
        )

    # -- sending -------------------------------------------------------------------------------------------------

    def present(self, device_id: str) -> Presence:
        presence = self._book.get(device_id)
        if presence is None:
            raise Unavailable(f"{quirks.OFFLINE[0]}. {quirks.OFFLINE[1]}")
        return presence

    def tell(self, presence: Presence, message: Spoken, now: Instant) -> None:
        """Something that wants no answer but the 200."""
        self._send(presence, message, now, target_id=presence.device_id)

    def request(self, method: str, presence: Presence, target_id: str, headers: list[Header], body: bytes) -> Request:
        own = self._identity
        place = f"{presence.peer.host}:{presence.peer.port}"
        return Request(
            method,
            f"sip:{target_id}@{place}",
            [
                ("from", f"<sip:{own.id}@{own.domain}>;tag={self._token()}"),
                ("to", f"<sip:{target_id}@{own.domain}>"),
                ("call-id", f"{self._token()}@{own.host}"),
                ("cseq", f"1 {method}"),
                ("max-forwards", "70"),
                *headers,
            ],
            body,
        )

    def _order(self, device_id: str, message: Control | SnapshotOrder, now: Instant) -> int:
        presence = self.present(device_id)
        if self.orders.full:
            raise TooMany("too many orders to devices wait for an answer")
        branch = self._send(presence, message, now)
        if not branch:
            raise TooMany("too many requests wait for an answer")
        self.orders.sent(device_id, message.sn, branch, now.monotonic)
        return message.sn

    def _query(self, presence: Presence, command: str, sn: int, now: Instant) -> None:
        self.tell(presence, Query(command=command, sn=sn, device_id=presence.device_id), now)

    def _send(self, presence: Presence, message: Spoken, now: Instant, *, target_id: str = "") -> str:
        """The branch of the request; empty when too many wait already."""
        body = self._written(presence, message)
        headers: list[Header] = [("content-type", "Application/MANSCDP+xml")]
        request = self.request("MESSAGE", presence, target_id or message.device_id, headers, body)
        try:
            return self._sip.request(request, presence.peer, now.monotonic)
        except TooMany as error:
            self._events.append(PeerRefused(peer=presence.peer, device_id=presence.device_id, cause=str(error)))
            return ""

    def _written(self, presence: Presence, message: Spoken) -> bytes:
        dialect = self.dialects.of(presence.device_id)
        return write_message(message, edition=dialect.edition_of(presence.edition), charset=dialect.written_charset)

    def _spoken_to(self, device_id: str) -> Presence | None:
        """The presence, with the edition in which the device is spoken to."""
        presence = self._book.get(device_id)
        dialect = self.dialects.of(device_id)
        if presence is None or not dialect.edition:
            return presence
        return replace(presence, edition=dialect.edition)

    def _topic_body(self, presence: Presence, topic: str) -> bytes:
        details = {"Interval": str(FASTEST_POSITION_SECONDS)} if topic == "MobilePosition" else {}
        if topic == "Alarm":
            details = {"StartAlarmPriority": "0", "EndAlarmPriority": "0", "AlarmMethod": "0"}
        query = Query(command=topic, sn=self._next_sn(), device_id=presence.device_id, details=details)
        return self._written(presence, query)

    def _next_sn(self) -> int:
        self._sn = self._sn % 999_999 + 1
        return self._sn
