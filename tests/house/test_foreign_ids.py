"""Ids of another organisation answer like ids that are not there: every route with an id in its address, from the
router's own list, asked by somebody who has every working role in one district of the city, and in no other."""

import inspect
import re
import typing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from tests.domain.acting import acting_in

from fengtai.apps.schema import memory_stores
from fengtai.apps.server.point_places import RegisteredPlaces
from fengtai.apps.server.pushing import EventKinds
from fengtai.apps.web_api.discovery import discovered_routers
from fengtai.apps.web_api.gate import marker_of
from fengtai.apps.web_api.problems import add_problem_answers
from fengtai.apps.wiring import Workshop, found_services
from fengtai.domain.access.model import (
    WITHOUT_PLACE,
    Actor,
    ApiToken,
    Approval,
    ApprovedAct,
    Grant,
    GrantTerms,
    OrganisationTree,
    Permission,
    Person,
    Place,
    Role,
    Session,
)
from fengtai.domain.access.ports import (
    ApprovalStore,
    GrantStore,
    PasswordHasher,
    PersonStore,
    PointPlaces,
    SessionStore,
    TokenStore,
    Vault,
)
from fengtai.domain.alarms.model import Alarm, AlarmState, CallWords, Channel, OnTest, TelephoneCall
from fengtai.domain.alarms.ports import AlarmStore, CallStore, OnTestStore, SignalJournal
from fengtai.domain.devices.model import Device, Enrolment
from fengtai.domain.devices.ports import DeviceCommands, DeviceStore
from fengtai.domain.duty.model import Unit, UnitState
from fengtai.domain.duty.ports import UnitStore
from fengtai.domain.incidents.model import (
    Clip,
    ClipState,
    Dispatch,
    DispatchState,
    HandOver,
    HandOverState,
    Incident,
    IncidentState,
    Step,
)
from fengtai.domain.incidents.ports import ClipStore, DispatchStore, HandOverStore, IncidentStore
from fengtai.domain.organisations.model import Level, Organisation
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.domain.points.model import Point
from fengtai.domain.points.model.dossier import Document, DocumentKind
from fengtai.domain.points.ports import Documents, PointStore
from fengtai.domain.premises.model import PanelAccount, Premises
from fengtai.domain.premises.ports import PanelAccountStore, PremisesStore
from fengtai.domain.webhooks.model import Webhook
from fengtai.domain.webhooks.ports import KnownKinds, WebhookStore
from fengtai.storage.memory.signals import MemorySignals
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.passwords import Argon2Passwords
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.clock import Clock, HandClock
from fengtai.vocabulary.errors import Unavailable
from fengtai.vocabulary.events import EventReader
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ORGANISATIONS = [
    Organisation(id="city", name="市局", level=Level.CITY, area_code="3101"),
    Organisation(id="east", name="东区", level=Level.DISTRICT, parent_id="city", area_code="310115"),
    Organisation(id="west", name="西区", level=Level.DISTRICT, parent_id="city", area_code="310104"),
]
WORKING = (Role.OPERATOR, Role.DISPATCHER, Role.ENGINEER, Role.CHIEF, Role.EVIDENCE_OFFICER, Role.ADMINISTRATOR)
CODES = {"west": "34020000001110000001", "east": "34020000001110000002"}
WITHOUT_A_PLACE = {
    *("passkey_id", "provider_id", "seq"),
    *("import_id", "upload_id", "code", "layout_id"),
}
"""parameters of what belongs to a person or to the whole city: other tests hold them"""
WHEN = "2026-11-20T12:00:00Z"
QUERIES = {
    "/api/recordings/{point_id}/hours": {"from": "2026-11-20T11:00:00Z", "until": WHEN},
    "/api/recordings/{point_id}/still.jpg": {"at": WHEN, "purpose": "case", "reference": "A-2026-0815"},
    "/api/clips/{clip_id}": {"view": "x"},
    "/api/incidents/{incident_id}/joining": {"alarm": "raised-east"},
    "/api/people/{user_id}/why": {"permission": "live.see"},
}
UNIT = {"name": "a", "call_sign": "b", "kind": "car", "organisation_id": "east", "state": "free"}
VERSIONED = {"version": 1, "reason": "why not", "minutes": 5, "disposition": "false", "note": "n"}
BODIES = {
    "PUT /api/units/{unit_id}": UNIT,
    "POST /api/alarms/{alarm_id}/shelve": {key: VERSIONED[key] for key in ("version", "reason", "minutes")},
    "POST /api/alarms/{alarm_id}/close": {key: VERSIONED[key] for key in ("version", "disposition", "note")},
    "POST /api/devices/{device_id}/accept": {},
    "POST /api/devices/{device_id}/refuse": {"reason": "why not"},
    "PUT /api/devices/{device_id}/manner": {},
    "POST /api/devices/{device_id}/orders": {"order": "guard"},
    "POST /api/incidents/{incident_id}/steps/{index}": {"done": True},
    "POST /api/incidents/{incident_id}/notes": {"text": "a"},
    "POST /api/incidents/{incident_id}/calls": {"keyholder_id": "k", "result": "reached"},
    "POST /api/incidents/{incident_id}/close": {"disposition": "false", "version": 1},
    "POST /api/incidents/{incident_id}/alarms": {"alarm_id": "raised-east"},
    "POST /api/incidents/{incident_id}/joined": {"incident_id": "incident-east", "version": 1, "into_version": 1},
    "POST /api/incidents/{incident_id}/part": {"version": 1},
    "POST /api/incidents/{incident_id}/alarms/{alarm_id}/part": {"version": 1},
    "POST /api/incidents/{incident_id}/dispatches": {"unit_id": "unit-east"},
    **{
        f"POST /api/incidents/{{incident_id}}/dispatches/{{dispatch_id}}/{verb}": {"text": "a"}
        for verb in ("accept", "arrive", "feedback", "recall")
    },
    "POST /api/hand-overs/{hand_over_id}/accept": {"seen": [], "version": 1},
    "POST /api/hand-overs/{hand_over_id}/withdraw": {"version": 1},
    "POST /api/clips/{clip_id}/exports": {"purpose": "case", "reference": "A-2026-0815", "reason": "why not"},
    "POST /api/clips/{clip_id}/views": {"purpose": "alarm", "reference": "20261120-0001"},
    "POST /api/live/{point_id}/watch": {"purpose": "p"},
    "POST /api/live/{point_id}/device-snapshots": {"purpose": "p"},
    "PUT /api/people/{user_id}": {"display_name": "a", "roles": ["operator"], "disabled": False},
    "PUT /api/people/{user_id}/password": {"password": "seven green lanterns"},
    "POST /api/people/{user_id}/grants": {"role": "operator", "organisation_id": "east", "reason": "why not"},
    "POST /api/people/{user_id}/keys/reset": {"reason": "lost it"},
    "POST /api/grants/{grant_id}/end": {"reason": "why not"},
    "POST /api/approvals/{approval_id}/decision": {"agrees": False},
    "PUT /api/webhooks/{webhook_id}": {"name": "a", "url": "https://example.com/", "kinds": ["alarms."], "version": 1},
    "PUT /api/organisations/{organisation_id}": {"name": "a"},
    "PUT /api/organisations/{organisation_id}/parent": {"parent_id": "east"},
    "PUT /api/points/{point_id}": {"name": "a", "organisation_id": "east"},
    "POST /api/points/{point_id}/documents": {"upload_id": "u", "kind": "photo", "title": "t"},
    "PUT /api/premises/{premises_id}": {"name": "a", "organisation_id": "east"},
    "PUT /api/panel-accounts/{account_id}": {"channel": "sia-dc09", "number": "9", "premises_id": "premises-east"},
    "POST /api/recordings/{point_id}/playback": {"from": WHEN, "purpose": "case", "reference": "A-2026-0815"},
}


