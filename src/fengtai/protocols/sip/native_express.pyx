"""Requests in the usual order, natively: twins of `read_usual_in_python` and `read_registering_in_python` of express.py.

The grammar is that of the two patterns there, byte by byte (tests/protocols/sip/test_express.py holds the two against each
other). Every byte is read through bounds-checked `bytes`; what is copied has been measured before.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeASCII
from libc.stdint cimport uint32_t
from libc.stdio cimport snprintf
from libc.string cimport memcmp, memcpy

from fengtai.protocols.sip.digest import Credentials

cdef enum:
    LINE = 1          # [^\r\n]
    VIA_PART = 2      # [^,;\r\n]
    IN_BRACKETS = 4   # [^<>\r\n]
    PLAIN_TO = 8      # [^<>;\r\n]
    ALPHANUMERIC = 16
    DIGIT = 32
    NO_BLANK = 64     # [^ \t\r\n]
    QUOTED = 128      # [^"\r\n]
    URI = 256         # [^ <\t\r\n]
    MOST_OTHERS = 9
    MOST_REGISTER_LINES = 11

cdef unsigned short CLASSES[256]
cdef uint32_t CRC[256]


cdef void _prepare() noexcept:
    cdef int byte, step
    cdef uint32_t value
    for byte in range(256):
        CLASSES[byte] = 0
        value = byte
        for step in range(8):
            value = (value >> 1) ^ 0xEDB88320 if value & 1 else value >> 1
        CRC[byte] = value
        if byte == 13 or byte == 10:
            continue
        CLASSES[byte] = LINE
        if byte != 44 and byte != 59:  # , ;
            CLASSES[byte] |= VIA_PART
        if byte != 60 and byte != 62:  # < >
            CLASSES[byte] |= IN_BRACKETS
            if byte != 59:
                CLASSES[byte] |= PLAIN_TO
        if byte != 32 and byte != 9:
            CLASSES[byte] |= NO_BLANK
            if byte != 60:
                CLASSES[byte] |= URI
        if byte != 34:
            CLASSES[byte] |= QUOTED
        if 48 <= byte <= 57:
            CLASSES[byte] |= DIGIT | ALPHANUMERIC
        if 65 <= byte <= 90 or 97 <= byte <= 122:
            CLASSES[byte] |= ALPHANUMERIC


_prepare()


cdef struct Span:
    Py_ssize_t start
    Py_ssize_t end


cdef struct Head:
    Span via, after, sender, sender_user, to, to_user, call_id, cseq


cdef inline Py_ssize_t _run(bytes data, Py_ssize_t at, int kind) except -1:
    """Where the run of bytes of this kind ends."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    while at < size and CLASSES[<unsigned char> data[at]] & kind:
        at += 1
    return at


cdef inline Py_ssize_t _word(bytes data, Py_ssize_t at, bytes word) noexcept:
    """Behind this word; -1 when something else stands there."""
    cdef Py_ssize_t length = PyBytes_GET_SIZE(word)
    if at < 0 or PyBytes_GET_SIZE(data) - at < length:
        return -1
    if memcmp(PyBytes_AS_STRING(data) + at, PyBytes_AS_STRING(word), length) != 0:
        return -1
    return at + length


cdef inline Py_ssize_t _some(bytes data, Py_ssize_t at, int kind, Py_ssize_t most, Span *span) except -2:
    """Behind a run of one to `most` bytes; -1 when there is none or a longer one."""
    cdef Py_ssize_t end
    if at < 0:
        return -1
    end = _run(data, at, kind)
    if end == at or end - at > most:
        return -1
    span.start, span.end = at, end
    return end


cdef Py_ssize_t _branch(bytes data, Py_ssize_t at) except -2:
    """Behind an optional `;branch=...`."""
    cdef Span value
    cdef Py_ssize_t end = _some(data, _word(data, at, b";branch="), VIA_PART, 1 << 30, &value)
    return at if end < 0 else end


