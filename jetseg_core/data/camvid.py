"""CamVid with 11 classes at 480x360, in the layout of the SegNet tutorial.

``<root>/train``, ``<root>/val`` hold RGB frames, ``<root>/trainannot``, ``<root>/valannot`` 8-bit label images of the
same names: 0 to 10 are the classes of `jetseg_core.classes.CAMVID11`, everything else is void.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from jetseg_core.classes import CAMVID11, UNLABELLED
from jetseg_core.errors import JetSegError


class CamVid:
    """One split. Item i is (image (H, W, 3) uint8 RGB, labels (H, W) uint8 with 255 = void).

    Raises:
        JetSegError: a folder is missing or empty, a frame has no label image, a file cannot be read, or a
            label image has another size than its frame.
    """

    classes = CAMVID11

    def __init__(self, root: str | Path, split: str = "train") -> None:
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
        image = _read(self.frames[index], cv2.IMREAD_COLOR)
        labels = _read(self.labels[index], cv2.IMREAD_GRAYSCALE)
        if labels.shape != image.shape[:2]:
            raise JetSegError(
                f"'{self.labels[index]}' is {labels.shape[1]}x{labels.shape[0]} but its frame is "
                f"{image.shape[1]}x{image.shape[0]}; frame and label image must have one size"
            )
        labels[labels >= len(self.classes)] = UNLABELLED
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB), labels


def _read(path: Path, mode: int) -> np.ndarray:
    image = cv2.imread(str(path), mode)
    if image is None:
        raise JetSegError(f"'{path}' cannot be read as an image; it is damaged or not a PNG file")
    return image
