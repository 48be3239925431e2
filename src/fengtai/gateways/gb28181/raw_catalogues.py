"""The messages of the last catalogue of each device as they came, for whoever has to find out what a device really says.

In memory: the next catalogue brings them again. Bounded for each device (by the protocol) and for all together: beyond,
those of the device that told its catalogue longest ago go.
"""

from collections import OrderedDict
from collections.abc import Sequence

MOST_BYTES = 32 << 20


class RawCatalogues:
    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._of: OrderedDict[str, tuple[bytes, ...]] = OrderedDict()

    def keep(self, device_id: str, messages: tuple[bytes, ...]) -> None:
        self._drop(device_id)
        self._of[device_id] = messages
        self._bytes += _size(messages)
        while self._bytes > self._most_bytes:
            self._drop(next(iter(self._of)))

    def of(self, device_id: str) -> Sequence[bytes]:
        return self._of.get(device_id, ())

    def _drop(self, device_id: str) -> None:
        self._bytes -= _size(self._of.pop(device_id, ()))


def _size(messages: Sequence[bytes]) -> int:
    return sum(map(len, messages))
