"""A video file as a stream of frames, decoded by FFmpeg."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from jetseg_core.errors import JetSegError
from jetseg_core.picture_decoding import pixel_limit
from jetseg_core.sources.frame import Frame, FrameSource, UnreadableFrameError

VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mpg", ".mpeg"})
_CONTAINERS = "mov,avi,matroska,webm,mpeg,mpegts,mpegvideo,flv,asf,ogg"
"""Formats that hold the video themselves. A playlist, which FFmpeg would follow to any other file, is none of them."""
_DAMAGE = (av.FFmpegError, ValueError)
"""Errors of FFmpeg on damaged data."""


class VideoSource(FrameSource):
    """Frames of a video file, turned as players show them; stamps count from the start of the video.

    Raises:
        JetSegError: no such file, or not a video that FFmpeg decodes.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = Path(path)
        self.places = (self.path,)
        if not self.path.is_file():
            raise JetSegError(f"{self.path}: no such file; give a video file")
        with self._open() as container:
            stream = container.streams.video[0]
            rate = float(stream.average_rate or 0)
            # Containers without an index may report their time base (1000 and more).
            self.rate_hz = rate if 0 < rate < 1000 else None
            duration_s = (container.duration or 0) / av.time_base
            self._length = max(0, stream.frames or round(duration_s * (self.rate_hz or 0)))

    def __len__(self) -> int:
        return self._length

    def frame_name(self, index: int) -> str:
        """Name of the frame of this number, from 0."""
        return f"{self.path.stem}_{index:06d}"

    def unread(self) -> Iterator[Callable[[], Frame]]:
        """The frames, each as a call that gives it.

        Raises:
            JetSegError: the video holds no frame.
        """
        with self._open() as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            options = {"max_pixels": str(pixel_limit())}
            if stream.codec_context.name == "mjpeg":  # it fills damage in with gray otherwise
                options["err_detect"] = "explode"
            stream.codec_context.options = options
            start = stream.start_time
            stamp_ns = index = 0
            for index, decoded in enumerate(_decode(container, stream), 1):
                if isinstance(decoded, av.VideoFrame):
                    if decoded.pts is not None and stream.time_base is not None:
                        start = decoded.pts if start is None else start
                        stamp_ns = round(Fraction(decoded.pts - start) * stream.time_base * 10**9)
                    elif index > 1:
                        stamp_ns += round(1e9 / (self.rate_hz or 1000))
                yield partial(self._read, index - 1, stamp_ns, decoded)
            if index == 0:
                raise JetSegError(f"{self.path}: the video holds no frame that can be decoded")

    def _read(self, index: int, stamp_ns: int, decoded: av.VideoFrame | Exception) -> Frame:
        if isinstance(decoded, Exception):
            raise UnreadableFrameError(f"{self.path}: frame {index}: damaged ({decoded})")
        if decoded.is_corrupt:
            raise UnreadableFrameError(f"{self.path}: frame {index}: damaged")
        try:
            image: np.ndarray = decoded.to_ndarray(format="rgb24")
        except _DAMAGE as error:
            raise UnreadableFrameError(f"{self.path}: frame {index}: {error}") from error
        # A phone writes into the header how it was held, and players turn the picture by it.
        image = np.ascontiguousarray(np.rot90(image, round(decoded.rotation / 90)))
        return Frame(image=image, name=self.frame_name(index), stamp_ns=stamp_ns)

    def _open(self) -> InputContainer:
        options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
        try:
            # With its protocol, so that any character may stand in the path.
            container = av.open(f"file:{self.path.absolute()}", "r", options=options)
        except (*_DAMAGE, OSError) as error:
            raise self._refusal(error) from error
        if not container.streams.video or not container.streams.video[0].codec_context:
            container.close()
            raise self._refusal("no video in it that can be decoded")
        return container

    def _refusal(self, why: object) -> JetSegError:
        return JetSegError(
            f"{self.path}: cannot be opened as a video ({why}); expected one that FFmpeg decodes, such as H.264 in "
            ".mp4 or MJPEG in .avi"
        )


def _decode(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame | Exception]:
    """The frames in order, and the error of each packet that holds none."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except _DAMAGE as error:
            yield error
            return
        if packet is None:
            return
        try:
            frames = packet.decode()
        except _DAMAGE as error:
            yield error
            continue
        yield from frames
