"""MD5 of a short text (RFC 1321), natively: the twin of `_md5` of digest.py. A digest takes two, and the library needs
longer to set each up than to work it out."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.math cimport fabs, sin
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

cdef uint32_t SINES[64]
cdef int TURNS[16]


cdef void _prepare() noexcept:
    cdef int step
    for step in range(64):
        SINES[step] = <uint32_t> (fabs(sin(step + 1)) * 4294967296.0)  # as section 3.4 defines the table
    TURNS[:] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]


_prepare()


cdef void _block(uint32_t *state, const uint8_t *block) noexcept nogil:
    cdef uint32_t a = state[0], b = state[1], c = state[2], d = state[3], mixed, total
    cdef uint32_t words[16]
    cdef int step, word, turn
    for word in range(16):  # least significant byte first, whatever the machine does
        words[word] = (
            block[4 * word]
            | (<uint32_t> block[4 * word + 1] << 8)
            | (<uint32_t> block[4 * word + 2] << 16)
            | (<uint32_t> block[4 * word + 3] << 24)
        )
    for step in range(64):
        if step < 16:
            mixed, word = (b & c) | (~b & d), step
        elif step < 32:
            mixed, word = (d & b) | (~d & c), (5 * step + 1) & 15
        elif step < 48:
            mixed, word = b ^ c ^ d, (3 * step + 5) & 15
        else:
            mixed, word = c ^ (b | ~d), (7 * step) & 15
        total = a + mixed + SINES[step] + words[word]
        turn = TURNS[((step >> 4) << 2) | (step & 3)]
        a, d, c, b = d, c, b, b + ((total << turn) | (total >> (32 - turn)))
    state[0] += a
    state[1] += b
    state[2] += c
    state[3] += d


def md5_hex(bytes data not None):
    cdef const uint8_t *text = <const uint8_t *> PyBytes_AS_STRING(data)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data), at = 0, left
    cdef uint32_t state[4]
    cdef uint8_t tail[128]
    cdef char shown[32]
    cdef uint64_t bits = <uint64_t> size * 8
    cdef int number, value, room
    state[:] = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    while size - at >= 64:
        _block(state, text + at)
        at += 64
    left = size - at
    room = 64 if left < 56 else 128
    memset(tail, 0, sizeof(tail))
    memcpy(tail, text + at, left)
    tail[left] = 0x80
    for number in range(8):
        tail[room - 8 + number] = (bits >> (8 * number)) & 0xFF
    _block(state, tail)
    if room == 128:
        _block(state, tail + 64)
    for number in range(16):
        value = (state[number >> 2] >> (8 * (number & 3))) & 0xFF
        shown[2 * number] = b"0123456789abcdef"[value >> 4]
        shown[2 * number + 1] = b"0123456789abcdef"[value & 15]
    return PyUnicode_DecodeASCII(shown, 32, NULL)
