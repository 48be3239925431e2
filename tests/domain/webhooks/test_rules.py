"""Where a webhook may lead, what it is told, how it is signed, and when it is given up."""

import base64
import hashlib
import hmac
import ipaddress
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.test_webhooks_stores import HOOK, NOW

from fengtai.domain.webhooks import rules
from fengtai.domain.webhooks.model import Message, WebhookPolicy
from fengtai.vocabulary.errors import Forbidden, Invalid
from fengtai.vocabulary.events import LoggedEvent

PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
INSIDE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1",
    "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1",
    "64:ff9b:1::1", "2002:7f00:0001::", "2002:0a00:0001::", "2001:0:0a00:1::", "2001:db8::1", "fec0::1", "", "example.com",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address: str):
    assert rules.is_public_address(address)


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_not_in_whatever_coat(address: str):
    assert not rules.is_public_address(address)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_like_the_one_inside(address: ipaddress.IPv4Address):
    assert rules.is_public_address(f"::ffff:{address}") == rules.is_public_address(str(address))
    assert rules.is_public_address(f"64:ff9b::{address}") == rules.is_public_address(str(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https:///path",
        "//example.com",
        "https://user:secret@example.com/",
        "https://example.com/#part",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://localhost/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: inside",
        "https://exämple.com/",
        "https://example.com\\@10.0.0.1/",
        "https://" + "a" * 600,
        "javascript:alert(1)",
        "[",
    ],
)
def test_what_is_no_address_of_a_webhook_is_refused(url: str):
    with pytest.raises(Invalid):
        rules.check_url(url, WebhookPolicy())


def test_allowed_hosts_may_lie_inside_and_speak_plainly():
    policy = WebhookPolicy(allowed_hosts=frozenset({"10.0.0.9", "desk.local"}))
    for url in ("http://10.0.0.9:8080/hook", "http://desk.local/hook", "https://example.com/hook?x=1"):
        assert rules.check_url(url, policy) == url
    with pytest.raises(Invalid):
        rules.check_url("http://10.0.0.8/hook", policy)


KNOWN = {"alarms.raised": "alarms.see", "alarms.changed": "alarms.see", "system.part_changed": "system.see"}


def test_kinds_are_named_wholly_or_by_their_beginning():
    seen = frozenset({"alarms.see"})
    assert rules.check_kinds(["alarms.raised", "alarms.", "alarms.raised"], KNOWN, seen) == ("alarms.", "alarms.raised")
    for wrong in (["alarm"], ["alarms"], ["*"], [""], [], ["alarms.raised"] * 51):
        with pytest.raises(Invalid):
            rules.check_kinds(wrong, KNOWN, seen)
    with pytest.raises(Forbidden, match=r"system\.see"):
        rules.check_kinds(["system."], KNOWN, seen)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [("alarms.raised", True), ("incidents.opened", True), ("incidents.changed", False), ("devices.enrolled", False)],
)
def test_a_webhook_is_told_what_it_asked_for(kind: str, wanted: bool):
    assert rules.is_wanted(HOOK, LoggedEvent(1, 0, kind, "alarms.see", {})) is wanted


def test_the_signature_is_that_of_standard_webhooks():
    secret = b"s" * 32
    message = rules.signed(HOOK, secret, Message(id="w1.7", kind="alarms.raised", at=NOW, data={"文": 1}), NOW)
    signed = f"w1.7.{int(NOW.timestamp())}.".encode() + message.body
    signature = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
    assert message.headers["webhook-signature"] == f"v1,{signature}"
    assert json.loads(message.body) == {"type": "alarms.raised", "timestamp": rules.iso(NOW), "data": {"文": 1}}
    assert base64.b64decode(rules.shown_secret(secret).removeprefix("whsec_")) == secret


def test_pauses_double_up_to_an_hour():
    assert [rules.pause_seconds(failures) for failures in (1, 2, 3, 4)] == [5, 10, 20, 40]
    assert rules.pause_seconds(11) == rules.pause_seconds(10**9) == 3600


def test_an_event_is_given_up_after_a_day():
    assert not rules.is_given_up(NOW, NOW + timedelta(hours=23))
    assert rules.is_given_up(NOW, NOW + timedelta(hours=24))
