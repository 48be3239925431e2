"""One whole, ordinary pack taken apart, natively: the twin of `plain_packs.plain_pack`, same results."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memcpy


cdef inline bint _is_code(bytes data, Py_ssize_t at) except -1:
    return data[at] == 0 and data[at + 1] == 0 and data[at + 2] == 1


cdef inline bytes _piece(bytes data, Py_ssize_t start, Py_ssize_t end):
    if not 0 <= start <= end <= PyBytes_GET_SIZE(data):
        raise IndexError("a piece outside of its data")
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(data) + start, end - start)


def plain_pack(bytes data not None, int video_id, bytes map_bytes not None):
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data), at = 0, end, start, length, video_bytes = 0
    cdef int stream_id, maps = 0, others = 0
    cdef list video = [], audio = []
    cdef object pts = None, own = None
    while at < size:
        if at + 6 > size or not _is_code(data, at):
            return None
        stream_id = data[at + 3]
        if stream_id == 0xBA:
            if data[at + 4] & 0xC0 != 0x40 or at + 14 > size:
                return None
            at += 14 + (data[at + 13] & 7)
            if at + 3 > size or not _is_code(data, at):
                return None
            continue
        length = <Py_ssize_t> data[at + 4] << 8 | <Py_ssize_t> data[at + 5]
        end = at + 6 + length
        if stream_id < 0xBB or length == 0 or end > size:
            return None
        if 0xE0 <= stream_id <= 0xEF:
            if stream_id != video_id or length < 3 or data[at + 6] & 0xC0 != 0x80:
                return None
            start = at + 9 + data[at + 8]
            if start >= end:
                return None
            if data[at + 7] & 0x80 and data[at + 8] >= 5:
                own = _pts(data, at + 9)
                if video and pts is not None and own != pts:
                    return None
                if pts is None:
                    pts = own
            video.append((start, end))
            video_bytes += end - start
        elif 0xC0 <= stream_id <= 0xDF:
            audio.append((at, end, stream_id))
        else:
            if end != size and (end + 3 > size or not _is_code(data, end)):
                return None
            if stream_id == 0xBC:
                if length > 1024 or _piece(data, at, end) != map_bytes:
                    return None
                maps += 1
            elif stream_id == 0xBB:
                if length > 1024:
                    return None
            else:
                others += 1
        at = end
    if len(video) == 1:
        start, end = video[0]
        return data, start, end, pts, audio, maps, others
    return _joined(data, video, video_bytes), 0, video_bytes, pts, audio, maps, others


cdef bytes _joined(bytes data, list pieces, Py_ssize_t size):
    cdef Py_ssize_t start, end, at = 0
    cdef bytes whole = PyBytes_FromStringAndSize(NULL, size)
    for start, end in pieces:
        if not 0 <= start <= end <= PyBytes_GET_SIZE(data) or at + end - start > size:
            raise IndexError("a piece outside of its data")
        memcpy(PyBytes_AS_STRING(whole) + at, PyBytes_AS_STRING(data) + start, end - start)
        at += end - start
    return whole


cdef inline object _pts(bytes data, Py_ssize_t at):
    cdef unsigned long long pts = (
        <unsigned long long> (data[at] >> 1 & 7) << 30
        | <unsigned long long> data[at + 1] << 22
        | <unsigned long long> (data[at + 2] >> 1) << 15
        | <unsigned long long> data[at + 3] << 7
        | <unsigned long long> data[at + 4] >> 1
    )
    return pts
