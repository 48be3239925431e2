"""Cameras played by SIPp: each registers, tells its catalogue when asked, and answers INVITE in a manner of its own.

Every scenario is strict: what it does not expect at a place is written to SIPp's errors, and fails the test.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tests.journeys.sipp.peer_programs import call, free_port, running

SERVER_ID, DOMAIN = "34020000002000000001", "3402000000"

_KEEP = """<action>
    <ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="seq" />
    <ereg regexp=".*" search_in="hdr" header="From:" assign_to="from" />
    <ereg regexp=".*" search_in="hdr" header="To:" assign_to="to" />
  </action>"""


def _send(text: str, *, repeated: bool = False) -> str:
    body = "\n".join(f"    {line}".rstrip() for line in text.strip().splitlines())
    repeats = ' retrans="500"' if repeated else ""
    return f"<send{repeats}><![CDATA[\n\n{body}\n\n  ]]></send>"


def _answer(status: str, *, tag: str = ";tag=sipp[call_number]", extra: str = "Content-Length: 0") -> str:
    return f"SIP/2.0 {status}\n[last_Via:]\n[last_From:]\n[last_To:]{tag}\n[last_Call-ID:]\n[last_CSeq:]\n{extra}"


_CONTACT = "Contact: <sip:[service]@[local_ip]:[local_port]>"
_SESSION = f"""{_CONTACT}
Content-Type: application/sdp
Content-Length: [len]

v=0
o=[service] 0 0 IN IP4 [local_ip]
s=Play
c=IN IP4 [local_ip]
t=0 0
m=video 30000 RTP/AVP 96
a=sendonly
a=rtpmap:96 PS/90000"""
_ENDED = f"""<recv request="ACK" />
  <recv request="BYE" />
  {_send(_answer("200 OK", tag=""))}"""

_LATE_YES = f"""SIP/2.0 200 OK
[last_Via:]
From:[$from]
To:[$to];tag=sipp[call_number]
[last_Call-ID:]
CSeq: [$seq] INVITE
{_SESSION}"""
_CANCELLED = _LATE_YES.replace("200 OK", "487 Request Terminated").replace(_SESSION, "Content-Length: 0")
_OWN_BYE = f"""BYE sip:{SERVER_ID}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
From:[$to];tag=sipp[call_number]
To:[$from]
[last_Call-ID:]
CSeq: 77 BYE
{_CONTACT}
Max-Forwards: 70
Content-Length: 0"""

MANNERS = {
    "yes": f"{_send(_answer('200 OK', extra=_SESSION), repeated=True)}\n  {_ENDED}",
    "rings-then-yes": f"{_send(_answer('100 Trying', tag=''))}\n  {_send(_answer('180 Ringing'))}\n"
    f'  <pause milliseconds="600" />\n  {_send(_answer("200 OK", extra=_SESSION), repeated=True)}\n  {_ENDED}',
    "busy": f'{_send(_answer("486 Busy Here"), repeated=True)}\n  <recv request="ACK" />',
    "declines": f'{_send(_answer("603 Decline"), repeated=True)}\n  <recv request="ACK" />',
    "never-answers": '<pause milliseconds="120000" />',
    "rings-for-ever": f"""{_send(_answer("180 Ringing"))}
  <recv request="CANCEL" />
  {_send(_answer("200 OK"))}
  {_send(_CANCELLED, repeated=True)}
  <recv request="ACK" />""",
    "yes-after-cancel": f"""{_send(_answer("180 Ringing"))}
  <recv request="CANCEL" />
  {_send(_answer("200 OK"))}
  <pause milliseconds="300" />
  {_send(_LATE_YES, repeated=True)}
  {_ENDED}""",
    "no-to-tag": f"{_send(_answer('200 OK', tag='', extra=_SESSION), repeated=True)}\n  {_ENDED}",
    "hangs-up": f"""{_send(_answer("200 OK", extra=_SESSION), repeated=True)}
  <recv request="ACK" />
  <pause milliseconds="500" />
  {_send(_OWN_BYE, repeated=True)}
  <recv response="200" />""",
}
"""what comes after the INVITE"""

_ACKNOWLEDGED = _answer("200 OK").replace("\n", "\n    ")
_SUBSCRIBED = _answer("200 OK", extra="Expires: 3600\nContent-Length: 0")
_CATALOGUE = f"""MESSAGE sip:{SERVER_ID}@{DOMAIN} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
From: <sip:[service]@{DOMAIN}>;tag=c[call_number]
To: <sip:{SERVER_ID}@{DOMAIN}>
Call-ID: list///[call_id]
CSeq: 20 MESSAGE
Max-Forwards: 70
Content-Type: Application/MANSCDP+xml
Content-Length: [len]

