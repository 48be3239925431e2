"""Digest authentication (RFC 2617, with the RFC 2069 form that many cameras use; RFC 3261 section 22), MD5.

Nonces are stateless: a time stamp and a keyed hash over it, the claimed identity and the source host. A 401 costs no memory,
any process with the same secret accepts it, and a captured answer is worth nothing from another host.
"""

import hashlib
import hmac
import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from fengtai.vocabulary.errors import Malformed

try:  # the interpreter's own; OpenSSL's, which hashlib takes, needs longer to be set up than to hash: 0.57 for 0.36 µs
    from _md5 import md5  # type: ignore[import-not-found]
except ImportError:  # an interpreter built without it
    from hashlib import md5


class Credentials(NamedTuple):
    """An Authorization header. `uri` is hashed as the device wrote it, never the Request-URI."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str = "MD5"
    qop: str = ""
    nonce_count: str = ""
    cnonce: str = ""

    def matches(self, password: str, method: str) -> bool:
        given = self.response.lower()
        return given.isascii() and hmac.compare_digest(digest_response(self, password, method), given)


class NonceState(Enum):
    GOOD = "good"
    STALE = "stale"
    FOREIGN = "foreign"


class NonceMint:
    """Makes and checks nonces."""

    def __init__(self, secret: bytes, *, valid_seconds: int = 300) -> None:
        self.keyed = hashlib.blake2b(key=secret, digest_size=16)
        """only copies of it are fed"""
        self.valid_ms = valid_seconds * 1000

    def mint(self, utc_ms: int, identity: str, host: str) -> str:
        return f"{utc_ms:012x}{self._mark(utc_ms, identity, host)}"

    def check(self, nonce: str, utc_ms: int, identity: str, host: str) -> NonceState:
        try:
            made_ms = int(nonce[:12], 16)
        except ValueError:
            return NonceState.FOREIGN
        # compare_digest takes text only when it is ASCII; a nonce of ours is
        if not (nonce.isascii() and hmac.compare_digest(self.mint(made_ms, identity, host), nonce)):
            return NonceState.FOREIGN
        return NonceState.GOOD if 0 <= utc_ms - made_ms <= self.valid_ms else NonceState.STALE

    def _mark(self, utc_ms: int, identity: str, host: str) -> str:
        text = f"{utc_ms}|{identity}|{host}".encode("utf-8", "surrogateescape")
        mark = self.keyed.copy()
        mark.update(text)
        return mark.hexdigest()


def digest_response(credentials: Credentials, password: str, method: str) -> str:
    """What the right password gives for these credentials (RFC 2617 section 3.2.2; without qop: RFC 2069)."""
    username, realm, middle, uri, _, _, qop, nonce_count, cnonce = credentials
    if qop:
        middle = f"{middle}:{nonce_count}:{cnonce}:{qop}"
    return _md5(f"{_md5(f'{username}:{realm}:{password}')}:{middle}:{_of_request(method, uri)}")


def challenge(realm: str, nonce: str, *, stale: bool = False) -> str:
    """A WWW-Authenticate value. `algorithm` is always named: a Dahua NVR stays silent without it; qop is not offered,
    so that the oldest form works everywhere."""
    return f'Digest realm="{realm}", nonce="{nonce}", algorithm=MD5' + (", stale=true" if stale else "")


def parse_credentials(text: str) -> Credentials:
    """Parse an Authorization value, parameters in any order. Raise Malformed."""
    fields = parse_parameters(text)
    missing = [name for name in ("username", "realm", "nonce", "uri", "response") if not fields.get(name)]
    if missing:
        raise Malformed(f"Authorization lacks {', '.join(missing)}", clause="RFC 2617 3.2.2")
    algorithm = fields.get("algorithm", "MD5")
    if algorithm.upper() != "MD5":
        raise Malformed(f"digest algorithm {algorithm[:20]!r} was not offered", clause="RFC 2617 3.2.2")
    qop = fields.get("qop", "")
    if qop not in ("", "auth"):
        raise Malformed(f"digest qop {qop[:20]!r} was not offered", clause="RFC 2617 3.2.2")
    return Credentials(
        fields["username"],
        fields["realm"],
        fields["nonce"],
        fields["uri"],
        fields["response"],
        algorithm,
        qop,
        fields.get("nc", ""),
        fields.get("cnonce", ""),
    )


def authorization(challenge_text: str, *, username: str, password: str, method: str, uri: str, cnonce: str) -> str:
    """The Authorization value that answers a challenge. Raise Malformed when the challenge is not one we can answer."""
    fields = parse_parameters(challenge_text)
    if not fields.get("nonce") or fields.get("algorithm", "MD5").upper() != "MD5":
        raise Malformed("the challenge is not an MD5 digest", clause="RFC 2617 3.2.1")
    offered = [choice.strip() for choice in fields.get("qop", "").split(",")]
    qop = "auth" if "auth" in offered else ""
    draft = Credentials(
        username,
        fields.get("realm", ""),
        fields["nonce"],
        uri,
        "",
        "MD5",
        qop,
        "00000001" if qop else "",
        cnonce if qop else "",
    )
    text = (
        f'Digest username="{username}", realm="{draft.realm}", nonce="{draft.nonce}", uri="{uri}", '
        f'response="{digest_response(draft, password, method)}", algorithm=MD5'
    )
    return text + (f', qop=auth, nc=00000001, cnonce="{cnonce}"' if qop else "")


def parse_parameters(text: str) -> dict[str, str]:
    """name=value and name="value" pairs after the word Digest. Raise Malformed when it is another scheme."""
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() != "digest":
        raise Malformed(f"authentication scheme {scheme[:20]!r} is not Digest", clause="RFC 2617 3.2")
    if _USUAL.fullmatch(rest) is not None:
        usual = [(name.lower(), quoted or bare) for name, quoted, bare in _PAIR.findall(rest)]
        return dict(reversed(usual))
    found: dict[str, str] = {}
    at, end = 0, len(rest)
    while at < end:
        equals = rest.find("=", at)
        if equals < 0:
            break
        name = rest[at:equals].strip(" ,\t").lower()
        at = equals + 1
        while at < end and rest[at] in " \t":
            at += 1
        if at < end and rest[at] == '"':
            close = rest.find('"', at + 1)
            if close < 0:
                raise Malformed("a quoted string does not end", clause="RFC 2617 3.2.1")
            value, at = rest[at + 1 : close], close + 1
        else:
            comma = rest.find(",", at)
            comma = end if comma < 0 else comma
            value, at = rest[at:comma].strip(), comma
        found.setdefault(name, value)
    return found


_USUAL = re.compile(r'\s*[A-Za-z]+=(?:"[^"]*"|[^\s",=]+)(?:,\s*[A-Za-z]+=(?:"[^"]*"|[^\s",=]+))*\s*', re.ASCII)
_PAIR = re.compile(r'([A-Za-z]+)=(?:"([^"]*)"|([^\s",=]+))', re.ASCII)


@lru_cache(maxsize=256)
def _of_request(method: str, uri: str) -> str:
    """H(A2): the same for all devices that write our address in the same way."""
    return _md5(f"{method}:{uri}")


def _md5(text: str) -> str:
    digest: str = md5(text.encode("utf-8", "surrogateescape")).hexdigest()  # noqa: S324 - RFC 2617 is MD5
    return digest
