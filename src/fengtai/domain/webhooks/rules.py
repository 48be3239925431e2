"""Decisions about webhooks: addresses, wanted events, signatures, when to try again and when to give up. Pure.

Signatures: Standard Webhooks 1.0.0, "symmetric signatures": HMAC-SHA256 over `id.timestamp.body`.
"""

import base64
import hashlib
import hmac
import ipaddress
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from fengtai.domain.webhooks.model import Message, SignedMessage, Webhook, WebhookPolicy
from fengtai.vocabulary.errors import Forbidden, Invalid
from fengtai.vocabulary.events import LoggedEvent

FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 3600.0
GIVE_UP_SECONDS = 24 * 3600.0
SECRET_BYTES = 32
MOST_KINDS = 50
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""RFC 4291, 2.4: all that is in use publicly"""


def is_public_address(text: str) -> bool:
    """Whether a packet to this address leaves for the public network. Addresses that carry another one inside (mapped,
    6to4, Teredo, NAT64) are judged by that one too: they are ways around a look at the outer one."""
    try:
        address = ipaddress.ip_address(text.split("%", 1)[0])
    except ValueError:
        return False
    if address in _NAT64 or not address.is_global or address.is_multicast or address.is_reserved:
        return _is_public_inside(address)
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.sixtofour, *(address.teredo or ())]
        return address in _GLOBAL_UNICAST and all(one is None or is_public_address(str(one)) for one in inner)
    return True


def _is_public_inside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """An address that is not global itself may be a public one in another coat: mapped (::ffff:) or NAT64."""
    if not isinstance(address, ipaddress.IPv6Address):
        return False
    inner = address.ipv4_mapped
    if inner is None and address in _NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner is not None and is_public_address(str(inner))


def check_url(url: str, policy: WebhookPolicy) -> str:
    """Raise Invalid for what is no address of a webhook; what the name leads to is judged at each sending."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid("this is not an address such as https://example.com/fengtai", field="url") from None
    allowed = host in policy.allowed_hosts
    if parts.scheme != "https" and not (allowed and parts.scheme == "http"):
        raise Invalid("a webhook needs https; plain http only to hosts of webhooks.allowed_hosts", field="url")
    if not host or not url.isascii() or len(url) > 500 or any(sign.isspace() or sign == "\\" for sign in url):
        raise Invalid("this is not an address such as https://example.com/fengtai", field="url")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid("an address of a webhook holds no name, password or fragment", field="url")
    if port == 0:
        raise Invalid("port 0 cannot be reached", field="url")
    if not allowed and _looks_like_address(host) and not is_public_address(host):
        raise Invalid(f"{host} lies inside a network: set webhooks.allowed_hosts if it is meant", field="url")
    return url


def _looks_like_address(host: str) -> bool:
    """Also in the old forms that resolvers take: 127.1, 0x7f000001, 2130706433."""
    last = host.rsplit(".", 1)[-1]
    return ":" in host or last.isdigit() or last.lower().startswith("0x") or host == "localhost"


def check_kinds(kinds: Sequence[str], known: Mapping[str, str], permissions: frozenset[str]) -> tuple[str, ...]:
    """Raise Invalid for kinds that nobody publishes, Forbidden for those that the maker may see nowhere himself."""
    if not 1 <= len(kinds) <= MOST_KINDS:
        raise Invalid(f"a webhook is told of 1 to {MOST_KINDS} kinds of events", field="kinds")
    for wanted in kinds:
        matching = {kind: needs for kind, needs in known.items() if _matches(wanted, kind)}
        if not matching:
            raise Invalid(f"there are no events {wanted[:60]!r}", field="kinds")
        lacking = sorted(set(matching.values()) - permissions)
        if lacking:
            raise Forbidden(f"you may only pass on what you may see yourself; {wanted} needs {', '.join(lacking)}")
    return tuple(sorted(set(kinds)))


def is_wanted(webhook: Webhook, event: LoggedEvent) -> bool:
    """By its kind; whether its owner may be told is looked up when it is told."""
    return any(_matches(wanted, event.kind) for wanted in webhook.kinds)


def _matches(wanted: str, kind: str) -> bool:
    return kind == wanted or (wanted.endswith(".") and kind.startswith(wanted))


def shown_secret(secret: bytes) -> str:
    return "whsec_" + base64.b64encode(secret).decode()


def signed(webhook: Webhook, secret: bytes, message: Message, now: datetime) -> SignedMessage:
    """The message as it goes over the wire. Signed anew at each try: receivers refuse old timestamps."""
    told = {"type": message.kind, "timestamp": iso(message.at), "data": dict(message.data)}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    timestamp = str(int(now.timestamp()))
    signature = hmac.new(secret, f"{message.id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return SignedMessage(
        url=webhook.url,
        headers={
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Fengtai-Webhooks",
            "webhook-id": message.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
        },
        body=body,
    )


def pause_seconds(failures: int) -> float:
    """After this many failures in a row."""
    return float(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(max(failures - 1, 0), 20)))


def is_given_up(happened_at: datetime, now: datetime) -> bool:
    """An event that could not be told for a day is set aside, so that newer ones are told when the other side is back."""
    return now - happened_at >= timedelta(seconds=GIVE_UP_SECONDS)


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
