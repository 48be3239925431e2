from typing import Any

from fengtai.protocols.sip.register_lane import Taken

class RegisterLane:
    def __init__(self, keyed: Any, valid_ms: int, first: bytes, middle: bytes, last: bytes) -> None: ...
    def take(self, data: bytes, host: str, port: int, utc_ms: int) -> Taken: ...
