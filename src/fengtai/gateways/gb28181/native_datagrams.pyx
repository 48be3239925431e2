"""Many datagrams with one system call each way (recvmmsg, sendmmsg), natively: the twin of `PlainDatagrams`.

Looks at no byte of what it carries. IPv4, as the socket of `sockets.py`.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.exc cimport PyErr_SetFromErrno
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.unicode cimport PyUnicode_AsUTF8, PyUnicode_DecodeASCII
from libc.errno cimport EAGAIN, EINTR, errno
from libc.string cimport memset, strlen

cdef extern from "<sys/socket.h>" nogil:
    ctypedef unsigned int socklen_t
    cdef struct iovec:
        void *iov_base
        size_t iov_len
    cdef struct msghdr:
        void *msg_name
        socklen_t msg_namelen
        iovec *msg_iov
        size_t msg_iovlen
        int msg_flags
    cdef struct mmsghdr:
        msghdr msg_hdr
        unsigned int msg_len
    cdef struct timespec:
        pass
    int recvmmsg(int, mmsghdr *, unsigned int, int, timespec *)
    int sendmmsg(int, mmsghdr *, unsigned int, int)
    int MSG_DONTWAIT
    int AF_INET

cdef extern from "<sys/uio.h>":
    pass

cdef extern from "<netinet/in.h>" nogil:
    cdef struct in_addr:
        unsigned int s_addr
    cdef struct sockaddr_in:
        unsigned short sin_family
        unsigned short sin_port
        in_addr sin_addr
    unsigned short htons(unsigned short)
    unsigned short ntohs(unsigned short)

cdef extern from "<arpa/inet.h>" nogil:
    int inet_pton(int, const char *, void *)
    const char *inet_ntop(int, const void *, char *, socklen_t)

cdef enum:
    MOST = 64
    ROOM = 65536


cdef class NativeDatagrams:
    cdef int _descriptor
    cdef char *_room
    cdef mmsghdr _messages[MOST]
    cdef iovec _pieces[MOST]
    cdef sockaddr_in _names[MOST]

    def __cinit__(self, int descriptor):
        self._descriptor = descriptor
        self._room = <char *> PyMem_Malloc(MOST * ROOM)
        if self._room == NULL:
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self._room)

    cdef void _aim(self, int number, char *data, size_t size) noexcept:
        self._pieces[number].iov_base = data
        self._pieces[number].iov_len = size
        memset(&self._messages[number], 0, sizeof(mmsghdr))
        self._messages[number].msg_hdr.msg_name = &self._names[number]
        self._messages[number].msg_hdr.msg_namelen = sizeof(sockaddr_in)
        self._messages[number].msg_hdr.msg_iov = &self._pieces[number]
        self._messages[number].msg_hdr.msg_iovlen = 1

    def receive(self):
        cdef int number, came
        cdef char host[64]
        cdef list found = []
        for number in range(MOST):
            self._aim(number, self._room + number * ROOM, ROOM)
        came = recvmmsg(self._descriptor, self._messages, MOST, MSG_DONTWAIT, NULL)
        if came < 0:
            if errno == EAGAIN or errno == EINTR:
                return found
            PyErr_SetFromErrno(OSError)
        for number in range(came):
            if inet_ntop(AF_INET, &self._names[number].sin_addr, host, sizeof(host)) == NULL:
                continue
            found.append((
                PyBytes_FromStringAndSize(self._room + number * ROOM, self._messages[number].msg_len),
                (PyUnicode_DecodeASCII(host, strlen(host), NULL), <int> ntohs(self._names[number].sin_port)),
            ))
        return found

    def send(self, list datagrams not None):
        cdef int unsent = 0, waiting = 0
        cdef bytes data
        cdef str host
        cdef int port
        for data, (host, port) in datagrams:
            self._names[waiting].sin_family = AF_INET
            self._names[waiting].sin_port = htons(port)
            if inet_pton(AF_INET, PyUnicode_AsUTF8(host), &self._names[waiting].sin_addr) != 1:
                unsent += 1
                continue
            self._aim(waiting, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
            waiting += 1
            if waiting == MOST:
                unsent += self._flush(waiting)
                waiting = 0
        return unsent + self._flush(waiting)

    cdef int _flush(self, int waiting) noexcept:
        """Send what is aimed; the bytes are held by the caller's list. What cannot be sent is left out."""
        cdef int at = 0, unsent = 0, went
        while at < waiting:
            went = sendmmsg(self._descriptor, &self._messages[at], waiting - at, MSG_DONTWAIT)
            if went > 0:
                at += went
            elif errno != EINTR:
                at += 1
                unsent += 1
        return unsent
