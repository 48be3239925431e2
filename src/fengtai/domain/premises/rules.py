"""What premises and panel accounts may look like. Pure decisions."""

from dataclasses import replace

from fengtai.domain.premises.model import AccountWords, PremisesWords, Zone
from fengtai.vocabulary.errors import Invalid

AES_KEY_BYTES = (16, 24, 32)
"""ANSI/SIA DC-09-2021 §5.4: AES with keys of 128, 192 or 256 bits."""


def key_label(account_id: str) -> str:
    """The label under which the vault seals an account's key; whoever opens it gives the same."""
    return f"panel-account:{account_id}"


def plain_zone_number(number: str) -> str:
    """Panels pad zones with zeros ("007", "0007"): one zone, one name."""
    return number.strip().lstrip("0") or "0"


def checked_premises(words: PremisesWords) -> PremisesWords:
    """The words with zone numbers in plain form. Raise Invalid, naming the field, when they cannot be premises."""
    if not words.name.strip() or len(words.name) > 120:
        raise Invalid("premises need a name of at most 120 characters", field="name")
    zones = tuple(_checked_zone(zone) for zone in words.zones)
    names = [(zone.partition, zone.number) for zone in zones]
    if len(set(names)) != len(names):
        raise Invalid("a zone is listed twice in the same partition", field="zones")
    for keyholder in words.keyholders:
        if not keyholder.name.strip() or not keyholder.phone.strip():
            raise Invalid("a keyholder needs a name and a telephone number", field="keyholders")
    if any(not step.strip() for step in words.steps):
        raise Invalid("a prescribed step is empty", field="steps")
    return replace(words, zones=zones)


def checked_account(words: AccountWords) -> AccountWords:
    """The words trimmed. Raise Invalid, naming the field, when they cannot be a panel account."""
    if not words.channel.strip():
        raise Invalid("an account names the channel by which it reports", field="channel")
    if not words.number.strip() or len(words.number) > 40:
        raise Invalid("an account has a number of at most 40 characters", field="number")
    if words.heartbeat_seconds < 0 or words.heartbeat_seconds > 32 * 86400:
        raise Invalid("a heartbeat is expected every 0 (never) to 2764800 seconds (32 days)", field="heartbeat_seconds")
    if words.grace_seconds < 0 or words.grace_seconds > 86400:
        raise Invalid("the grace lies between 0 and 86400 seconds", field="grace_seconds")
    return replace(
        words,
        channel=words.channel.strip(),
        number=words.number.strip(),
        receiver=words.receiver.strip(),
        line=words.line.strip(),
    )


def key_from_text(text: str) -> bytes:
    """Vendors print a key as 32, 48 or 64 hexadecimal digits (Lupusec) or as 16, 24 or 32 characters (Ajax). Thirty-two
    hexadecimal digits are read as digits, the commoner habit. Raise Invalid when it is neither."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) not in AES_KEY_BYTES and text.isascii():
        key = text.encode()
    if len(key) not in AES_KEY_BYTES:
        # The text is not repeated: it may be most of a real key.
        raise Invalid("a key is 32, 48 or 64 hexadecimal digits, or 16, 24 or 32 characters", field="key")
    return key


def _checked_zone(zone: Zone) -> Zone:
    if not zone.number.strip() or len(zone.number) > 12:
        raise Invalid("a zone has a number of at most 12 characters", field="zones")
    return replace(zone, number=plain_zone_number(zone.number))
