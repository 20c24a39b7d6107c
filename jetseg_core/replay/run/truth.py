"""Ground truth of the frames of a recording: label images in a folder, or on a topic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from jetseg_core.classes import UNLABELLED, ClassSet
from jetseg_core.data.image_files import IMAGE_SUFFIXES, LabelReader
from jetseg_core.errors import JetSegError
from jetseg_core.recording.image_decoding import decode_message


class FolderTruth:
    """Label images of a folder: named by the frames' stamps in nanoseconds, or one per frame in order.

    Args:
        folder: 8-bit class ids, one channel; values without a class are void.
        frames: number of frames; without stamps in their names, there must be so many files.

    Raises:
        JetSegError: no label image there, or not as many as frames.
    """

    def __init__(self, folder: Path, frames: int, classes: ClassSet) -> None:
        self._reader = LabelReader(classes)
        files = sorted(f for f in folder.iterdir() if f.suffix.lower() in IMAGE_SUFFIXES)
        # Ten digits would be seconds; a number of a frame has fewer.
        self._by_stamp = {int(f.stem): f for f in files if f.stem.isdigit() and len(f.stem) > 10}
        self._in_order = [] if self._by_stamp else files
        if not files or (self._in_order and len(files) != frames):
            raise JetSegError(
                f"--labels {folder}: {len(files)} label images for {frames} frames; expected one for "
                "each, in order, or files named by the frames' stamps in nanoseconds"
            )

    def of_frame(self, index: int, stamp_ns: int, size: tuple[int, ...]) -> np.ndarray | None:
        """(H, W) uint8 class ids of a frame, 255 = void; None where it has no label image.

        Raises:
            JetSegError: the file is no label image of that size.
        """
        file = self._by_stamp.get(stamp_ns)
        if file is None and index < len(self._in_order):
            file = self._in_order[index]
        return None if file is None else self._reader.read(file, size)


def read_label_message(message: Any, classes: ClassSet) -> np.ndarray:
    """(H, W) uint8 class ids, 255 = void, of an Image (mono8, 8UC1) or CompressedImage (PNG).

    Raises:
        JetSegError: it is of another encoding, or broken.
    """
    encoding = getattr(message, "encoding", "mono8")
    if encoding not in ("mono8", "8UC1"):
        raise JetSegError(
            f"labels: encoding '{encoding}'; expected mono8 or 8UC1, a class id per pixel"
        )
    if encoding == "8UC1":
        message = replace(message, encoding="mono8")
    labels = np.ascontiguousarray(decode_message(message)[..., 0])
    labels[labels >= len(classes)] = UNLABELLED
    return labels
