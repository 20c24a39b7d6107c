"""A video file as a stream of frames, decoded by OpenCV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2

from jetseg_core.errors import JetSegError
from jetseg_core.sources.frame import Frame, FrameSource

VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mpg", ".mpeg"})

_TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
"""Rotation that undoes the orientation of a header, degrees clockwise."""


class VideoSource(FrameSource):
    """Frames of a video file; stamps count from the start of the video.

    Raises:
        JetSegError: no such file, or not a video that OpenCV decodes.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.places = (self.path,)
        if not self.path.is_file():
            raise JetSegError(f"{self.path}: no such file; give a video file")
        video = self._open()
        rate = video.get(cv2.CAP_PROP_FPS)
        # Containers without an index report no rate (0, NaN) or their time base (1000 and more).
        self.rate_hz = rate if 0 < rate < 1000 else None
        self._length = max(0, int(video.get(cv2.CAP_PROP_FRAME_COUNT)))
        video.release()

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Frame]:
        video = self._open()
        # A phone writes how it was held into the header, and players turn the picture by it. OpenCV does not in every
        # version, so it is told not to.
        video.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
        turn = _TURNS.get(round(video.get(cv2.CAP_PROP_ORIENTATION_META)) % 360)
        try:
            index = 0
            while True:
                decoded, image = video.read()
                if not decoded:
                    break
                if turn is not None:
                    image = cv2.rotate(image, turn)
                yield Frame(
                    image=cv2.cvtColor(image, cv2.COLOR_BGR2RGB),
                    name=f"{self.path.stem}_{index:06d}",
                    # Time of the frame just read.
                    stamp_ns=round(video.get(cv2.CAP_PROP_POS_MSEC) * 1e6),
                )
                index += 1
            if index == 0:
                raise JetSegError(f"{self.path}: the video holds no frame that can be decoded")
        finally:
            video.release()

    def _open(self) -> cv2.VideoCapture:
        video = cv2.VideoCapture(str(self.path))
        if not video.isOpened():
            raise JetSegError(
                f"{self.path}: cannot be opened as a video; expected a format that OpenCV decodes, "
                "such as H.264 in .mp4 or MJPEG in .avi"
            )
        return video