class Elsewhere:
    """What lies outside of the house (media, devices, disks): none of these questions may come so far."""

    def __getattr__(self, name: str):
        def asked(*_: object, **__: object) -> object:
            raise Unavailable(f"{name} was asked")

        return asked


class Gateway(Elsewhere):
    def makes(self) -> tuple[()]:
        return ()


class City:
    """Two districts with one of everything in each, and the routes of the whole domain over them, without the gate."""

    def __init__(self, keys) -> None:
        self.clock = HandClock()
        self.transactions = MemoryTransactions(self.clock, memory_stores())
        for organisation in ORGANISATIONS:
            self.transactions.run(lambda uow, one=organisation: uow.store(OrganisationStore).save(one))
        for district in ("east", "west"):
            self.transactions.run(lambda uow, one=district: furnish(uow, one))
            self.transactions.run(lambda uow, one=district: furnish_access(uow, one, self.clock.now().utc))
        self.by: Actor = dong()
        self.app = self._app(keys)

    def _app(self, keys) -> FastAPI:
        workshop = Workshop(
            {
                Transactions: self.transactions,
                Clock: self.clock,
                EventReader: self.transactions,
                SignalJournal: MemorySignals(self.clock),
                Vault: FileVault(keys / "vault.key"),
                PasswordHasher: Argon2Passwords(memory_kib=8, passes=1),
                PointPlaces: RegisteredPlaces(self.transactions),
                DeviceCommands: Gateway(),
                KnownKinds: EventKinds(),
                ZoneInfo: ZoneInfo("Asia/Shanghai"),
            }
        )
        services = set(found_services())
        for service in services:
            for name, parameter in inspect.signature(service).parameters.items():
                wanted = typing.get_type_hints(service.__init__)[name]
                if wanted not in services | set(workshop._made) and parameter.default is inspect.Parameter.empty:
                    workshop.provide(wanted, Elsewhere())
        made = workshop.all()
        app = FastAPI()
        for router in discovered_routers(_AnyOf(made), lambda: self.by):
            app.router.routes.extend(router.routes)
        add_problem_answers(app)
        return app


