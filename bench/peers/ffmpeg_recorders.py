"""Debian's ffmpeg as a recorder: one process per camera, RTSP over TCP, no re-encoding, segments of fragmented MP4.

Its MP4 writer takes no G.711 ("codec not currently supported in container"), so that it records the video and drops the
sound that it receives; ours does the same. An hour per segment, as ours; no log, no statistics.
"""

import shutil
import subprocess
from pathlib import Path


class FfmpegRecorders:
    """`start` per trial, `stop` at its end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._processes]

    def start(self, port: int, cameras: int) -> None:
        ffmpeg = shutil.which("ffmpeg")
        assert ffmpeg is not None
        for camera in range(cameras):
            folder = self._folder / str(camera)
            folder.mkdir(parents=True)
            source = f"rtsp://127.0.0.1:{port}/{camera}"
            self._processes.append(
                subprocess.Popen(
                    [
                        *(ffmpeg, "-nostdin", "-nostats", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", source),
                        *("-map", "0:v", "-c", "copy", "-f", "segment", "-segment_time", "3600"),
                        *("-segment_format", "mp4"),
                        *("-segment_format_options", "movflags=frag_keyframe+empty_moov", f"{folder}/%05d.mp4"),
                    ],
                    stdin=subprocess.DEVNULL,
                    stderr=(folder / "log").open("wb"),
                )
            )

    def stop(self) -> None:
        """Raise RuntimeError when one had ended by itself: then it has not recorded all the time."""
        ended = [process.pid for process in self._processes if process.poll() is not None]
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(20)
        self._processes.clear()
        if ended:
            raise RuntimeError(f"{len(ended)} ffmpeg processes ended by themselves: see {self._folder}")

    def recorded_bytes(self) -> int:
        return sum(file.stat().st_size for file in self._folder.glob("*/*.mp4"))
