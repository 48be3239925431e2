"""Our own vectors byte for byte, lines of real panels, and an independent implementation."""

import json
import os
from pathlib import Path

import pytest
from pysiaalarm import SIAEvent

from fengtai.protocols.sia_dc09 import Message, decode, encode, events_of, frames_of_datagram, parse_keys
from fengtai.protocols.sia_dc09.cipher import decrypt, encrypt

VECTORS = json.loads((Path(__file__).parent / "vectors" / "dc09_vectors.json").read_text())
PUBLISHED = next(vector for vector in VECTORS if vector["name"].startswith("18 "))
SHARED = Path(os.environ.get("FENGTAI_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
PANEL_LINES = SHARED / "vectors" / "sia-dc09" / "lines.json"


def read(vector: dict[str, str]) -> tuple[Message, bytes | None]:
    frames, garbage = frames_of_datagram(bytes.fromhex(vector["hex"]))
    [frame] = frames
    assert (garbage, frame.crc_ok, frame.quirks) == (0, True, ())
    key = None
    if written := vector["key"]:
        [key] = parse_keys(written if written.startswith("hex:") else f"ascii:{written}")
    return decode(frame, key), key


@pytest.mark.parametrize(
    "vector", [each for each in VECTORS if each is not PUBLISHED], ids=lambda vector: vector["name"]
)
def test_each_vector_is_read_and_written_byte_for_byte(vector: dict[str, str]) -> None:
    message, key = read(vector)

    assert encode(message, key) == bytes.fromhex(vector["hex"])


def test_the_published_ciphertext_is_made_of_the_published_plain_text() -> None:
    """It names its account inside without the "#", which our own messages never do: so below the level of messages."""
    [key] = parse_keys(PUBLISHED["key"])
    plain = PUBLISHED["note"].removeprefix("published; plaintext ").encode()
    pad, _, rest = plain.partition(b"|")

    sealed = encrypt(key, rest, pad=pad)

    assert sealed.lower() == PUBLISHED["text"].rpartition("[")[2].encode()
    assert decrypt(key, sealed) == plain


def test_the_published_example_opens() -> None:
    message, _ = read(PUBLISHED)

    assert (message.content, message.inner_account, message.receiver, message.line) == (
        "NFA129",
        "12345A",
        "579BDF",
        "789ABC",
    )
    assert message.timestamp is not None
    assert message.timestamp.isoformat() == "2006-02-15T13:14:15+00:00"


@pytest.mark.skipif(not PANEL_LINES.exists(), reason="lines of real panels are not here (FENGTAI_SHARED_DATA)")
def test_lines_of_real_panels_are_read() -> None:
    for line in json.loads(PANEL_LINES.read_text())["lines"]:
        if "raw" not in line:  # whole bytes; the account was changed by who published them, so the check may not fit
            [frame], _ = frames_of_datagram(bytes.fromhex(line["raw_hex"]))
            assert frame.body.decode() == line.get("body", frame.body.decode())
            assert frame.crc_is_binary == ("BINARY" in line["device"])
            continue
        raw = line["raw"].replace("____", line["len_calc"])
        [frame], garbage = frames_of_datagram(b"\n" + raw.encode() + b"\r\x00")
        message = decode(frame)
        assert frame.crc_ok, line
        assert ("crc-over-cr" in frame.quirks) == (line["crc_ok_with_cr"] and not line["crc_ok"]), line
        assert garbage == 0
        assert message.form in raw
        assert message.account in raw


@pytest.mark.parametrize(
    "vector",
    [vector for vector in VECTORS if vector["name"].split()[0] in {"1", "2", "3", "7"}],
    ids=lambda v: v["name"],
)
def test_an_independent_implementation_reads_the_same(vector: dict[str, str]) -> None:
    message, _ = read(vector)
    [event] = events_of(message.form, message.content)

    theirs = SIAEvent.from_line(vector["text"])

    assert theirs.valid_message
    assert (theirs.account, theirs.sequence) == (message.account, message.sequence)
    if message.form == "SIA-DCS":
        assert theirs.code == event.code
    else:
        assert (theirs.event_type, theirs.event_qualifier) == (event.code, vector["text"].split("|")[1][0])
