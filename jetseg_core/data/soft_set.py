"""Frames with the certain part of their soft labels as ground truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from jetseg_core.classes import CAMVID11, UNLABELLED, ClassSet
from jetseg_core.data.image_files import list_images, read_image
from jetseg_core.data.label_tally import LabelTally
from jetseg_core.data.soft_labels import CERTAIN, FOLDER, certain_labels, find_soft, read_soft
from jetseg_core.errors import JetSegError


class SoftSet:
    """The frames in ``images/`` with soft labels in ``soft/``. Item i is as of `DataSet`, at the frame's size.

    Args:
        root: root folder.
        classes: class set of the soft labels.
        beginnings: of the names of the frames to take; none = all.

    Raises:
        JetSegError: no such frame; and for an item: a file cannot be used.
    """

    def __init__(
        self, root: str | Path, classes: ClassSet = CAMVID11, beginnings: Sequence[str] = ()
    ) -> None:
        self.classes, self.root = classes, Path(root)
        self.tally = LabelTally(classes)
        """The classes of all items that were read; pixels of which nothing is certain are left out."""
        folder = self.root / "images"
        if not folder.is_dir() or not (self.root / FOLDER).is_dir():
            raise JetSegError(
                f"'{root}': no folders images/ and {FOLDER}/; name the root that holds both"
            )
        self.frames = [
            file
            for file in list_images(folder)
            if (not beginnings or file.stem.startswith(tuple(beginnings)))
            and find_soft(self.root, file.stem)
        ]
        if not self.frames:
            raise JetSegError(
                f"'{folder}': no frame with soft labels"
                + (f" whose name begins with {' or '.join(beginnings)}" if beginnings else "")
            )

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        image = read_image(self.frames[index])
        file = find_soft(self.root, self.frames[index].stem)
        assert file is not None
        soft = read_soft(file, len(self.classes))
        labels = certain_labels(soft, (image.shape[0], image.shape[1]))
        self.tally.add_ids(labels[labels != UNLABELLED])
        return image, labels

    def describe(self) -> str:
        """Name of the data."""
        return f"{len(self)} frames, pixels of which soft labels are certain (probability {CERTAIN} or more)"