cdef inline bint _ends_blank(bytes data, Py_ssize_t end) except -1:
    """Whether the value before `end` ends in what the parser would take away."""
    return not 0x21 <= <unsigned char> data[end - 1] <= 0x7E


cdef Py_ssize_t _head(bytes data, bytes method, Head *head) except -2:
    """Behind the CSeq line; -1 when this is not the usual order."""
    cdef Span skipped
    cdef Py_ssize_t at, end
    at = _word(data, _word(data, 0, method), b" ")
    at = _word(data, _some(data, at, URI, 1 << 30, &skipped), b" SIP/2.0\r\nVia: ")
    if at < 0:
        return -1
    head.via.start = at - 5
    at = _some(data, _word(data, at, b"SIP/2.0/UDP "), VIA_PART, 1 << 30, &skipped)
    if at < 0:
        return -1
    head.via.end = at = _branch(data, at)
    at = _word(data, at, b";rport")
    if at < 0:
        return -1
    head.after.start = at
    head.after.end = at = _branch(data, at)
    if _ends_blank(data, at):
        return -1
    at = _word(data, at, b"\r\n")
    end = _some(data, _word(data, at, b"Max-Forwards: "), DIGIT, 3, &skipped)
    if end >= 0:
        at = _word(data, end, b"\r\n")
    at = _word(data, at, b"From: ")
    if at < 0:
        return -1
    head.sender.start = at
    at = _some(data, _word(data, at, b"<sip:"), ALPHANUMERIC, 64, &head.sender_user)
    at = _word(data, at, b"@")
    if at < 0:
        return -1
    at = _word(data, _run(data, at, IN_BRACKETS), b">")
    if at < 0:
        return -1
    head.sender.end = at = _run(data, at, LINE)
    if _ends_blank(data, at):
        return -1
    at = _word(data, at, b"\r\nTo: ")
    if at < 0:
        return -1
    head.to.start = at
    at = _some(data, _word(data, at, b"<sip:"), ALPHANUMERIC, 64, &head.to_user)
    at = _word(data, at, b"@")
    if at < 0:
        return -1
    at = _word(data, _run(data, at, PLAIN_TO), b">")
    head.to.end = at
    at = _some(data, _word(data, at, b"\r\nCall-ID: "), NO_BLANK, 1 << 30, &head.call_id)
    at = _word(data, at, b"\r\nCSeq: ")
    if at < 0:
        return -1
    head.cseq.start = at
    at = _word(data, _word(data, _some(data, at, DIGIT, 9, &skipped), b" "), method)
    head.cseq.end = at
    return _word(data, at, b"\r\n")


cdef inline char *_put(char *to, bytes data, Span span) noexcept:
    memcpy(to, PyBytes_AS_STRING(data) + span.start, span.end - span.start)
    return to + (span.end - span.start)


cdef inline char *_put_word(char *to, bytes word) noexcept:
    memcpy(to, PyBytes_AS_STRING(word), PyBytes_GET_SIZE(word))
    return to + PyBytes_GET_SIZE(word)


cdef inline uint32_t _crc(uint32_t value, bytes data, Span span) except? 0:
    cdef Py_ssize_t at
    for at in range(span.start, span.end):
        value = CRC[(value ^ <unsigned char> data[at]) & 0xFF] ^ (value >> 8)
    return value


cdef inline uint32_t _crc_bar(uint32_t value) noexcept:
    return CRC[(value ^ 124) & 0xFF] ^ (value >> 8)  # "|"


