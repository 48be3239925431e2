"""Contact ID (SIA DC-05) blocks, and the meanings of Contact ID and SIA (DC-03) event codes. No tones, no sockets."""

from fengtai.protocols.contact_id.block import Block, checksum, decode_block
from fengtai.protocols.contact_id.contact_id_codes import is_opening_or_closing
from fengtai.protocols.contact_id.contact_id_codes import meaning_of as contact_id_meaning
from fengtai.protocols.contact_id.meanings import CATEGORIES, KINDS, Meaning
from fengtai.protocols.contact_id.sia_codes import meaning_of as sia_meaning

__all__ = [
    "CATEGORIES",
    "KINDS",
    "Block",
    "Meaning",
    "checksum",
    "contact_id_meaning",
    "decode_block",
    "is_opening_or_closing",
    "sia_meaning",
]
