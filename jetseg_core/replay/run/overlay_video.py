"""The overlays of one camera as a video."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from jetseg_core.distinct_names import file_names
from jetseg_core.errors import NOT_WRITABLE

MOST_VIDEOS = 32
_LEAST = 16
"""Least side that the encoder takes, pixels."""
_FASTEST = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "qp": "28",
    "x264-params": "merange=4:chroma-me=0",
}
"""A constant quantiser takes a fifth less time than rate control. Better compression would take longer than the
network."""


class OverlayVideo:
    """Writes an mp4 with H.264, which browsers play.

    Args:
        path: the file.
        rate_hz: frames per second, limited to 1..120; gaps between frames are not shown.

    Attributes:
        fault: reason why there is no video, or only its beginning: the encoder cannot be opened, or refuses a picture.
    """

    def __init__(self, path: Path, rate_hz: float) -> None:
        self._path = path
        self._rate = Fraction(min(120.0, max(1.0, rate_hz))).limit_denominator(1000)
        self._container: OutputContainer | None = None
        self._stream: VideoStream
        self._size = (0, 0)
        self.fault = ""

    def add(self, image: np.ndarray) -> None:
        """Append a picture, (H, W, 3) uint8 RGB; it is resized to the size of the first one.

        Raises:
            OSError: the file cannot be written.
        """
        if self.fault:
            return
        try:
            self._add(image)
        except (av.FFmpegError, OSError, ValueError, MemoryError) as error:
            if isinstance(error, OSError) and error.errno in NOT_WRITABLE:
                raise
            self.fault = f"{self._path.name}: {str(error)[:200]}"

    def close(self) -> None:
        """Finish the file."""
        if self._container is not None:
            if not self.fault:
                self._container.mux(self._stream.encode())
            self._container.close()

    def _add(self, image: np.ndarray) -> None:
        if self._container is None:
            # Chroma at half the resolution needs even sizes.
            width, height = (max(_LEAST, side // 2 * 2) for side in image.shape[1::-1])
            self._size = (width, height)
            self._open()
        assert self._container is not None
        if image.shape[1::-1] != self._size:
            image = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)
        # OpenCV converts colors eight times faster than the encoder's library.
        planes = cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420)
        # Not copied: the encoder reads the picture before `encode` returns.
        frame = av.VideoFrame.from_numpy_buffer(planes, "yuv420p")
        self._container.mux(self._stream.encode(frame))

    def _open(self) -> None:
        self._path.unlink(missing_ok=True)  # not overwritten: it may have other hard links
        # With its protocol, so that any character may stand in the path. The index comes first, so that players start
        # before they have the whole file.
        options = {"movflags": "faststart"}
        target = f"file:{self._path.absolute()}"
        self._container = container = av.open(target, "w", format="mp4", options=options)
        self._stream = container.add_stream("libx264", rate=self._rate, options=_FASTEST)
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "yuv420p"  # the only format that all browsers play
        # Without these, players guess the color space from the size.
        self._stream.codec_context.colorspace = Colorspace.ITU601
        self._stream.codec_context.color_range = ColorRange.MPEG
        self._stream.codec_context.thread_count = 1


def open_videos(
    folder: Path, prefixes: Sequence[str], rates_hz: Sequence[float]
) -> list[OverlayVideo]:
    """The video of each camera; those over a limit have a fault from the start.

    An encoder takes tens of megabytes and open files, which the recording needs, too.
    """
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = min(MOST_VIDEOS, max(1, files // 8)) if files > 0 else MOST_VIDEOS
    paths = video_paths(folder, prefixes)
    videos = [OverlayVideo(path, rate) for path, rate in zip(paths, rates_hz, strict=True)]
    for video, path in zip(videos[most:], paths[most:], strict=True):
        video.fault = f"{path.name}: videos of {most} cameras at most; name others with --topic"
    return videos


def video_paths(folder: Path, prefixes: Sequence[str]) -> list[Path]:
    """The video of each camera, by prefix: overlay.mp4, or with several overlay_<camera>.mp4."""
    if len(prefixes) == 1:
        return [folder / "overlay.mp4"]
    return [folder / f"overlay_{name}.mp4" for name in file_names(prefixes)]