class _AnyOf(dict):
    """The services, and Elsewhere for whatever else a router asks for."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: object) -> object:
        return Elsewhere()


def dong() -> Actor:
    """Every working role, in the east."""
    terms = [GrantTerms(role=role, organisation_id="east") for role in WORKING]
    return acting_in(OrganisationTree(ORGANISATIONS), *terms, user_id="dong", session_id="s")


def furnish(uow: UnitOfWork, district: str) -> None:
    here = {"organisation_id": district, "area_code": {"east": "310115", "west": "310104"}[district]}
    number = 1 if district == "west" else 2
    uow.store(PointStore).save(
        Point(
            id=f"point-{district}",
            number=number,
            code=f"3402000000131000000{number}",
            name=district,
            device_id=CODES[district],
            channel_id=CODES[district],
            **here,
        )
    )
    uow.store(Documents).save(
        Document(
            id=f"document-{district}",
            point_id=f"point-{district}",
            kind=DocumentKind.PHOTO,
            title="t",
            media_type="image/jpeg",
            size_bytes=1,
            sha256="0" * 64,
            object_key="k",
            added_at_ms=1,
            by_name="n",
        )
    )
    uow.store(DeviceStore).save(Device(id=CODES[district], enrolment=Enrolment.ACCEPTED, organisation_id=district))
    uow.store(PremisesStore).save(Premises(id=f"premises-{district}", name=district, organisation_id=district))
    uow.store(PanelAccountStore).save(
        PanelAccount(id=f"account-{district}", channel="sia-dc09", number=district, premises_id=f"premises-{district}")
    )
    uow.store(UnitStore).save(
        Unit(id=f"unit-{district}", name="a", call_sign="b", kind="c", organisation_id=district, state=UnitState.FREE)
    )
    uow.store(OnTestStore).add(
        OnTest(
            id=f"test-{district}",
            account_id=f"account-{district}",
            number=district,
            zone="",
            until=NOON.replace(hour=13),
            reason="r",
            by_name="n",
        )
    )
    uow.store(CallStore).save(
        TelephoneCall(
            id=f"call-{district}",
            words=CallWords(category="fire", text=district),
            registered_at=NOON,
            by_id="b",
            by_name="n",
            **here,
        )
    )
    for kind, state in (("raised", AlarmState.RAISED), ("alarm", AlarmState.TAKEN)):
        uow.store(AlarmStore).add([_alarm(f"{kind}-{district}", state, district, here)])
    uow.store(IncidentStore).save(_incident(district, here))
    uow.store(DispatchStore).save(
        Dispatch(
            id=f"dispatch-{district}",
            incident_id=f"incident-{district}",
            unit_id=f"unit-{district}",
            unit_name="a",
            state=DispatchState.DISPATCHED,
            dispatched_at=NOON,
            dispatched_by="n",
        )
    )
    uow.store(ClipStore).save(
        Clip(
            id=f"clip-{district}",
            alarm_id=f"alarm-{district}",
            incident_id=f"incident-{district}",
            point_id=f"point-{district}",
            from_at=NOON,
            until_at=NOON,
            due_at=NOON,
            state=ClipState.READY,
        )
    )
    uow.store(HandOverStore).save(
        HandOver(
            id=f"hand-over-{district}",
            state=HandOverState.WAITING,
            post=district,
            written_by="h",
            written_by_name="n",
            written_at=NOON,
            notes="",
            on_duty=(),
            items=(),
            dark_devices=0,
            **here,
        )
    )


def furnish_access(uow: UnitOfWork, district: str, now: datetime) -> None:
    """Somebody who belongs there, signed in, with a grant, a token and a webhook, who asks for a clip."""
    user_id = f"person-{district}"
    person = Person(
        id=user_id,
        name=user_id,
        display_name="n",
        roles=frozenset({Role.OPERATOR}),
        password_hash="",
        created_at=now,
        organisation_id=district,
    )
    uow.store(PersonStore).save(person, name_key=user_id)
    terms = GrantTerms(role=Role.OPERATOR, organisation_id=district)
    grant = Grant(id=f"grant-{district}", user_id=user_id, terms=terms, granted_by="a", granted_at=now)
    uow.store(GrantStore).save(grant)
    uow.store(SessionStore).save(
        Session(
            id=f"session-{district}",
            token_sha256=district.encode(),
            user_id=user_id,
            started_at=now,
            seen_at=now,
            ends_at=now + timedelta(hours=12),
        )
    )
    uow.store(TokenStore).save(
        ApiToken(
            id=f"token-{district}",
            user_id=user_id,
            purpose="p",
            permissions=frozenset({Permission.ALARMS_SEE}),
            token_sha256=district.encode(),
            made_at=now,
            expires_at=now + timedelta(days=9),
        )
    )
    uow.store(ApprovalStore).add(
        Approval(
            id=f"approval-{district}",
            act=ApprovedAct.EXPORT_CLIP,
            object=f"clip:clip-{district}",
            terms={},
            title="t",
            place=Place(district, {"east": "310115", "west": "310104"}[district], 0),
            reason="r",
            asked_by=user_id,
            asked_by_name="n",
            asked_at=now,
            expires_at=now + timedelta(hours=24),
        )
    )
    uow.store(WebhookStore).save(
        Webhook(
            id=f"webhook-{district}",
            name="n",
            url="https://example.com/",
            kinds=("alarms.",),
            owner_id="dong" if district == "east" else user_id,
            owner_name="n",
            secret=b"s",
            enabled=False,
            created_at=now,
            told_seq=0,
        )
    )


def _alarm(alarm_id: str, state: AlarmState, district: str, here: dict[str, str]) -> Alarm:
    return Alarm(
        id=alarm_id,
        signal_seq=1,
        state=state,
        priority=4,
        category="burglary",
        title="t",
        code_system="contact-id",
        code="130",
        channel=Channel.FIXED,
        account=district,
        raised_at=NOON,
        updated_at=NOON,
        reason="r",
        incident_id=f"incident-{district}" if state is AlarmState.TAKEN else "",
        **here,
    )


def _incident(district: str, here: dict[str, str]) -> Incident:
    return Incident(
        id=f"incident-{district}",
        number=f"20261120-000{1 if district == 'west' else 2}",
        state=IncidentState.TAKEN,
        opened_at=NOON,
        received_at=NOON,
        holder_id="h",
        holder_name="n",
        title="t",
        category="burglary",
        priority=4,
        drill=False,
        alarm_ids=(f"alarm-{district}",),
        steps=(Step(index=0, text_zh="a", text_en="a"),),
        **here,
    )


def ids_of(district: str) -> dict[str, str]:
    """What stands in the address for a thing of this district; of "nowhere" there is nothing."""
    kinds = ("point", "document", "premises", "account", "unit", "incident", "dispatch", "clip", "call")
    kinds += ("grant", "session", "token", "approval", "webhook")
    ids = {f"{kind}_id": f"{kind}-{district}" for kind in kinds}
    code = CODES.get(district, "34020000001110000009")
    return ids | {
        "user_id": f"person-{district}",
        "alarm_id": f"raised-{district}",
        "on_test_id": f"test-{district}",
        "hand_over_id": f"hand-over-{district}",
        "organisation_id": district,
        "device_id": code,
        "picture_id": "1760000000000-0123456789ab",
        "index": "0",
    }


@pytest.fixture
def city(tmp_path) -> City:
    return City(tmp_path)


def placed_routes(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of every route whose address names a thing that has a place."""
    found = []
    for route in app.routes:
        if isinstance(route, APIRoute):
            names = set(re.findall(r"{(\w+)}", route.path))
            assert names <= set(ids_of("east")) | WITHOUT_A_PLACE, f"say what {names} of {route.path} is"
            if names and not names & WITHOUT_A_PLACE and not route.path.startswith("/api/own/"):
                found += [(method, route.path) for method in sorted(route.methods)]
    return found


