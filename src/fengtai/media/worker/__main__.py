"""`python -m fengtai.media.worker --fd N`: started by the supervisor with its end of a Unix socket pair."""

import argparse
import asyncio
import signal
import socket
import sys

import msgspec
import structlog
import uvloop

from fengtai.media.link import Link
from fengtai.media.messages import Command
from fengtai.media.worker.media_worker import MediaWorker
from fengtai.protocols.rtp import IS_NATIVE


async def work(descriptor: int) -> None:
    # the main process decides when to stop: Ctrl-C in its terminal must not cut the files from under it
    for unwanted in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(unwanted, lambda: None)
    decoder = msgspec.msgpack.Decoder(Command)
    link: Link[Command] = await Link.over(socket.socket(fileno=descriptor), decoder)
    await MediaWorker(link).run()


def main() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),  # stdout belongs to the main process
    )
    if not IS_NATIVE:
        why = "the native kernels are not compiled (python tools/build_native.py): a camera costs about twice the CPU"
        structlog.get_logger().warning("worker.is_slow", detail=why)
    parser = argparse.ArgumentParser(description="a media worker of Fengtai; started by its supervisor")
    parser.add_argument("--fd", type=int, required=True, help="inherited end of the link")
    try:
        uvloop.run(work(parser.parse_args().fd))
    except OSError as error:
        # a port that is taken, a folder that cannot be written: the supervisor tries again, the log says why
        structlog.get_logger().error("worker.cannot_work", error=str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
