"""The first half of a REGISTER in the usual form, natively: the twin of `RegisterLaneInPython` (register_lane.py)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdio cimport snprintf
from libc.string cimport memcpy

from fengtai.protocols.sip.native_express import read_registering

cdef enum:
    STAMP = 12
    MARK = 32


cdef inline char *_put(char *to, bytes text) noexcept:
    memcpy(to, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
    return to + PyBytes_GET_SIZE(text)


cdef class RegisterLane:
    cdef object _keyed
    cdef long long _valid_ms
    cdef bytes _first, _middle, _last

    def __init__(self, keyed, long long valid_ms, bytes first not None, bytes middle not None, bytes last not None):
        self._keyed, self._valid_ms = keyed, valid_ms
        self._first, self._middle, self._last = first, middle, last

    def take(self, bytes data not None, str host not None, int port, long long utc_ms):
        cdef tuple found = read_registering(data, host, port)
        cdef str device_id, mark
        if found is None:
            return None
        device_id = <str> found[0]
        if found[6] is not None:
            return found, self._is_good(<str> (<tuple> found[6])[2], utc_ms, device_id, host)
        mark = self._mark(utc_ms, device_id, host)
        return self._challenge(<bytes> found[1], utc_ms, mark)

    cdef str _mark(self, long long utc_ms, str device_id, str host):
        marked = self._keyed.copy()
        marked.update(b"%d|%b|%b" % (utc_ms, device_id.encode(), host.encode("utf-8", "surrogateescape")))
        return marked.hexdigest()

    cdef bytes _challenge(self, bytes echo, long long utc_ms, str mark):
        cdef char stamp[24]
        cdef Py_ssize_t marked = 0
        cdef const char *mark_text = PyUnicode_AsUTF8AndSize(mark, &marked)
        if snprintf(stamp, sizeof(stamp), b"%012llx", utc_ms) != STAMP or marked != MARK:
            raise AssertionError("a nonce of another length than ours have")
        cdef bytes answer = PyBytes_FromStringAndSize(
            NULL,
            PyBytes_GET_SIZE(self._first) + PyBytes_GET_SIZE(echo) + PyBytes_GET_SIZE(self._middle) + STAMP + MARK
            + PyBytes_GET_SIZE(self._last),
        )
        cdef char *to = _put(_put(_put(PyBytes_AS_STRING(answer), self._first), echo), self._middle)
        memcpy(to, stamp, STAMP)
        memcpy(to + STAMP, mark_text, MARK)
        _put(to + STAMP + MARK, self._last)
        return answer

    cdef bint _is_good(self, str nonce, long long utc_ms, str device_id, str host) except -1:
        cdef Py_ssize_t size = 0
        cdef const char *given = PyUnicode_AsUTF8AndSize(nonce, &size)
        cdef const char *mark
        cdef long long made_ms = 0
        cdef int at, value, differs = 0
        if size != STAMP + MARK:
            return False
        for at in range(STAMP):
            value = given[at]
            if 48 <= value <= 57:
                value -= 48
            elif 97 <= value <= 102:
                value -= 87
            else:
                return False
            made_ms = (made_ms << 4) | value
        if not 0 <= utc_ms - made_ms <= self._valid_ms:
            return False
        marked = self._mark(made_ms, device_id, host)
        mark = PyUnicode_AsUTF8AndSize(marked, &size)
        if size != MARK:
            return False
        for at in range(MARK):
            differs |= mark[at] ^ given[STAMP + at]
        return differs == 0
