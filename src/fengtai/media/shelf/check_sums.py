"""The check sum of a fragment: CRC-32 (ISO 3309, as zlib's) over its pieces as they are written.

Each byte that is recorded passes here: with zlib alone it was a tenth of what a worker does. A compiled twin
(native_sums.pyx) does the work where it has been built and the processor has the instruction for it.
"""

import zlib
from collections.abc import Sequence


def crc32_in_python(pieces: Sequence[bytes]) -> int:
    crc = 0
    for piece in pieces:
        crc = zlib.crc32(piece, crc)
    return crc


try:
    from fengtai.media.shelf.native_sums import crc32_of as crc32_of
except ImportError:  # nobody has compiled it, or another processor: the same, slower
    crc32_of = crc32_in_python
