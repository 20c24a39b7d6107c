"""The overlays of one camera as a video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from jetseg_core.errors import JetSegError


class OverlayVideo:
    """Writes an mp4 (MPEG-4 part 2, which every build of OpenCV encodes).

    Args:
        path: the file.
        rate_hz: frames per second; a recording's gaps are not played.
    """

    def __init__(self, path: Path, rate_hz: float) -> None:
        self._path, self._rate_hz = path, rate_hz
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def add(self, image: np.ndarray) -> None:
        """Append a picture, (H, W, 3) uint8 RGB; one of another size than the first is resized.

        Raises:
            JetSegError: the file cannot be written.
        """
        if self._writer is None:
            # The encoder wants even sizes.
            self._size = (image.shape[1] // 2 * 2, image.shape[0] // 2 * 2)
            code = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._path), code, self._rate_hz, self._size)
            if not self._writer.isOpened():
                raise JetSegError(
                    f"{self._path}: no video can be written there; is the disk full or read-only?"
                )
        if image.shape[1::-1] != self._size:
            image = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)
        self._writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.release()


def video_paths(folder: Path, prefixes: Sequence[str]) -> list[Path]:
    """The video of each camera, by prefix: overlay.mp4, or with several overlay_<camera>.mp4."""
    if len(prefixes) == 1:
        return [folder / "overlay.mp4"]
    names = [prefix.strip("/").replace("/", "_") or "camera" for prefix in prefixes]
    return [folder / f"overlay_{name}.mp4" for name in names]
