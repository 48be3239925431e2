"""Looks at this machine: ports, folders, addresses, disk, secrets. Each look gives one finding with what to do.

Knows nothing of the settings object, so that every check can be read and tested by itself.
"""

import ipaddress
import shutil
import socket
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fengtai.apps.clocks import SystemClock


@dataclass(frozen=True, slots=True)
class Finding:
    """`id` is the setting (or thing) that was looked at; `fix` says what to do when it is not well."""

    id: str
    ok: bool
    detail: str
    fix: str = ""


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def port_is_free(id: str, host: str, port: int, *, datagrams: bool = False) -> Finding:
    """TCP, and UDP too where the listener takes both."""
    if port == 0:
        return Finding(id, True, "the system chooses a free port")
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM) if datagrams else (socket.SOCK_STREAM,):
        told = f"{'UDP' if kind is socket.SOCK_DGRAM else 'TCP'} {host}:{port}"
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=kind)[0]
            with socket.socket(family, kind) as probe:
                if kind is socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            fix = "stop what uses it (ss -lnptu), or choose another port or bind address"
            return Finding(id, False, f"{told} cannot be bound: {error.strerror or error}", fix)
    return Finding(id, True, f"{host}:{port} is free")


def folder_is_writable(id: str, folder: Path) -> Finding:
    """Tries it: rights say little on network disks and in containers."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            id, False, f"{folder}: {error.strerror or error}", "give this user the folder, or set another one"
        )
    return Finding(id, True, f"{folder} can be written")


def has_space(id: str, folder: Path, reserve_bytes: int) -> Finding:
    at = next((parent for parent in (folder, *folder.resolve().parents) if parent.exists()), Path("/"))
    free_bytes = shutil.disk_usage(at).free
    detail = f"{free_bytes / 1e9:.1f} GB free at {at}, {reserve_bytes / 1e9:.1f} GB of it kept as reserve"
    if free_bytes <= reserve_bytes:
        return Finding(id, False, detail, "free space or add a disk: recording does not begin below the reserve")
    return Finding(id, True, detail)


def are_enough(id: str, number: int, wanted: int, of_what: str) -> Finding:
    if number < wanted:
        return Finding(id, False, f"{number} ports for {wanted} {of_what}", "widen the range or lower the number")
    return Finding(id, True, f"{number} ports for {wanted} {of_what}")


def is_plausible_address(id: str, address: str, *, bound_to: str) -> Finding:
    """What stands in SDP or Contact must be reachable for the devices: the field's commonest fault is a wrong one."""
    fix = "set it to the address of this machine in the devices' network"
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return Finding(id, False, f"{address!r} is not an IP address", fix)
    if parsed.is_unspecified or parsed.is_multicast:
        return Finding(id, False, f"devices cannot send to {address}", fix)
    if parsed.is_loopback and not is_loopback(bound_to):
        return Finding(id, False, f"{address} is told to devices, but means the device itself", fix)
    if parsed.is_loopback:
        return Finding(id, True, f"{address}: only devices on this machine (simulated ones) can reach it")
    return Finding(id, True, f"devices are told {address}")


def sip_identity(section: str, id: str, domain: str) -> Finding:
    """GB/T 28181 annex E: the platform has a 20-digit id that begins with the ten digits of its domain."""
    name, fix = f"{section}.id", "an id has 20 digits and begins with the ten digits of the domain"
    if not (len(id) == 20 and id.isascii() and id.isdigit()):
        return Finding(name, False, f"{id!r} is not a code of twenty digits", fix)
    if not id.startswith(domain[:10]) or not domain.isdigit() or len(domain) not in (10, 20):
        return Finding(name, False, f"id {id} does not lie in domain {domain!r}", fix)
    return Finding(name, True, f"id {id} in domain {domain}")


def is_strong(id: str, secret: str) -> Finding:
    """MD5 digest can be tried offline by whoever hears one exchange, so that length is all there is."""
    fix = "set 12 or more characters of your own choosing; openssl rand -base64 12 makes one"
    if not secret:
        return Finding(id, False, "is not set, so that no unknown device can register", fix)
    if len(secret) < 10 or len(set(secret)) < 6 or secret.casefold() in ("1234567890", "hikvision12345", "password123"):
        return Finding(id, False, "is too easy to guess", fix)
    return Finding(id, True, f"is set ({len(secret)} characters)")


def certificate_loads(id: str, certificate: Path, key: Path) -> Finding:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        return Finding(id, False, f"{certificate}: {error}", "give a PEM chain and its PEM key, readable for this user")
    return Finding(id, True, f"{certificate} loads")


def live_is_reachable(id: str) -> Finding:
    """The console comes by https, so the browser refuses ws: as mixed content."""
    fix = "set media.http_tls_certificate and media.http_tls_key too, or let a proxy encrypt both"
    return Finding(id, False, "the console is encrypted and the live pictures are not: browsers refuse that", fix)


def clock_is_plausible(id: str) -> Finding:
    """A machine without a battery starts in 1970, and every record of it would be worthless."""
    now = SystemClock().now().utc
    if now.year < 2025:
        return Finding(id, False, f"the clock says {now:%Y-%m-%d}", "set the clock and run chrony or systemd-timesyncd")
    return Finding(id, True, f"{now:%Y-%m-%d %H:%M:%S} UTC")
