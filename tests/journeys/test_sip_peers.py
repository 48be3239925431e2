"""SIPp, sipsak and baresip against the whole server: what other people's SIP makes of it.

The platform is called (register, keepalive, OPTIONS, calls that it does not take) and calls (cameras that agree, ring,
refuse, say nothing, agree too late, forget the To-tag, hang up). Every scenario is strict on SIPp's side too.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.journeys.sipp.cameras import MANNERS, Camera, cameras, on_the_wire, until
from tests.journeys.sipp.peer_programs import Told, call, free_port, needs, run, running

from fengtai.apps.demo.console_client import ConsoleClient, Refused
from fengtai.apps.demo.seed import Furnished, accept_devices, first_people, made_points
from fengtai.apps.demo.town import Town, a_town

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="module")]

NO_PACKET_SECONDS = 5
ONE = ["34020000001320770001"]
TWENTY = [f"3402000000132077{number:04d}" for number in range(100, 120)]


@dataclass
class Stage:
    town: Town
    furnished: Furnished
    folder: Path

    async def figures(self) -> dict[str, Any]:
        async with self.console("engineer") as console:
            return dict((await console.get("/api/system"))["figures"])

    async def device(self, device_id: str) -> dict[str, Any]:
        async with self.console("engineer") as console:
            return dict(await console.get(f"/api/devices/{device_id}"))

    @contextlib.asynccontextmanager
    async def console(self, role: str) -> AsyncIterator[ConsoleClient]:
        async with ConsoleClient(self.town.url) as console:
            await console.sign_in(*self.furnished.sign_ins[role])
            yield console

    async def sipp(
        self, name: str, scenario: str, devices: list[str], *options: str, host: str = "127.0.0.1", password: str = ""
    ) -> Told:
        return await call(
            self.folder / name,
            self.town.ports["sip"],
            scenario,
            devices,
            password=password or self.town.shared_password,
            own_host=host,
            options=options,
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("peers")
    settings = {"FENGTAI_MEDIA__WORKERS": "1", "FENGTAI_MEDIA__NO_PACKET_SECONDS": str(NO_PACKET_SECONDS)}
    async with a_town(folder / "town", **settings) as town:
        await town.start_server()
        yield Stage(town, await first_people(town.url, town.setup_token), folder)


# SIPp calls the platform


@needs("sipp")
@pytest.mark.parametrize("transport", ["u1", "t1", "tn"])
async def test_devices_register_and_send_keepalives(stage: Stage, transport: str):
    told = await stage.sipp(f"register-{transport}", "register.xml", TWENTY, "-t", transport, "-max_socket", "100")
    assert told.code == 0, told.text
    assert (await stage.device(TWENTY[7]))["enrolment"] == "pending"


@needs("sipp")
@pytest.mark.parametrize("transport", ["u1", "t1"])
@pytest.mark.parametrize("scenario", ["options.xml", "unexpected_invite.xml"])
async def test_callers_are_answered_as_the_standard_asks(stage: Stage, scenario: str, transport: str):
    told = await stage.sipp(f"{scenario}-{transport}", scenario, ONE, "-t", transport)
    assert told.code == 0, told.text


@needs("sipp")
@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_a_wrong_password_is_refused(stage: Stage, transport: str):
    told = await stage.sipp(f"wrong-{transport}", "wrong_password.xml", ONE, "-t", transport, password="guessed")
    assert told.code == 0, told.text


@needs("sipp")
@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_nobody_speaks_for_a_device_that_registered_from_elsewhere(stage: Stage, transport: str):
    assert (await stage.sipp("registered", "register_only.xml", ONE, "-t", "u1")).code == 0
    told = await stage.sipp(f"stranger-{transport}", "stranger.xml", ONE, "-t", transport, host="127.0.0.2")
    assert told.code == 0, told.text


# the platform calls cameras that SIPp plays


EXPLAINED = {
    "yes": r"has not sent a packet",
    "rings-then-yes": r"has not sent a packet",
    "no-to-tag": r"has not sent a packet",
    "busy": r"no free stream",
    "declines": r"declined the stream",
    "never-answers": r"did not answer",
    "rings-for-ever": r"did not answer",
    "yes-after-cancel": r"did not answer",
    "hangs-up": r"ended the stream",
}
"""what the trace of the start says: SIPp sends no pictures"""
ENDS_WITH = {
    "yes": ["INVITE", "200", "ACK", "BYE", "200"],
    "rings-then-yes": ["INVITE", "100", "180", "200", "ACK", "BYE", "200"],
    "no-to-tag": ["INVITE", "200", "ACK", "BYE", "200"],
    "busy": ["INVITE", "486", "ACK"],
    "declines": ["INVITE", "603", "ACK"],
    "never-answers": ["INVITE"],
    "rings-for-ever": ["INVITE", "180", "CANCEL", "200", "487", "ACK"],
    "yes-after-cancel": ["INVITE", "180", "CANCEL", "200", "200", "ACK", "BYE", "200"],
    "hangs-up": ["INVITE", "200", "ACK", "BYE", "200"],
}
"""one whole call on the wire, repeats left out"""


@dataclass
class Played:
    """What became of one camera."""

    camera: Camera
    causes: dict[str, str] = field(default_factory=dict)
    """causes of failed starts and lost streams, with their fixes"""

    def calls(self) -> list[list[str]]:
        """Call by call, what went over the wire."""
        flows: dict[str, list[str]] = {}
        for message in re.split(r"\n-{10,}.*\n", self.camera.messages):
            found = re.search(r"^(?:SIP/2\.0 (\d+)|([A-Z]+) sip:).*?^Call-ID: *(\S+)", message, re.S | re.M | re.I)
            if found:
                flow = flows.setdefault(found[3], [])
                word = found[1] or found[2]
                if not flow or flow[-1] != word or word == "200":
                    flow.append(word)
        return [flow for flow in flows.values() if flow[0] == "INVITE"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(stage: Stage) -> dict[str, Played]:
    """All cameras at once, each until its start has been explained and a whole call was seen."""
    all_of_them = cameras(stage.folder / "cameras")
    seen = {camera.manner: Played(camera) for camera in all_of_them}
    port, password = stage.town.ports["sip"], stage.town.shared_password
    async with contextlib.AsyncExitStack() as wires, stage.console("engineer") as console:
        for camera in all_of_them:
            await wires.enter_async_context(on_the_wire(camera, port, password))
        await accept_devices(console, [camera.device_id for camera in all_of_them])
        points = {point["channel_id"]: point["id"] for point in await made_points(console, len(all_of_them))}
        async with stage.console("operator") as watching:
            await asyncio.gather(*(_start(watching, points[one.camera.channel_id], one) for one in seen.values()))
    return seen


async def _start(console: ConsoleClient, point_id: str, played: Played) -> None:
    manner = played.camera.manner
    with contextlib.suppress(Refused):  # known already that it does not play: the trace says so too
        await console.post(f"/api/live/{point_id}/watch", {"purpose": "peers"})
    loop = asyncio.get_running_loop()
    end = loop.time() + 90
    while loop.time() < end:
        for trace in await console.get(f"/api/live/{point_id}/traces"):
            if trace["failed"]:
                played.causes[trace["failed"]] = trace["fix"]
        if any(re.search(EXPLAINED[manner], cause) for cause in played.causes) and ENDS_WITH[manner] in played.calls():
            return
        await asyncio.sleep(0.5)


@needs("sipp")
@pytest.mark.parametrize("manner", MANNERS)
async def test_every_answer_of_a_camera_ends_cleanly_and_is_explained(played: dict[str, Played], manner: str):
    one = played[manner]
    assert ENDS_WITH[manner] in one.calls()
    assert one.camera.complaints == ""
    assert any(re.search(EXPLAINED[manner], cause) for cause in one.causes), one.causes
    assert all(cause.endswith(".") and fix.endswith(".") for cause, fix in one.causes.items())


# baresip and sipsak


BARESIP = """sip_listen 127.0.0.1:{own}
audio_player aufile
audio_source ausine,440
audio_alert aufile
module_path /usr/lib/baresip/modules
module stdio.so
module g711.so
module ausine.so
module aufile.so
module_app account.so
module_app menu.so
"""


@needs("baresip")
async def test_baresip_registers_and_its_call_is_refused_cleanly(stage: Stage):
    """With a password of its own, entered by an engineer; then it rings the platform, which takes no calls."""
    code, port = "34020000001320660001", stage.town.ports["sip"]
    async with stage.console("engineer") as console:
        await console.post("/api/devices", {"id": code, "name": "baresip", "password": "its-own-secret-7"})
    folder = stage.folder / "baresip"
    folder.mkdir()
    (folder / "config").write_text(BARESIP.format(own=free_port()))
    (folder / "accounts").write_text(
        f"<sip:{code}@127.0.0.1:{port}>;auth_user={code};auth_pass=its-own-secret-7;regint=600;audio_codecs=PCMA/8000/1\n"
    )
    (folder / "contacts").write_text("")
    dial = f"/dial sip:34020000002000000001@127.0.0.1:{port}"
    async with running("baresip", "-f", str(folder), "-s", "-e", dial, cwd=folder) as baresip:

        def said(pattern: str) -> bool:
            return re.search(pattern, (folder / "baresip.out").read_text(errors="replace")) is not None

        assert await until(lambda: said(r"200 OK \(\)|200 OK \[1 binding"), within_seconds=20)
        assert await until(lambda: said(r"session closed: 488 Not Acceptable Here"), within_seconds=20)
        assert await until(lambda: said(r"ACK sip:"), within_seconds=5)
        assert (await stage.device(code))["presence"] == "online"
        assert baresip.returncode is None


@needs("sipsak")
async def test_sipsak_is_answered(stage: Stage):
    told = await run("sipsak", "-v", "-s", f"sip:x@127.0.0.1:{stage.town.ports['sip']}", cwd=stage.folder)
    assert (told.code, "200 OK" in told.text) == (0, True), told.text


@needs("sipsak")
async def test_sipsak_floods(stage: Stage):
    """Twenty thousand OPTIONS as fast as it can; who asks afterwards is answered."""
    uri = f"sip:x@127.0.0.1:{stage.town.ports['sip']}"
    told = await run("sipsak", "-F", "-e", "20000", "-s", uri, cwd=stage.folder)
    assert "error" not in told.text.lower(), told.text
    # once more: the port that it is given may have been a device's, to which the platform still says BYE
    answers = [await run("sipsak", "-v", "-s", uri, cwd=stage.folder) for _ in range(2)]
    assert any(told.code == 0 and "200 OK" in told.text for told in answers), answers


@needs("sipsak")
async def test_sipsak_sends_random_characters(stage: Stage):
    """It changes characters of its requests at random; what is no SIP any more is not answered, and it ends then (3)."""
    uri = f"sip:x@127.0.0.1:{stage.town.ports['sip']}"
    said = ""
    for _ in range(10):
        told = await run("sipsak", "-R", "-v", "--timer-t1=20", "-s", uri, cwd=stage.folder)
        assert told.code in (0, 2, 3), told.text
        said += told.text
    assert said.count("randomized chars") >= 10
    await test_sipsak_is_answered(stage)


async def test_afterwards_nothing_of_ours_has_failed(stage: Stage):
    figures = await stage.figures()
    assert figures["gb28181.tasks_failed"] == 0
    log = (stage.town.data / "serve.log").read_text(errors="replace")
    assert "Traceback" not in log, log[log.index("Traceback") :][:3000]
