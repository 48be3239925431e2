"""CRC-32 of a fragment's pieces, natively: the twin of `check_sums.crc32_in_python`, same result at a fraction of its time.

The processor multiplies without carries (PCLMULQDQ): the remainder of 64 bytes is carried on over the next 64 as
polynomials over GF(2), until 16 bytes are left that have the same remainder as all (V. Gopal and others, "Fast CRC
Computation for Generic Polynomials Using PCLMULQDQ", Intel 2009). A processor that cannot makes the import fail.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE


cdef extern from *:
    """
    #include <stddef.h>
    #include <stdint.h>

    static uint32_t ft_steps[256];

    static void ft_make_steps(void) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            uint32_t left = byte;
            for (int bit = 0; bit < 8; bit++)
                left = left & 1 ? left >> 1 ^ 0xEDB88320u : left >> 1;
            ft_steps[byte] = left;
        }
    }

    static uint32_t ft_stepwise(uint32_t crc, const unsigned char *data, size_t size) {
        while (size--)
            crc = crc >> 8 ^ ft_steps[(crc ^ *data++) & 0xFF];
        return crc;
    }

    #if defined(__x86_64__) && defined(__GNUC__)
    #include <immintrin.h>

    static int ft_can_fold(void) {
        return __builtin_cpu_supports("pclmul");
    }

    /* x^(n+32) and x^(n-32) mod the polynomial, bits mirrored: carry 16 bytes on over n bits */
    __attribute__((target("pclmul,sse2")))
    static inline __m128i ft_carried(__m128i sum, __m128i over, __m128i next) {
        __m128i low = _mm_clmulepi64_si128(sum, over, 0x00), high = _mm_clmulepi64_si128(sum, over, 0x11);
        return _mm_xor_si128(_mm_xor_si128(low, high), next);
    }

    __attribute__((target("pclmul,sse2")))
    static uint32_t ft_crc(uint32_t crc, const unsigned char *data, size_t size) {
        const __m128i over_512 = _mm_set_epi64x(0x1C6E41596, 0x154442BD4);
        const __m128i over_128 = _mm_set_epi64x(0x0CCAA009E, 0x1751997D0);
        unsigned char rest[16];
        if (size < 64)
            return ft_stepwise(crc, data, size);
        const __m128i *next = (const __m128i *) data;
        __m128i a = _mm_xor_si128(_mm_loadu_si128(next), _mm_cvtsi32_si128((int) crc));
        __m128i b = _mm_loadu_si128(next + 1), c = _mm_loadu_si128(next + 2), d = _mm_loadu_si128(next + 3);
        for (next += 4, size -= 64; size >= 64; next += 4, size -= 64) {
            a = ft_carried(a, over_512, _mm_loadu_si128(next));
            b = ft_carried(b, over_512, _mm_loadu_si128(next + 1));
            c = ft_carried(c, over_512, _mm_loadu_si128(next + 2));
            d = ft_carried(d, over_512, _mm_loadu_si128(next + 3));
        }
        a = ft_carried(a, over_128, b);
        a = ft_carried(a, over_128, c);
        a = ft_carried(a, over_128, d);
        for (; size >= 16; next += 1, size -= 16)
            a = ft_carried(a, over_128, _mm_loadu_si128(next));
        _mm_storeu_si128((__m128i *) rest, a);
        return ft_stepwise(ft_stepwise(0, rest, 16), (const unsigned char *) next, size);
    }
    #else
    static int ft_can_fold(void) {
        return 0;
    }

    static uint32_t ft_crc(uint32_t crc, const unsigned char *data, size_t size) {
        return ft_stepwise(crc, data, size);
    }
    #endif
    """
    void ft_make_steps() noexcept nogil
    int ft_can_fold() noexcept nogil
    unsigned int ft_crc(unsigned int crc, const unsigned char *data, size_t size) noexcept nogil


if not ft_can_fold():
    raise ImportError("this processor does not multiply without carries")
ft_make_steps()


def crc32_of(pieces not None):
    cdef unsigned int crc = 0xFFFFFFFF
    cdef bytes piece
    for piece in pieces:
        if piece is None:
            raise TypeError("a piece is bytes")
        crc = ft_crc(crc, <const unsigned char *> PyBytes_AS_STRING(piece), PyBytes_GET_SIZE(piece))
    return crc ^ 0xFFFFFFFF
