"""The link between the main process and one worker: length-prefixed messages on a Unix socket pair.

Knows nothing of what the messages mean. A peer that breaks the framing ends the link: both are our own code.
"""

import asyncio
import socket
from typing import Generic, TypeVar

import msgspec

from fengtai.media.messages import Message

MOST_MESSAGE_BYTES = 32 << 20
"""A snapshot of the largest camera is far below."""

Incoming = TypeVar("Incoming")
_encode = msgspec.msgpack.Encoder().encode


class LinkClosed(Exception):
    """The other side is gone."""


class Link(Generic[Incoming]):
    """One end. `send` never waits: messages are small, and a worker that does not read is restarted by its heartbeat."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        decoder: "msgspec.msgpack.Decoder[Incoming]",
    ) -> None:
        self._reader, self._writer, self._decoder = reader, writer, decoder

    @classmethod
    async def over(cls, end: socket.socket, decoder: "msgspec.msgpack.Decoder[Incoming]") -> "Link[Incoming]":
        end.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=end)
        return cls(reader, writer, decoder)

    def send(self, message: Message) -> None:
        """Raise LinkClosed when the other side is known to be gone."""
        if self._writer.is_closing():
            raise LinkClosed
        body = _encode(message)
        self._writer.write(len(body).to_bytes(4, "big") + body)

    async def receive(self) -> Incoming:
        """The next message. Raise LinkClosed at the end."""
        try:
            length = int.from_bytes(await self._reader.readexactly(4), "big")
            if length > MOST_MESSAGE_BYTES:
                raise LinkClosed(f"a message of {length} bytes")
            return self._decoder.decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise LinkClosed from error

    async def flush(self) -> None:
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise LinkClosed from error

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return  # it is gone, which is what was wanted
