"""One worker process as the supervisor holds it: its link, its pending questions, what it told last."""

import asyncio
import itertools
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable

import msgspec
import structlog

from fengtai.media import messages as m
from fengtai.media.link import Link, LinkClosed
from fengtai.vocabulary.errors import Unavailable

log = structlog.get_logger()
_decoder: "msgspec.msgpack.Decoder[m.Report]" = msgspec.msgpack.Decoder(m.Report)


class WorkerProcess:
    def __init__(self, number: int, process: Process, link: Link[m.Report]) -> None:
        self.number = number
        self.ready: m.Ready | None = None
        self.free_bytes: int | None = None
        self.figures: dict[str, int] = {}
        self._process, self._link = process, link
        self._asks: dict[int, asyncio.Future[m.Answer]] = {}
        self._numbers = itertools.count(1)
        self.heard_at = asyncio.get_running_loop().time()

    @classmethod
    async def spawn(cls, number: int) -> "WorkerProcess":
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "fengtai.media.worker",
                "--fd",
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return cls(number, process, await Link.over(ours, _decoder))

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, command: m.Message) -> None:
        try:
            self._link.send(command)
        except LinkClosed:
            log.debug("worker.command_lost", worker=self.number, command=type(command).__name__)

    async def ask(self, command: Callable[[int], m.Message], seconds: float) -> m.Answer:
        """Raise Unavailable when it refuses, dies, or does not answer in time."""
        number = next(self._numbers)
        answer: asyncio.Future[m.Answer] = asyncio.get_running_loop().create_future()
        self._asks[number] = answer
        try:
            self.send(command(number))
            async with asyncio.timeout(seconds):
                given = await answer
        except TimeoutError:
            raise Unavailable(f"media worker {self.number} has not answered within {seconds:g} s") from None
        finally:
            del self._asks[number]
        if isinstance(given, m.Refused):
            raise Unavailable(given.sentence)
        return given

    async def listen(self, report: Callable[[int, m.Report], None]) -> None:
        """Deliver reports until the link ends."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                message = await self._link.receive()
            except LinkClosed:
                return
            self.heard_at = loop.time()
            if isinstance(message, m.Answer):
                waiting = self._asks.get(message.ask)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
                continue
            if isinstance(message, m.Ready):
                self.ready = message
            elif isinstance(message, m.Counters):
                self.free_bytes, self.figures = message.free_bytes, message.figures
            report(self.number, message)

    async def reap(self) -> None:
        """The link is gone: so must be the process, before its number is given to another."""
        for waiting in self._asks.values():
            if not waiting.done():
                waiting.set_exception(Unavailable(f"media worker {self.number} was lost"))
        await self._link.close()
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
