"""What can still be answered of a request that cannot be accepted (RFC 3261 section 8.1.1, RFC 4475 section 3.1.2).

A device with a bug deserves its 400: it stops repeating, and its trace says why. Only the five headers that an answer
echoes are looked for; when one is missing, or the bytes are no request, nobody can be answered.
"""

from fengtai.protocols.sip.messages import Request

_WANTED = {
    b"via": "via",
    b"v": "via",
    b"from": "from",
    b"f": "from",
    b"to": "to",
    b"t": "to",
    b"call-id": "call-id",
    b"i": "call-id",
    b"cseq": "cseq",
}
LONGEST_HEAD_BYTES = 8_192


def answerable(data: bytes) -> Request | None:
    """A request with just the headers that a 400 echoes; None when it cannot or (an ACK) must not be answered."""
    head = data[:LONGEST_HEAD_BYTES].partition(b"\r\n\r\n")[0].strip(b"\r\n")
    lines = head.split(b"\r\n")
    method = lines[0].partition(b" ")[0]
    if not (method.isalpha() and method.isupper() and len(method) <= 12) or method == b"ACK":
        return None
    if b" sip" not in lines[0].lower():
        return None
    found: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        known = _WANTED.get(name.strip().lower())
        if colon and known is not None:
            found.setdefault(known, value.strip().decode("utf-8", "surrogateescape"))
    if len(found) < 5 or not all(found.values()):
        return None
    return Request(method.decode(), "", list(found.items()))
