"""CamVid with 11 classes at 480x360, or any labelled frames, in the layout of the SegNet tutorial.

``<root>/train``, ``<root>/val`` hold RGB frames, ``<root>/trainannot``, ``<root>/valannot`` 8-bit label images of the
same names: their values are class ids (of `jetseg_core.classes.CAMVID11` in CamVid), everything else is void.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from jetseg_core.classes import CAMVID11, ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.image_files import read_image, read_labels


class CamVid:
    """One split. Item i is (image (H, W, 3) uint8 RGB, labels (H, W) uint8 with 255 = void).

    With `size`, (height, width), frames and labels are resized to it.

    Raises:
        JetSegError: a folder is missing or empty, a frame has no label image, a file cannot be read, or a
            label image has another size than its frame.
    """

    def __init__(
        self,
        root: str | Path,
        split: str = "train",
        classes: ClassSet = CAMVID11,
        size: tuple[int, int] | None = None,
    ) -> None:
        self.classes, self.size = classes, size
        frames, labels = Path(root) / split, Path(root) / f"{split}annot"
        for folder in (frames, labels):
            if not folder.is_dir():
                raise JetSegError(
                    f"no folder '{folder}': a CamVid root holds train, trainannot, val and valannot "
                    "(the SegNet tutorial's layout); name such a folder with --data"
                )
        self.frames = sorted(frames.glob("*.png"))
        if not self.frames:
            raise JetSegError(f"no PNG frames in '{frames}'")
        self.labels = [labels / frame.name for frame in self.frames]
        missing = [path for path in self.labels if not path.is_file()]
        if missing:
            raise JetSegError(
                f"{len(missing)} of {len(self.frames)} frames in '{frames}' have no label image; the first "
                f"missing one is '{missing[0]}'"
            )

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        image = read_image(self.frames[index])
        labels = read_labels(self.labels[index], self.classes, image.shape[:2])
        if self.size is not None:
            size = (self.size[1], self.size[0])
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            labels = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST_EXACT)
        return image, labels

    def fingerprint(self) -> str:
        """Changes when label files, classes or size do; files are told apart by name, length and time."""
        digest = hashlib.sha256(repr((self.classes.names, self.size)).encode())
        for path in self.labels:
            status = path.stat()
            digest.update(repr((path.name, status.st_size, status.st_mtime_ns)).encode())
        return digest.hexdigest()

    def describe(self) -> str:
        """What it is, for a checkpoint's provenance; without this machine's folders."""
        text = f"own frames with the classes '{self.classes.name}'"
        if self.classes is CAMVID11:
            text = "CamVid (Brostow et al. 2008), 11 classes, 480x360, SegNet tutorial's split"
        return text + (f", resized to {self.size[1]}x{self.size[0]}" if self.size else "")
