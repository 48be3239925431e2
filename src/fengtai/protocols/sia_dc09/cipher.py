"""Encryption of DC-09 (5.4): AES-CBC with 128, 192 or 256 bits, an initial vector of zeros, text as hexadecimal digits.

The encrypted part is everything after the first "[" up to the CR: `pad|data]...timestamp`, a multiple of 16 bytes. Zero
vector and no authentication are the standard's; docs/design tell what that is worth. Pads are given by the caller.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from fengtai.vocabulary.errors import Invalid, Malformed

CLAUSE = "SIA DC-09, 5.4 encryption"
_BLOCK_BYTES = 16
_ZERO_VECTOR = bytes(_BLOCK_BYTES)
PAD_FILL = "P"
"""what our own panels pad with when nothing else is given; any printable character except | [ ] is allowed"""


def parse_keys(text: str) -> tuple[bytes, ...]:
    """The keys that this text may mean, likeliest first: vendors print 16, 24 or 32 ASCII characters (Ajax), or 32, 48
    or 64 hexadecimal digits (Lupusec); 32 digits may be either, and the first message that opens decides.

    `ascii:` or `hex:` before it leaves no doubt. Raise Invalid when it is no key.
    """
    kind, colon, rest = text.partition(":")
    digits, characters = (rest, "") if colon and kind == "hex" else (text, text)
    if colon and kind == "ascii":
        digits, characters = "", rest
    keys = []
    if len(digits) in (32, 48, 64) and _is_hex(digits):
        keys.append(bytes.fromhex(digits))
    if len(characters) in (16, 24, 32) and characters.isascii():
        keys.append(characters.encode())
    if not keys:
        raise Invalid("a DC-09 key has 16, 24 or 32 characters, or 32, 48 or 64 hexadecimal digits", field="key")
    return tuple(keys)


def _is_hex(text: str) -> bool:
    return len(text) % 2 == 0 and all(character in "0123456789abcdefABCDEF" for character in text)


def decrypt(key: bytes, hexadecimal: bytes) -> bytes:
    """The plain text, pad included. Raise Malformed when it is no hexadecimal text of whole blocks."""
    try:
        sealed = bytes.fromhex(hexadecimal.decode("ascii"))
    except ValueError:
        raise Malformed("encrypted part is not hexadecimal", clause=CLAUSE, data=hexadecimal) from None
    if not sealed or len(sealed) % _BLOCK_BYTES:
        raise Malformed("encrypted part is not a whole number of blocks", clause=CLAUSE, data=hexadecimal)
    opener = Cipher(algorithms.AES(key), modes.CBC(_ZERO_VECTOR)).decryptor()
    return opener.update(sealed) + opener.finalize()


def encrypt(key: bytes, plain: bytes, *, pad: bytes | None = None) -> bytes:
    """Upper-case hexadecimal of `pad|plain`; without a pad of the caller's, the shortest of one byte or more."""
    if pad is None:
        pad = PAD_FILL.encode() * (-(len(plain) + 1) % _BLOCK_BYTES or _BLOCK_BYTES)
    text = pad + b"|" + plain
    if len(text) % _BLOCK_BYTES:
        raise Invalid("the pad does not fill the last block", field="pad")
    sealer = Cipher(algorithms.AES(key), modes.CBC(_ZERO_VECTOR)).encryptor()
    return (sealer.update(text) + sealer.finalize()).hex().upper().encode()
