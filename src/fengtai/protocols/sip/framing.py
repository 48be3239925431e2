"""Cuts a TCP stream into SIP messages (RFC 3261 section 18.3): Content-Length is trusted, within bounds.

A device that counts characters instead of bytes leaves the end of a body in front of the next message; the reader then
looks for the next start line instead of giving up the connection, and counts what it skipped.
"""

import re

from fengtai.protocols.sip.parser import MAX_HEAD_BYTES
from fengtai.vocabulary.errors import Malformed

MAX_BODY_BYTES = 8 * 1024 * 1024

_START = re.compile(rb"(?:SIP/2\.0 [1-6]\d\d|[A-Z]{3,12} sips?:[^\s]{1,1000} SIP/2\.0)", re.ASCII)
_LENGTH = re.compile(rb"(?:^|\n)(?:content-length|l)[ \t]*:[ \t]*(\d{1,10})[ \t]*\r?(?:\n|$)", re.IGNORECASE)


class StreamFramer:
    """Holds what has come of one connection and not yet made a message."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.skipped_bytes = 0
        self.messages = 0
        """that were whole since the beginning"""

    @property
    def held_bytes(self) -> int:
        """Of a message that is not whole yet."""
        return len(self._buffer)

    def drop(self) -> None:
        self._buffer.clear()

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now. Raise Malformed when the stream cannot be SIP: then close it."""
        self._buffer += data
        messages: list[bytes] = []
        while True:
            message = self._next()
            if message is None:
                return messages
            messages.append(message)
            self.messages += 1

    def _next(self) -> bytes | None:
        buffer = self._buffer
        blank = 0
        while blank < len(buffer) and buffer[blank] in b"\r\n\0":
            blank += 1
        if blank:
            del buffer[:blank]
        if not buffer:
            return None
        if not self._aligned():
            return None
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(buffer) > MAX_HEAD_BYTES:
                raise Malformed("no end of headers within 65536 bytes", clause="RFC 3261 18.3", data=bytes(buffer[:64]))
            return None
        found = _LENGTH.search(buffer, 0, end)
        length = int(found[1]) if found else 0
        if length > MAX_BODY_BYTES:
            raise Malformed(f"a body of {length} bytes is announced", clause="RFC 3261 18.3")
        whole = end + 4 + length
        if len(buffer) < whole:
            return None
        message = bytes(buffer[:whole])
        del buffer[:whole]
        return message

    def _aligned(self) -> bool:
        """True when the buffer begins with a start line (or may yet); else skip to the next one."""
        buffer = self._buffer
        if _START.match(buffer):
            return True
        line_end = buffer.find(b"\n")
        if line_end < 0 and len(buffer) <= 2048:
            return True
        found = _START.search(buffer)
        gone = found.start() if found else max(0, len(buffer) - 2048)
        self.skipped_bytes += gone
        if self.skipped_bytes > MAX_BODY_BYTES:
            raise Malformed("the stream holds no SIP", clause="RFC 3261 18.3", data=bytes(buffer[:64]))
        del buffer[:gone]
        return found is not None
