"""NAL units of a byte stream (ISO/IEC 14496-10 B.1), natively: twins of functions in annexb.py and plain_pictures.py."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memchr


cdef Py_ssize_t _next_code(bytes data, Py_ssize_t at) except -2:
    """Where the next 00 00 01 begins, from `at` on; -1 when there is none."""
    cdef const char *raw = PyBytes_AS_STRING(data)
    cdef const char *one
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    at += 2
    while at < size:
        # 01 is searched, not 00: in coded video it is the rarer of the two
        one = <const char *> memchr(raw + at, 1, size - at)
        if one == NULL:
            return -1
        at = one - raw
        if data[at - 1] == 0 and data[at - 2] == 0:
            return at - 2
        at += 1
    return -1


cdef Py_ssize_t _trimmed(bytes data, Py_ssize_t start, Py_ssize_t end) except -1:
    """Where the unit of start..end really ends: trailing_zero_8bits and the zero_byte of a long code are no part of it."""
    while end > start and data[end - 1] == 0:
        end -= 1
    return end


cdef inline bytes _piece(bytes data, Py_ssize_t start, Py_ssize_t end):
    if not 0 <= start <= end <= PyBytes_GET_SIZE(data):
        raise IndexError("a piece outside of its data")
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(data) + start, end - start)


def split_nals(bytes data not None):
    cdef Py_ssize_t start, code, end
    cdef list nals = []
    code = _next_code(data, 0)
    while code >= 0:
        start = code + 3
        code = _next_code(data, start)
        end = _trimmed(data, start, code if code >= 0 else PyBytes_GET_SIZE(data))
        if end > start:
            nals.append(_piece(data, start, end))
    return nals


def plain_nals(bytes data not None, bint is_h265):
    cdef Py_ssize_t start, code, end
    cdef unsigned char first
    cdef int kind
    cdef bint has_slice = False
    cdef list nals = []
    code = _next_code(data, 0)
    while code >= 0:
        start = code + 3
        code = _next_code(data, start)
        end = _trimmed(data, start, code if code >= 0 else PyBytes_GET_SIZE(data))
        if end == start:
            continue
        first = data[start]
        if is_h265:
            kind = first >> 1 & 0x3F
            if kind == 35 or kind == 38:
                continue
            if first & 0x9F == 7 or (kind > 9 and kind != 39 and kind != 40):
                return None
            has_slice = has_slice or kind <= 9
        else:
            kind = first & 0x1F
            if kind == 9 or kind == 12:
                continue
            if kind != 1 and kind != 6:
                return None
            has_slice = has_slice or kind == 1
        nals.append(_piece(data, start, end))
    return tuple(nals) if has_slice else None
