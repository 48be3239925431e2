"""Messages quoted in public issues of other platforms. The samples stay outside the repository."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from fengtai.protocols.gb28181 import CatalogPage, DeviceInfo, read_message
from fengtai.protocols.sdp import parse_session
from fengtai.protocols.sip import Request, parse_message

SHARED = Path(os.environ.get("FENGTAI_SHARED_DATA") or Path(__file__).parents[4] / "shared" / "data")


def samples(name: str) -> list[dict[str, Any]]:
    path = SHARED / "vectors" / "gb28181-sip" / name
    if not path.is_file():
        pytest.skip(f"{name} is absent: set FENGTAI_SHARED_DATA to the folder of shared test data")
    return list(json.loads(path.read_text())["messages"])


def test_a_hikvision_describes_itself() -> None:
    (sample,) = [one for one in samples("device_messages.json") if "DS-2DE3104W" in one.get("device", "")]
    request = parse_message(sample["raw"].encode())
    info = read_message(request.body)
    assert isinstance(info, DeviceInfo)
    assert (info.manufacturer, info.model, info.firmware) == ("Hikvision", "DS-2DE3104W-DE", "V5.4.0")


def test_a_catalogue_that_is_not_well_formed_is_salvaged() -> None:
    (sample,) = [one for one in samples("device_messages.json") if one.get("trailing_nul")]
    page = read_message(sample["raw_body"].encode() + b"\0")
    assert isinstance(page, CatalogPage)
    assert (page.total, [item.id for item in page.items]) == (2, ["61010500009994655540"])


def test_a_catalogue_with_words_for_null_is_read() -> None:
    (sample,) = [one for one in samples("device_messages.json") if "null</CivilCode>" in one.get("raw_body", "")]
    page = read_message(sample["raw_body"].encode())
    assert isinstance(page, CatalogPage)
    (item,) = page.items
    assert (item.name, item.civil_code, item.parent_id, item.is_device) == ("Camera 01", "", "", True)


def test_what_srs_is_tested_with_is_read() -> None:
    found = {one["test"]: one["raw"].encode() for one in samples("srs_messages.json") if "\r\n" in one["raw"]}
    offer = parse_session(found["SipGb28181OfferDecode"])
    assert (offer.user, offer.address, offer.ssrc) == ("64010600002020000001", "172.20.16.3", 100008888)
    request = parse_message(found["GbRegisterRequest"])
    assert isinstance(request, Request)
    assert (request.method, request.header("expires")) == ("REGISTER", "3600")
    for raw in found.values():
        if b"SIP/2.0" in raw.split(b"\r\n", 1)[0]:
            assert parse_message(raw).call_id