<?xml version="1.0" encoding="GB2312"?>
<Response>
<CmdType>Catalog</CmdType>
<SN>[$sn]</SN>
<DeviceID>[service]</DeviceID>
<SumNum>1</SumNum>
<DeviceList Num="1">
<Item>
<DeviceID>CHANNEL</DeviceID>
<Name>SIPp</Name>
<Status>ON</Status>
</Item>
</DeviceList>
</Response>"""


def scenario(manner: str, channel_id: str) -> str:
    return f"""<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="camera that {manner}">
  <recv request="MESSAGE" optional="true" next="1">
  <action>
    <ereg regexp="&lt;SN&gt;([0-9]+)" search_in="msg" assign_to="whole,sn" />
    <ereg regexp="&gt;Catalog&lt;" search_in="msg" assign_to="catalogue" />
  </action>
  </recv>
  <recv request="SUBSCRIBE" optional="true" next="2" />
  <recv request="INVITE">{_KEEP}</recv>
  {MANNERS[manner]}
  <nop next="9" />
  <label id="1" />
  <send next="3" test="catalogue"><![CDATA[

    {_ACKNOWLEDGED}

  ]]></send>
  <nop next="9" />
  <label id="2" />
  {_send(_SUBSCRIBED)}
  <nop next="9" />
  <label id="3" />
  {_send(_CATALOGUE.replace("CHANNEL", channel_id), repeated=True)}
  <recv response="200" />
  <label id="9" />
  <Reference variables="whole,seq,from,to" />
</scenario>
"""


@dataclass(frozen=True, slots=True)
class Camera:
    manner: str
    device_id: str
    channel_id: str
    folder: Path

    @property
    def messages(self) -> str:
        """All that went over its wire, as SIPp wrote it down."""
        log = self.folder / "messages.log"
        return log.read_text(errors="replace") if log.exists() else ""

    @property
    def complaints(self) -> str:
        """Of what SIPp did not expect."""
        log = self.folder / "camera-errors.log"
        return log.read_text(errors="replace") if log.exists() else ""


def cameras(folder: Path) -> list[Camera]:
    return [
        Camera(manner, f"3402000000132088{place:04d}", f"3402000000131088{place:04d}", folder / manner)
        for place, manner in enumerate(MANNERS)
    ]


@contextlib.asynccontextmanager
async def on_the_wire(camera: Camera, server_port: int, password: str) -> AsyncIterator[None]:
    """Registers from the port on which it answers afterwards."""
    port = free_port()
    told = await call(
        camera.folder, server_port, "register_only.xml", [camera.device_id], password=password, own_port=port
    )
    assert told.code == 0, told.text
    path = camera.folder / "camera.xml"
    path.write_text(scenario(camera.manner, camera.channel_id))
    async with running(
        "sipp",
        *("-sf", str(path), "-i", "127.0.0.1", "-p", str(port), "-s", camera.device_id, "-nostdin"),
        *("-trace_err", "-error_file", str(camera.folder / "camera-errors.log")),
        *("-trace_msg", "-message_file", str(camera.folder / "messages.log"), f"127.0.0.1:{server_port}"),
        cwd=camera.folder,
    ) as process:
        yield
        assert process.returncode is None, (camera.folder / "sipp.out").read_text(errors="replace")[-2000:]


async def until(seen: object, *, within_seconds: float) -> bool:
    """Ask again and again; whether it came true in time."""
    assert callable(seen)
    loop = asyncio.get_running_loop()
    end = loop.time() + within_seconds
    while not seen():
        if loop.time() > end:
            return False
        await asyncio.sleep(0.2)
    return True