cdef bytes _echo(bytes data, Head *head, str host, int port):
    """The headers that every answer echoes; the tag of To is derived as `messages.derived_tag` does."""
    cdef Py_ssize_t host_size = 0
    cdef const char *host_text = PyUnicode_AsUTF8AndSize(host, &host_size)
    cdef char port_text[16]
    cdef char tag[16]
    cdef int port_size = snprintf(port_text, sizeof(port_text), b"%d", port)
    cdef uint32_t crc = 0xFFFFFFFF
    crc = _crc_bar(_crc(crc, data, head.call_id))
    crc = _crc_bar(_crc(crc, data, head.sender))
    crc = _crc(crc, data, head.cseq) ^ 0xFFFFFFFF
    snprintf(tag, sizeof(tag), b"%08x", crc)
    cdef Py_ssize_t size = (
        (head.via.end - head.via.start) + 7 + port_size + 10 + host_size + (head.after.end - head.after.start) + 8
        + (head.sender.end - head.sender.start) + 6 + (head.to.end - head.to.start) + 5 + 8 + 11
        + (head.call_id.end - head.call_id.start) + 8 + (head.cseq.end - head.cseq.start) + 2
    )
    cdef bytes echo = PyBytes_FromStringAndSize(NULL, size)
    cdef char *to = PyBytes_AS_STRING(echo)
    to = _put_word(_put(to, data, head.via), b";rport=")
    memcpy(to, port_text, port_size)
    to = _put_word(to + port_size, b";received=")
    memcpy(to, host_text, host_size)
    to = _put_word(_put(to + host_size, data, head.after), b"\r\nFrom: ")
    to = _put_word(_put(to, data, head.sender), b"\r\nTo: ")
    to = _put_word(_put(to, data, head.to), b";tag=")
    memcpy(to, tag, 8)
    to = _put_word(to + 8, b"\r\nCall-ID: ")
    to = _put_word(_put(to, data, head.call_id), b"\r\nCSeq: ")
    to = _put_word(_put(to, data, head.cseq), b"\r\n")
    if to - PyBytes_AS_STRING(echo) != size:
        raise AssertionError("an echo of another length than was measured")
    return echo


cdef inline object _text(bytes data, Span span):
    return PyUnicode_DecodeASCII(PyBytes_AS_STRING(data) + span.start, span.end - span.start, NULL)


cdef inline bytes _piece(bytes data, Span span):
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(data) + span.start, span.end - span.start)


cdef tuple OTHERS = (
    b"Content-Type: ", b"Max-Forwards: ", b"User-Agent: ", b"Contact: ", b"Expires: ", b"X-GB-ver: ", b"X-GB-Ver: ",
    b"Date: ", b"Allow: ",
)
cdef tuple REGISTER_OTHERS = (b"Max-Forwards: ", b"User-Agent: ", b"Date: ", b"Allow: ")


cdef Py_ssize_t _other(bytes data, Py_ssize_t at, tuple names) except -2:
    """Behind a line of one of these names; -1 when it is another."""
    cdef Py_ssize_t end
    cdef bytes name
    for name in names:
        end = _word(data, at, name)
        if end >= 0:
            return _word(data, _run(data, end, LINE), b"\r\n")
    return -1


def read_usual(bytes data not None, str host not None, int port):
    cdef Head head
    cdef Span length
    cdef Py_ssize_t at = _head(data, b"MESSAGE", &head), end
    cdef int others = 0
    cdef bint measured = False
    while at >= 0:
        end = _word(data, at, b"\r\n")
        if end >= 0:
            return _text(data, head.sender_user), _echo(data, &head, host, port), end
        end = _word(data, at, b"Content-Length: ")
        if end >= 0:
            if measured:
                return None
            at, measured, others = _word(data, _some(data, end, DIGIT, 9, &length), b"\r\n"), True, 0
            continue
        others += 1
        if others > MOST_OTHERS:
            return None
        at = _other(data, at, OTHERS)
    return None


cdef Py_ssize_t _quoted(bytes data, Py_ssize_t at, bytes name, Span *value) except -2:
    """Behind `name="value"`."""
    return _word(data, _some(data, _word(data, at, name), QUOTED, 1 << 30, value), b'"')


