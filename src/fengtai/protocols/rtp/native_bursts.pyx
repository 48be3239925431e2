"""Runs of ordinary packets, natively: twins of what stands in bursts.py, same results.

A chunk of a TCP stream is not cut into objects: `PacketRun` knows where its packets are, and a frame's payload is copied
out of it once. Every index into what a peer has sent is checked, by the compiler or in `_copied`.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from libc.string cimport memcpy


cdef class PacketRun:
    """The RTP packets of one chunk, each made an object only when it is asked for."""

    cdef bytes _buffer
    cdef Py_ssize_t *_places
    cdef Py_ssize_t _count, _room

    def __cinit__(self, bytes buffer not None):
        self._buffer = buffer
        self._places = NULL
        self._count = self._room = 0

    def __dealloc__(self):
        PyMem_Free(self._places)

    def __len__(self):
        return self._count

    def __getitem__(self, Py_ssize_t place):
        if not 0 <= place < self._count:
            raise IndexError("no such packet")
        return _piece(self._buffer, self._places[2 * place], self._places[2 * place + 1])

    cdef int _add(self, Py_ssize_t start, Py_ssize_t end) except -1:
        cdef Py_ssize_t *more
        if self._count == self._room:
            more = <Py_ssize_t *> PyMem_Realloc(self._places, 2 * (self._room + 64) * sizeof(Py_ssize_t))
            if more == NULL:
                raise MemoryError
            self._places, self._room = more, self._room + 64
        self._places[2 * self._count], self._places[2 * self._count + 1] = start, end
        self._count += 1
        return 0


cdef class OpenFrame:
    cdef public long long timestamp
    cdef public int payload_type
    cdef public list parts, sizes_bytes
    cdef public Py_ssize_t size_bytes
    cdef public bint had_marker, marker_trusted, marker_lies

    def __init__(self):
        self.timestamp, self.payload_type = -1, 0
        self.parts, self.sizes_bytes, self.size_bytes = [], [], 0
        self.had_marker = self.marker_trusted = self.marker_lies = False


def plain_frames(bytes buffer not None, bint is_dollar):
    cdef Py_ssize_t head = 4 if is_dollar else 2, end = PyBytes_GET_SIZE(buffer), at = 0, start, size
    cdef PacketRun run = PacketRun(buffer)
    while at + head + 12 <= end:
        start = at + head
        size = <Py_ssize_t> buffer[start - 2] << 8 | <Py_ssize_t> buffer[start - 1]
        if size < 12 or size > end - start or buffer[start] >> 6 != 2 or 192 <= buffer[start + 1] <= 223:
            break
        if is_dollar and (buffer[at] != 0x24 or buffer[at + 1] & 1):
            break
        at = start + size
        run._add(start, at)
    return run, at


def ordinary_run(
    OpenFrame frame not None,
    packets not None,
    Py_ssize_t at,
    unsigned int sequence,
    unsigned int ssrc,
    Py_ssize_t most_bytes,
    list frames not None,
    list begun not None,
):
    cdef PacketRun run = packets if isinstance(packets, PacketRun) else None
    cdef list several = packets if run is None else None
    cdef Py_ssize_t count = run._count if run is not None else len(several)
    cdef Py_ssize_t first = at, start, end, size, held, total = 0, copied = at
    cdef unsigned int own
    cdef int kind
    cdef bytes data
    if at < 0:
        raise IndexError("before the first packet")
    while at < count:
        if run is not None:
            data, start, end = run._buffer, run._places[2 * at], run._places[2 * at + 1]
        else:
            data = several[at]
            start, end = 0, PyBytes_GET_SIZE(data)
        size = end - start - 12
        if size < 0 or data[start] != 0x80:
            break
        kind = data[start + 1]
        if kind & 0x7F != frame.payload_type or 192 <= kind <= 223:
            break
        if (<unsigned int> data[start + 2] << 8 | data[start + 3]) != sequence or _word(data, start + 8) != ssrc:
            break
        own = _word(data, start + 4)
        held = frame.size_bytes if own == frame.timestamp else 0
        if held + size >= most_bytes or (own == frame.timestamp and frame.had_marker):
            break
        if own != frame.timestamp:
            if frame.had_marker and not frame.marker_lies:
                frame.marker_trusted = True
            _copy(frame, run, several, copied, at)
            copied = at
            if frame.sizes_bytes:
                _give(frame, frames)
            frame.timestamp = own
            begun.append(own)
        frame.sizes_bytes.append(size)
        frame.size_bytes += size
        frame.had_marker = kind > 127
        total += size
        sequence = sequence + 1 & 0xFFFF
        at += 1
        if frame.had_marker and frame.marker_trusted:
            _copy(frame, run, several, copied, at)
            copied = at
            _give(frame, frames)
    _copy(frame, run, several, copied, at)
    return at, sequence, total


cdef int _copy(OpenFrame frame, PacketRun run, list several, Py_ssize_t first, Py_ssize_t behind) except -1:
    """The payloads of these packets, joined, become one part of the frame."""
    cdef Py_ssize_t place, size = 0, at = 0, start, end
    cdef bytes part, data
    if first == behind:
        return 0
    for place in range(first, behind):
        if run is not None:
            size += run._places[2 * place + 1] - run._places[2 * place] - 12
        else:
            size += len(<bytes> several[place]) - 12
    part = PyBytes_FromStringAndSize(NULL, size)
    for place in range(first, behind):
        if run is not None:
            data, start, end = run._buffer, run._places[2 * place] + 12, run._places[2 * place + 1]
        else:
            data = several[place]
            start, end = 12, PyBytes_GET_SIZE(data)
        if not (0 <= start <= end <= PyBytes_GET_SIZE(data) and at + end - start <= size):
            raise IndexError("a payload outside of its packet")
        memcpy(PyBytes_AS_STRING(part) + at, PyBytes_AS_STRING(data) + start, end - start)
        at += end - start
    frame.parts.append(part)
    return 0


cdef int _give(OpenFrame frame, list frames) except -1:
    cdef list parts = frame.parts
    frames.append((frame.timestamp, parts[0] if len(parts) == 1 else b"".join(parts), frame.sizes_bytes))
    frame.parts, frame.sizes_bytes, frame.size_bytes = [], [], 0
    return 0


cdef inline bytes _piece(bytes data, Py_ssize_t start, Py_ssize_t end):
    if not 0 <= start <= end <= PyBytes_GET_SIZE(data):
        raise IndexError("a piece outside of its data")
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(data) + start, end - start)


cdef inline unsigned int _word(bytes data, Py_ssize_t at) except? 0xFFFFFFFF:
    return (
        <unsigned int> data[at] << 24
        | <unsigned int> data[at + 1] << 16
        | <unsigned int> data[at + 2] << 8
        | <unsigned int> data[at + 3]
    )
