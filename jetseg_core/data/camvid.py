"""CamVid with 11 classes at 480x360, in the layout of the SegNet tutorial.

``<root>/train``, ``<root>/val`` hold RGB frames, ``<root>/trainannot``, ``<root>/valannot`` 8-bit label images of the
same names: 0 to 10 are the classes of `jetseg_core.classes.CAMVID11`, everything else is void.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from jetseg_core.classes import CAMVID11
from jetseg_core.errors import JetSegError
from jetseg_core.image_files import read_image, read_labels


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
        image = read_image(self.frames[index])
        return image, read_labels(self.labels[index], self.classes, image.shape[:2])