async def ask(city: City, method: str, path: str, ids: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(app=city.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://fengtai.test") as client:
        address = path.format(**ids)
        body = BODIES.get(f"{method} {path}")
        return await client.request(method, address, params=QUERIES.get(path), json=body)


def told(answer: httpx.Response, ids: dict[str, str]) -> str:
    """What was answered, with the ids taken out that were asked for."""
    text = answer.text
    for one in sorted(ids.values(), key=len, reverse=True):
        text = text.replace(one, "ID") if one != "0" else text
    return f"{answer.status_code} {text}"


async def test_what_belongs_to_another_district_answers_like_what_is_not_there(city: City) -> None:
    routes = placed_routes(city.app)
    assert len(routes) > 40
    wrong = []
    for method, path in routes:
        foreign, nothing = ids_of("west"), ids_of("nowhere")
        answer, unknown = await ask(city, method, path, foreign), await ask(city, method, path, nothing)
        if answer.status_code != 404 or told(answer, foreign) != told(unknown, nothing):
            wrong.append((method, path, told(answer, foreign)[:200], told(unknown, nothing)[:200]))
    assert wrong == []


async def test_what_belongs_to_ones_own_district_is_found(city: City) -> None:
    """Otherwise the test above would say little: with the ids of the east, these bodies lead further."""
    lost = []
    for method, path in placed_routes(city.app):
        answer = await ask(city, method, path, ids_of("east"))
        if answer.status_code == 404 and "no keyholder k" not in answer.text and "no upload u" not in answer.text:
            lost.append((method, path, answer.text[:200]))
    gone = {"/api/points/{point_id}/documents/{document_id}", "/api/on-test/{on_test_id}"}  # removed by an earlier one
    gone |= {
        "/api/sessions/{session_id}",
        "/api/approvals/{approval_id}/withdraw",
    }  # ended by a new password; another's
    gone |= {path for _, path in placed_routes(city.app) if path.startswith("/api/webhooks/")}
    assert [one for one in lost if one[1] not in gone] == []


LISTS = {
    "/api/points": "point-",
    "/api/premises": "premises-",
    "/api/panel-accounts": "account-",
    "/api/units": "unit-",
    "/api/alarms?state=all": "raised-",
    "/api/alarm-queue": "raised-",
    "/api/incidents?state=all": "incident-",
    "/api/on-test": "test-",
    "/api/calls": "call-",
    "/api/hand-overs": "hand-over-",
    "/api/hand-over-draft": "incident-",
    "/api/sources": "account-",
    "/api/people": "person-",
    "/api/people-keys": "person-",
    "/api/sessions": "session-",
    "/api/tokens": "token-",
    "/api/approvals": "approval-",
    "/api/grants": "grant-",
    "/api/webhooks": "webhook-",
    "/api/locks": "",
    "/api/devices": "3402000000111000000",
    "/api/organisations": "",
    "/api/points/map?west=0&south=0&east=180&north=80": "",
    "/api/points/map/frame?west=0&south=0&east=180&north=80&zoom=5": "",
    "/api/points/map/list?west=0&south=0&east=180&north=80": "",
    "/api/live/layouts": "",
}


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_names_nothing_of_another_district(city: City, path: str) -> None:
    answer = await ask(city, "GET", path, {})
    assert answer.status_code == 200
    assert "west" not in answer.text
    assert CODES["west"] not in answer.text
    if LISTS[path].endswith("-"):
        assert f"{LISTS[path]}east" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/incidents", {"alarm_id": "raised-west"}),
        ("POST", "/api/on-test", {"account_id": "account-west", "minutes": 5, "reason": "why not"}),
        ("POST", "/api/calls", {"category": "fire", "premises_id": "premises-west"}),
        ("POST", "/api/calls", {"category": "fire", "premises_id": "premises-east", "repeats_alarm_id": "raised-west"}),
        ("POST", "/api/calls", {"category": "fire", "point_id": "point-west"}),
        ("POST", "/api/calls/similar", {"category": "fire", "premises_id": "premises-west"}),
        ("POST", "/api/incidents/incident-east/dispatches", {"unit_id": "unit-west"}),
        ("POST", "/api/incidents/incident-east/alarms", {"alarm_id": "raised-west"}),
        (
            "POST",
            "/api/incidents/incident-east/joined",
            {"incident_id": "incident-west", "version": 1, "into_version": 1},
        ),
        ("GET", "/api/incidents/incident-east/joining?joined=incident-west", None),
        ("GET", "/api/incidents/incident-east/joining?alarm=raised-west", None),
        ("POST", "/api/units", UNIT | {"organisation_id": "west"}),
        ("POST", "/api/live/layouts", {"name": "a", "panes": 4, "point_ids": ["point-east", "point-west"]}),
        (
            "POST",
            "/api/people",
            {"name": "xin", "password": "seven green lanterns", "roles": ["operator"], "organisation_id": "west"},
        ),
        ("POST", "/api/locks/release", {"key": "name:of-nobody"}),
        ("POST", "/api/premises", {"name": "a", "organisation_id": "west"}),
        ("POST", "/api/panel-accounts", {"channel": "sia-dc09", "number": "7", "premises_id": "premises-west"}),
        ("POST", "/api/points", {"name": "a", "organisation_id": "west"}),
        (
            "POST",
            "/api/points",
            {"name": "a", "organisation_id": "east", "device_id": CODES["west"], "channel_id": "1"},
        ),
        ("POST", "/api/points", {"name": "a", "organisation_id": "east", "device_id": "9" * 20, "channel_id": "1"}),
        ("POST", "/api/devices", {"id": "34020000001110000007", "organisation_id": "west"}),
        ("POST", "/api/organisations", {"name": "a", "level": "station", "parent_id": "west"}),
        ("PUT", "/api/organisations/east/parent", {"parent_id": "west"}),
    ],
)
async def test_an_id_of_another_district_in_a_body_is_unknown_too(
    city: City, method: str, path: str, body: dict
) -> None:
    transport = httpx.ASGITransport(app=city.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://fengtai.test") as client:
        answer = await client.request(method, path, json=body)
    assert answer.status_code == 404, answer.text


async def test_cameras_of_another_district_are_not_assigned_to_ones_own_premises(city: City) -> None:
    transport = httpx.ASGITransport(app=city.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://fengtai.test") as client:
        body = {"name": "a", "organisation_id": "east", "point_ids": ["point-west"]}
        answer = await client.put("/api/premises/premises-east", json=body)
    assert (answer.status_code, answer.json()["detail"]) == (422, "there is no point point-west")


def test_a_place_is_asked_for_wherever_a_permission_has_one(city: City) -> None:
    """Routes whose permission has a place, but whose address names nothing: lists and makers, each tried above or here."""
    tried = {path.partition("?")[0] for path in LISTS}
    tried |= {"/api/incidents", "/api/calls/similar", "/api/locks/release"}
    whole_city = {
        *("/api/life-cycles", "/api/roles", "/api/points/fields", "/api/device-makes", "/api/areas"),
        *("/api/live/streams", "/api/signals", "/api/grants", "/api/recordings/forecast"),
        *("/api/points/export", "/api/points/uploads"),
    }
    placed = {permission.value for permission in set(Permission) - WITHOUT_PLACE}
    unknown = {
        route.path
        for route in city.app.routes
        if isinstance(route, APIRoute) and "{" not in route.path and marker_of(route) in placed
    }
    assert unknown - tried - whole_city == set()
