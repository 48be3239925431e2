"""How long the platform waits for devices and how much it takes from one: the ordinary measures, in one place to be given
others (a small machine, a thin line, a test that has no two minutes)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    first_part_seconds: float = 120.0
    """for the first part of a catalogue"""
    next_part_seconds: float = 5.0
    """for each other, unless the device's profile says more"""
    again_seconds: float = 10.0
    """for the first part of a catalogue that is asked for again"""
    longest_catalogue_seconds: float = 900.0
    catalogue_tries: int = 3
    raw_catalogue_bytes: int = 256 * 1024
    """kept of one catalogue as it came: the newest messages"""
    order_answer_seconds: float = 6.0
    order_result_seconds: float = 8.0
    """after the 200: together less than a person waits"""
    tick_seconds: float = 1.0
    recalls_a_second: float = 1_000.0
    """after a restart: unknown devices that are told so (403), and so register anew; the keepalives of the others stay
    unanswered until it is their turn, lest a city registers in one second when the database was lost"""
    told_bytes: float = 8 * 1024 * 1024
    told_bytes_a_second: float = 256 * 1024
    """what a device may tell at once, and for long: beyond, it gets 503. Keepalives and the parts of a catalogue that was
    asked for are not counted"""
    most_registrations_held: int = 4_000
    """beyond, a REGISTER gets 503 at once: what is left of the machine belongs to life signs and alarms"""
