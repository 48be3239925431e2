"""SIP URIs and name-addresses (RFC 3261 sections 19.1 and 20.10), as far as devices and platforms write them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fengtai.vocabulary.errors import Malformed


@dataclass(frozen=True, slots=True)
class SipUri:
    user: str
    host: str
    port: int = 0
    """0: none was written"""
    scheme: str = "sip"
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        tail = "".join(f";{name}={value}" if value else f";{name}" for name, value in self.parameters.items())
        return f"{self.scheme}:{user}{self.host}{port}{tail}"


@dataclass(frozen=True, slots=True)
class NameAddress:
    """`"Display" <sip:user@host>;tag=...`: From, To and Contact."""

    uri: SipUri
    display: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse_uri(text: str) -> SipUri:
    """Raise Malformed when it is no sip or sips URI."""
    scheme, colon, rest = text.strip().partition(":")
    if not colon or scheme.lower() not in ("sip", "sips"):
        raise Malformed(f"{text[:60]!r} is not a SIP URI", clause="RFC 3261 19.1")
    rest = rest.partition("?")[0]
    userinfo, at, hostpart = rest.rpartition("@")
    hostpart, _, tail = hostpart.partition(";")
    host, port = _host_and_port(hostpart)
    return SipUri(userinfo.partition(":")[0] if at else "", host, port, scheme.lower(), _parameters(tail))


def parse_name_address(text: str) -> NameAddress:
    """Raise Malformed when there is no URI in it."""
    text = text.strip()
    opened = _bracket(text)
    if opened < 0:
        uri, _, tail = text.partition(";")
        return NameAddress(parse_uri(uri), "", _parameters(tail))
    closed = text.find(">", opened)
    if closed < 0:
        raise Malformed(f"{text[:60]!r} has an open bracket", clause="RFC 3261 20.10")
    display = text[:opened].strip().strip('"')
    return NameAddress(parse_uri(text[opened + 1 : closed]), display, _parameters(text[closed + 1 :].lstrip("; ")))


def user_of(value: str) -> str:
    """The user part of the first SIP URI in a header value, fast and without complaint; empty when there is none."""
    start = value.find("sip:")
    if start < 0:
        return ""
    end = value.find("@", start)
    return value[start + 4 : end] if end > 0 else ""


def _bracket(text: str) -> int:
    quoted = False
    for at, character in enumerate(text):
        if character == '"' and (at == 0 or text[at - 1] != "\\"):
            quoted = not quoted
        elif character == "<" and not quoted:
            return at
    return -1


def _host_and_port(text: str) -> tuple[str, int]:
    host, port = text.strip(), ""
    if host.startswith("["):
        host, _, rest = host.partition("]")
        host, port = f"{host}]", rest.removeprefix(":")
    elif ":" in host:
        host, _, port = host.partition(":")
    if not host:
        raise Malformed("a SIP URI without a host", clause="RFC 3261 19.1.1")
    if not port:
        return host, 0
    if not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise Malformed(f"{port[:10]!r} is not a port", clause="RFC 3261 19.1.1")
    return host, int(port)


def _parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if name.strip():
            found[name.strip().lower()] = value.strip().strip('"')
    return found
