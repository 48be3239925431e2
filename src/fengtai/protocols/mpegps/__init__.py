"""MPEG program stream (ISO/IEC 13818-1 2.5) as GB/T 28181 annex C uses it: one pack per picture.

Public face: `PsDemuxer` for what devices send, `PsMuxer` for the device role (simulator, cascade).
"""

from fengtai.protocols.mpegps.demuxer import PsCounters, PsDemuxer
from fengtai.protocols.mpegps.muxer import PsMuxer
from fengtai.protocols.mpegps.program_map import ProgramMap, parse_program_map

__all__ = [
    "ProgramMap",
    "PsCounters",
    "PsDemuxer",
    "PsMuxer",
    "parse_program_map",
]
