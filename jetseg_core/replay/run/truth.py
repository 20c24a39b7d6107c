"""Ground truth of frames: label images in files, label messages of a recording, labels of the generator."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from jetseg_core.classes import ClassSet
from jetseg_core.data.image_files import LabelReader
from jetseg_core.data.layouts import LabelFolder
from jetseg_core.errors import JetSegError
from jetseg_core.recording.image_decoding import decode_message


class LabelImages:
    """Label images of the folder given with --labels.

    They belong to frames by the frames' names, else by stamps in nanoseconds, else by order.

    Args:
        labels: the folder; see `LabelReader` for the files in it.
        frames: number of frames.
        period_s: time between two frames, seconds. A label image belongs to the frame whose stamp is nearest to its
            own, within half of that.
        names: of the frames, without suffix; empty for frames without names of their own.
        alternatives: end of the error if there is no such folder: other things that may be named.

    Raises:
        JetSegError: no such folder, no label image belongs to a frame, or by order their number differs from that of
            the frames.
    """

    def __init__(
        self,
        labels: str,
        frames: int,
        period_s: float,
        names: Sequence[str] = (),
        alternatives: str = "",
    ) -> None:
        path = Path(labels).expanduser()
        if not path.is_dir():
            raise JetSegError(f"--labels {labels}: not a folder{alternatives}")
        self._folder = LabelFolder.at(path)
        self.root = self._folder.root
        self._by_name = any(self._folder.of_name(name) for name in names)
        self._by_stamp = {} if self._by_name else self._folder.by_stamp
        self._stamps = sorted(self._by_stamp)
        self._tolerance_ns = 0.5e9 * period_s
        self._in_order = [] if self._by_name or self._by_stamp else self._folder.files
        count = len(self._folder.files)
        if not count or (self._in_order and count != frames):
            raise JetSegError(
                f"--labels {labels}: {count} label images for {frames} frames; expected "
                + ("files named like the frames, " if names else "")
                + "one for each, in order, or files named by the frames' stamps in nanoseconds"
            )

    def of_frame(self, index: int, stamp_ns: int, name: str = "") -> Path | None:
        """The label image of a frame; None if it has none."""
        if self._by_name:
            return self._folder.of_name(name)
        if self._by_stamp:
            place = bisect_left(self._stamps, stamp_ns)
            near = min(self._stamps[max(0, place - 1) : place + 1], key=lambda s: abs(s - stamp_ns))
            return self._by_stamp[near] if abs(near - stamp_ns) <= self._tolerance_ns else None
        return self._in_order[index] if index < len(self._in_order) else None


class TruthReader:
    """Reads ground truth as ids of `classes`.

    Args:
        classes: class set of the result.
        root: root folder of the data set that label images belong to, see `LabelReader`.
    """

    def __init__(self, classes: ClassSet, root: Path | None) -> None:
        self.classes = classes
        self.files = LabelReader(classes, root)

    def read(self, label: Any, size: tuple[int, ...]) -> np.ndarray | None:
        """(H, W) uint8 class ids, 255 = unlabelled; None for no label.

        Args:
            label: file, (H, W) uint8 ids of `classes`, label message, or None.
            size: (height, width) of the image that it belongs to.

        Raises:
            JetSegError: the label cannot be read, or has another size.
        """
        if label is None or isinstance(label, np.ndarray):
            return label
        if isinstance(label, Path):
            return self.files.read(label, size)
        labels = self._read_message(label, size)
        if labels.shape != size:
            raise JetSegError(
                f"labels: {labels.shape[1]}x{labels.shape[0]} pixels for an image of {size[1]}x{size[0]}; "
                "they must have one size"
            )
        return labels

    def _read_message(self, message: Any, size: tuple[int, ...]) -> np.ndarray:
        """Labels of an Image (mono8, 8UC1) or of a CompressedImage (a label image as in files)."""
        encoding = getattr(message, "encoding", None)
        if encoding is None:
            return self.files.from_bytes(bytes(message.data), size, "labels")
        if encoding not in ("mono8", "8UC1"):
            raise JetSegError(
                f"labels: encoding '{encoding}'; expected mono8 or 8UC1, a class id per pixel"
            )
        if encoding == "8UC1":
            message = replace(message, encoding="mono8")
        return self.files.known_ids(np.ascontiguousarray(decode_message(message)[..., 0]))
