"""Labelled frames: CamVid, or any data set of images and label images (docs/data.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from jetseg_core.classes import CAMVID11, CAMVID32, ClassSet
from jetseg_core.classes.class_file import read_class_dict
from jetseg_core.data.color_labels import ColorTable
from jetseg_core.data.image_files import read_image, read_labels
from jetseg_core.data.layouts import find_layout
from jetseg_core.data.split_files import find_split
from jetseg_core.errors import JetSegError


class DataSet:
    """One split. Item i is (image (H, W, 3) uint8 RGB, labels (H, W) uint8 with 255 = void).

    Args:
        root: its folder, in one of the layouts of `jetseg_core.data.layouts`.
        split: train, val, test, or what the data set has; `find_split` says which frames that are.
        classes: what to count in. Gray label images hold their ids, label images in colors the colors of
            ``<root>/class_dict.csv`` where it is there, otherwise those of CamVid or of `classes`.
        size: (height, width) to resize frames and labels to; None leaves them as they are.

    Raises:
        JetSegError: no data set there, a split or a label image is missing; and for an item: a file cannot be
            read, or a label image has another size than its frame. Each names the file or folder.
    """

    def __init__(
        self,
        root: str | Path,
        split: str = "train",
        classes: ClassSet = CAMVID11,
        size: tuple[int, int] | None = None,
    ) -> None:
        self.classes, self.size = classes, size
        layout = find_layout(Path(root))
        files = find_split(layout, split)
        self.frames, self.labels, self.is_camvid = files.frames, files.labels, files.is_camvid
        if self.is_camvid and layout.is_segnet and classes == CAMVID32:
            raise JetSegError(
                f"'{root}': CamVid in the SegNet tutorial's layout is labelled with 11 classes, not with "
                "32; give --classes camvid11, or the official data set"
            )
        class_dict = layout.root / "class_dict.csv"
        self.colors = ColorTable(
            classes, read_class_dict(class_dict) if class_dict.is_file() else None
        )

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        image = read_image(self.frames[index])
        labels = read_labels(self.labels[index], self.classes, image.shape[:2], self.colors)
        if self.size is not None:
            size = (self.size[1], self.size[0])
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            labels = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST_EXACT)
        return image, labels

    def fingerprint(self) -> str:
        """Changes when label files, classes, colors or size do; files are told apart by name, length and time."""
        key = (self.classes, self.colors.painted, self.size)
        digest = hashlib.sha256(repr(key).encode())
        for path in self.labels:
            status = path.stat()
            digest.update(repr((path.name, status.st_size, status.st_mtime_ns)).encode())
        return digest.hexdigest()

    def describe(self) -> str:
        """What it is, for a checkpoint's provenance; without this machine's folders."""
        text = f"own frames with the classes '{self.classes.name}'"
        if self.is_camvid:
            height, width = read_image(self.frames[0]).shape[:2]
            text = (
                f"CamVid (Brostow et al. 2009), {len(self.classes)} classes, {width}x{height}, {len(self)} frames "
                "of the SegNet tutorial's split"
            )
        return text + (f", resized to {self.size[1]}x{self.size[0]}" if self.size else "")
