"""Cuts what a client sends on one connection into requests; its interleaved packets ("$", RFC 2326 10.12: receiver
reports) are skipped and counted."""

import re

from fengtai.vocabulary.errors import Malformed

MAX_HEAD_BYTES = 16_384
MAX_BODY_BYTES = 65_536
_LENGTH = re.compile(rb"\ncontent-length[ \t]*:[ \t]*(\d{1,9})[ \t]*\r?(?:\n|$)", re.IGNORECASE)


class RequestFramer:
    """Holds what has come and not yet made a request."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.packets_skipped = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Requests that are whole now. Raise Malformed when the stream cannot be RTSP: then close it."""
        self._buffer += data
        requests: list[bytes] = []
        while (request := self._next()) is not None:
            requests.append(request)
        return requests

    def _next(self) -> bytes | None:
        buffer = self._buffer
        while buffer and buffer[0] in b"$\r\n":
            if buffer[0] != 0x24:
                del buffer[:1]
                continue
            if len(buffer) < 4 or len(buffer) < 4 + int.from_bytes(buffer[2:4], "big"):
                return None
            del buffer[: 4 + int.from_bytes(buffer[2:4], "big")]
            self.packets_skipped += 1
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(buffer) > MAX_HEAD_BYTES:
                raise Malformed("no end of headers within 16384 bytes", clause="RFC 2326 4", data=bytes(buffer[:64]))
            return None
        found = _LENGTH.search(buffer, 0, end)
        length = int(found[1]) if found else 0
        if length > MAX_BODY_BYTES:
            raise Malformed(f"a body of {length} bytes is announced", clause="RFC 2326 12.14")
        whole = end + 4 + length
        if len(buffer) < whole:
            return None
        request = bytes(buffer[:whole])
        del buffer[:whole]
        return request