cdef Py_ssize_t _comma(bytes data, Py_ssize_t at) noexcept:
    """Behind a comma and perhaps one blank."""
    cdef Py_ssize_t end = _word(data, at, b",")
    at = _word(data, end, b" ")
    return at if at >= 0 else end


cdef Py_ssize_t _proof(bytes data, Py_ssize_t at, Span *parts) except -2:
    """Behind the credentials; -1 when they are in another order."""
    cdef Py_ssize_t end
    at = _comma(data, _quoted(data, at, b'Digest username="', &parts[0]))
    at = _comma(data, _quoted(data, at, b'realm="', &parts[1]))
    at = _comma(data, _quoted(data, at, b'nonce="', &parts[2]))
    at = _comma(data, _quoted(data, at, b'uri="', &parts[3]))
    at = _quoted(data, at, b'response="', &parts[4])
    end = _word(data, _comma(data, at), b"algorithm=")
    if end < 0:
        return at
    if _word(data, end, b'"') >= 0:
        end += 1
    end = _word(data, end, b"MD5")
    if end >= 0 and _word(data, end, b'"') >= 0:
        end += 1
    return end


def read_registering(bytes data not None, str host not None, int port):
    cdef Head head
    cdef Span contact, expires, edition, length
    cdef Span proof[5]
    cdef Py_ssize_t at = _head(data, b"REGISTER", &head), end
    cdef int lines = 0
    contact.start = contact.end = expires.start = expires.end = edition.start = edition.end = 0
    proof[0].start = proof[0].end = length.start = length.end = 0
    while at >= 0 and at != PyBytes_GET_SIZE(data) - 2:
        lines += 1
        if lines > MOST_REGISTER_LINES:
            return None
        end = _word(data, at, b"Contact: ")
        if end >= 0:
            if contact.end or _run(data, end, NO_BLANK) == end:
                return None
            contact.start = end
            contact.end = at = _run(data, end, LINE)
            at = _word(data, at, b"\r\n")
            continue
        end = _word(data, at, b"Expires: ")
        if end >= 0:
            at = -1 if expires.end else _word(data, _some(data, end, DIGIT, 9, &expires), b"\r\n")
            continue
        end = _word(data, at, b"Authorization: ")
        if end >= 0:
            at = -1 if proof[0].end else _word(data, _proof(data, end, proof), b"\r\n")
            continue
        end = _word(data, at, b"X-GB-ver: ")
        if end < 0:
            end = _word(data, at, b"X-GB-Ver: ")
        if end >= 0:
            if edition.end or _run(data, end, DIGIT) != end + 1 or _word(data, end + 1, b".") < 0:
                return None
            if _run(data, end + 2, DIGIT) != end + 3:
                return None
            edition.start, edition.end = end, end + 3
            at = _word(data, end + 3, b"\r\n")
            continue
        end = _word(data, at, b"Content-Length: 0")
        if end >= 0:
            at = -1 if length.end else _word(data, end, b"\r\n")
            length.end = end
            continue
        at = _other(data, at, REGISTER_OTHERS)
    if _word(data, at, b"\r\n") < 0:
        return None
    if head.to_user.end - head.to_user.start != 20 or _run(data, head.to_user.start, DIGIT) != head.to_user.end:
        return None
    credentials = None
    if proof[0].end:
        try:
            credentials = tuple.__new__(Credentials, (
                _text(data, proof[0]), _text(data, proof[1]), _text(data, proof[2]), _text(data, proof[3]),
                _text(data, proof[4]), "MD5", "", "", "",
            ))  # as Credentials(...) makes it, without the call into Python
        except UnicodeDecodeError:
            return None
    return (
        _text(data, head.to_user),
        _echo(data, &head, host, port),
        _piece(data, head.call_id),
        _piece(data, contact),
        _piece(data, expires),
        _piece(data, edition),
        credentials,
    )
