"""MPEG transport stream (ISO/IEC 13818-1 2.4): what some GB/T 28181 devices send under the name of PS.

Public face: `TsDemuxer` for what devices send, `TsMuxer` for the device role (simulator).
"""

from fengtai.protocols.mpegts.demuxer import TsCounters, TsDemuxer
from fengtai.protocols.mpegts.muxer import TsMuxer
from fengtai.protocols.mpegts.tables import association_section, map_section, parse_association, parse_map

__all__ = [
    "TsCounters",
    "TsDemuxer",
    "TsMuxer",
    "association_section",
    "map_section",
    "parse_association",
    "parse_map",
]
