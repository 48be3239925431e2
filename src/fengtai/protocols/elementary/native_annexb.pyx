"""NAL units of a byte stream (ISO/IEC 14496-10 B.1), natively: twins of functions in annexb.py and plain_pictures.py."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE


cdef enum:
    BLOCK = 256  # bytes looked at together: two zeros in a row are in one of 256 such blocks of coded video


cdef inline bint _has_zero_pair(const unsigned char *raw) noexcept nogil:
    """Whether two zeros in a row begin within these `BLOCK` bytes; one more is read. The compiler makes vectors of it."""
    cdef unsigned char found = 0
    cdef int at
    for at in range(BLOCK):
        found |= (raw[at] | raw[at + 1]) == 0
    return found


cdef Py_ssize_t _next_code(bytes data, Py_ssize_t at, Py_ssize_t behind) except -2:
    """Where the next 00 00 01 before `behind` begins, from `at` on; -1 when there is none."""
    cdef const unsigned char *raw = <const unsigned char *> PyBytes_AS_STRING(data)
    cdef Py_ssize_t last = behind - 2, end
    if at < 0 or behind > PyBytes_GET_SIZE(data):
        raise IndexError("a piece outside of its data")
    while at < last:
        end = min(at + BLOCK, last)
        if at + BLOCK < last and not _has_zero_pair(raw + at):
            at = end
            continue
        while at < end:
            if raw[at] == 0 and raw[at + 1] == 0 and raw[at + 2] == 1:
                return at
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
    cdef Py_ssize_t start, code, end, behind = PyBytes_GET_SIZE(data)
    cdef list nals = []
    code = _next_code(data, 0, behind)
    while code >= 0:
        start = code + 3
        code = _next_code(data, start, behind)
        end = _trimmed(data, start, code if code >= 0 else behind)
        if end > start:
            nals.append(_piece(data, start, end))
    return nals


def plain_nals(bytes data not None, bint is_h265, Py_ssize_t start, Py_ssize_t behind):
    cdef Py_ssize_t code, end
    cdef unsigned char first
    cdef int kind
    cdef bint has_slice = False
    cdef list nals = []
    code = _next_code(data, start, behind)
    while code >= 0:
        start = code + 3
        code = _next_code(data, start, behind)
        end = _trimmed(data, start, code if code >= 0 else behind)
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
