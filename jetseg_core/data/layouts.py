"""The folder layouts that a data set may come in, told apart by the folders that are there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jetseg_core.errors import JetSegError

_BY_SPLIT = (("{}", "{}annot"), ("{}", "{}_labels"), ("images/{}", "labels/{}"))
"""Folders of frames and of labels, one pair a split: SegNet tutorial, class_dict.csv, your own data."""
_FRAMES = ("701_StillsRaw_full", "raw", "images")
_LABELS = ("LabeledApproved_full", "label", "labels")
"""Folders of all frames and of all labels: the official CamVid, and names that its copies go by."""

KNOWN = (
    "train + trainannot (SegNet tutorial), train + train_labels (with class_dict.csv), images/train + "
    "labels/train (your own), or all frames in one folder: 701_StillsRaw_full (or raw, images) + "
    "LabeledApproved_full (or label, labels)"
)
"""The layouts in words, for errors and help."""


@dataclass(frozen=True)
class Folders:
    """A folder of frames and the folder of their label images."""

    frames: Path
    labels: Path


@dataclass(frozen=True)
class Layout:
    """Where a data set keeps its frames."""

    root: Path
    splits: dict[str, Folders]
    """Folders by the name of their split; empty where all frames are in one folder."""
    together: Folders | None = None
    """The folders of all frames, where they are in one."""
    pattern: tuple[str, str] = ("{}", "{}")
    """How a split's two folders are named."""

    @property
    def is_segnet(self) -> bool:
        """Whether it is the SegNet tutorial's, whose labels are gray ids of 11 classes."""
        return self.pattern == _BY_SPLIT[0]

    def folders(self, split: str) -> Folders:
        """The folders of one split.

        Raises:
            JetSegError: one of them is missing.
        """
        if split in self.splits:
            return self.splits[split]
        paths = [self.root / part.format(split) for part in self.pattern]
        missing = next(path for path in paths if not path.is_dir())
        raise JetSegError(
            f"no folder '{missing}'; '{self.root}' holds the splits {', '.join(sorted(self.splits))}"
        )


def find_layout(root: Path) -> Layout:
    """The layout of a data set.

    Raises:
        JetSegError: no such folder, or nothing in it that looks like a data set.
    """
    if not root.is_dir():
        raise JetSegError(f"no folder '{root}'; name the data set's root folder with --data")
    for pattern in _BY_SPLIT:
        found = {
            split: Folders(*(root / part.format(split) for part in pattern))
            for split in _subfolders((root / pattern[0]).parent)
            if (root / pattern[1].format(split)).is_dir()
        }
        if found:
            return Layout(root, found, pattern=pattern)
    here = {name.lower(): name for name in _subfolders(root)}
    pair = [
        next((here[n.lower()] for n in names if n.lower() in here), "")
        for names in (_FRAMES, _LABELS)
    ]
    if all(pair):
        return Layout(root, {}, together=Folders(*(root / name for name in pair)))
    raise JetSegError(
        f"'{root}' holds no data set. Looked for: {KNOWN}. Found: "
        f"{', '.join(sorted(here.values())) or 'no folder'}"
    )


def _subfolders(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.is_dir())
