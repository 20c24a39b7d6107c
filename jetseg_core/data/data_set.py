"""Labelled frames: CamVid, or any data set of images and label images (docs/data.md)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from jetseg_core.classes import CAMVID11, CAMVID32, ClassSet
from jetseg_core.data.camvid import CAMVID_SPLITS, camvid_split, is_camvid
from jetseg_core.data.image_files import IMAGE_SUFFIXES, LabelReader, list_images, read_image
from jetseg_core.data.label_tally import LabelTally
from jetseg_core.data.layouts import SEGNET, DataFolders, LabelFolder, find_layout
from jetseg_core.errors import JetSegError

_log = logging.getLogger("jetseg")


class DataSet:
    """One split. Item i is (image (H, W, 3) uint8 RGB, labels (H, W) uint8 with 255 = void).

    Args:
        root: root folder, in one of the layouts of `jetseg_core.data.layouts`.
        split: train, val, test, or another that the data set has; docs/data.md says which frames that are.
        classes: class set of the labels; `LabelReader` says how label images are read.
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
        folders = find_layout(Path(root))
        pairs, self.is_camvid = _find_split(folders, split)
        self.frames = [frame for frame, _ in pairs]
        self.labels = _label_files(pairs)
        if self.is_camvid and folders.layout == SEGNET and classes == CAMVID32:
            raise JetSegError(
                f"'{root}': CamVid in the SegNet tutorial's layout is labelled with 11 classes, not with "
                "32; give --classes camvid11, or the official data set"
            )
        self._reader = LabelReader(classes, folders.root)

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        image = read_image(self.frames[index])
        labels = self._reader.read(self.labels[index], image.shape[:2])
        if self.size is not None:
            size = (self.size[1], self.size[0])
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            labels = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST_EXACT)
        return image, labels

    @property
    def tally(self) -> LabelTally:
        """The label values of all items that were read."""
        return self._reader.tally

    def describe(self) -> str:
        """Name of the data for a checkpoint's provenance, without folders of this machine."""
        text = f"own frames with the classes '{self.classes.name}'"
        if self.is_camvid:
            height, width = read_image(self.frames[0]).shape[:2]
            text = (
                f"CamVid (Brostow et al. 2009), {len(self.classes)} classes, {width}x{height}, {len(self)} frames "
                "of the SegNet tutorial's split"
            )
        return text + (f", resized to {self.size[1]}x{self.size[0]}" if self.size else "")


Pairs = list[tuple[Path, LabelFolder]]
"""Frames with the folders of their label images."""


def _find_split(data: DataFolders, split: str) -> tuple[Pairs, bool]:
    """The frames of one split in the order of their names, and whether they are a split of CamVid by its list.

    CamVid's frames are known by their names. Of these, the shipped list decides for train, val and test, whatever
    folder they are in, since copies of CamVid are cut in other ways, too. Of other data a split is all that its folder
    holds or, where all frames are in one, what ``<split>.txt`` lists.
    """
    folder, labels = data.split(split)
    frames = list_images(folder)
    if not frames:
        raise JetSegError(
            f"no image in '{folder}'; expected files ending in {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    if split in CAMVID_SPLITS and any(is_camvid(frame.stem) for frame in frames):
        return _by_camvid_list(data, split), True
    listed = data.root / f"{split}.txt"
    if data.together and listed.is_file():
        frames = _by_list(frames, listed)
    elif data.together:
        raise JetSegError(
            f"which frames in '{folder}' are '{split}'? Known are CamVid's {', '.join(CAMVID_SPLITS)}; for "
            f"other data list their names in '{listed}', one a line, or put them into images/{split} and "
            f"labels/{split}"
        )
    return [(frame, labels) for frame in frames], False


def _by_list(frames: list[Path], listed: Path) -> list[Path]:
    """The frames that a file lists, by their names with or without suffix."""
    lines = listed.read_text(encoding="utf-8", errors="replace").splitlines()
    named = {frame.stem: frame for frame in frames} | {frame.name: frame for frame in frames}
    names = [line.strip() for line in lines if line.strip()]
    absent = [name for name in names if name not in named]
    if absent or not names:
        what = f"'{absent[0]}' is not in '{frames[0].parent}'" if absent else "it is empty"
        raise JetSegError(f"'{listed}': {what}; list the names of frames, one a line")
    return sorted({named[name] for name in names})


def _by_camvid_list(data: DataFolders, split: str) -> Pairs:
    """Frames of CamVid's list in all folders; missing ones give a warning.

    A frame that is not CamVid's is an error in the split's own folder, and left out of a folder that holds all frames.
    """
    wanted = camvid_split(split)
    found: dict[str, tuple[Path, LabelFolder]] = {}
    # The split's own folder first: one frame may lie in two, as in train and trainval.
    for folder, labels in (data.split(split), *data.splits.values()):
        for frame in list_images(folder):
            if frame.stem in wanted:
                found.setdefault(frame.stem, (frame, labels))
            elif folder == data.split(split)[0] and not (data.together or is_camvid(frame.stem)):
                raise JetSegError(
                    f"'{frame}' is none of CamVid's frames, others in its folder are; keep other frames in "
                    "a data set of their own"
                )
    if not found:
        raise JetSegError(f"'{data.root}': none of the {len(wanted)} frames of CamVid's {split}")
    if len(found) < len(wanted):
        _log.warning(
            "'%s': %d of the %d frames of CamVid's %s; the first missing one is '%s'",
            data.root, len(found), len(wanted), split, min(wanted - found.keys()),
        )  # fmt: skip
    return [found[name] for name in sorted(found)]


def _label_files(pairs: Pairs) -> list[Path]:
    """The label image of every frame.

    Raises:
        JetSegError: a frame has none.
    """
    labels = [folder.of_name(frame.stem) for frame, folder in pairs]
    missing = [pair for pair, label in zip(pairs, labels, strict=True) if label is None]
    if missing:
        frame, folder = missing[0]
        name, *others = folder.layout.label_names(frame.stem)
        raise JetSegError(
            f"{len(missing)} of {len(pairs)} frames in '{pairs[0][0].parent}' have no label image; the first "
            f"missing one is '{folder.path / name}.png'"
            + "".join(f" (or {other}.png)" for other in others)
        )
    return [label for label in labels if label is not None]
