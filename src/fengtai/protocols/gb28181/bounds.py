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
    most_registrations_held: int = 4_000
    """beyond, a REGISTER gets 503 at once: what is left of the machine belongs to life signs and alarms"""
