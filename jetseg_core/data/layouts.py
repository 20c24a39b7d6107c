"""Places of frames and label images in data sets (docs/data.md): one list of layouts for all commands.

`find_layout` starts from the root folder of a data set, `find_labels` from a folder of frames, `LabelFolder` from a
folder of label images. To support another layout, add an entry to `LAYOUTS`.
"""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jetseg_core.data.image_files import list_images
from jetseg_core.errors import JetSegError


@dataclass(frozen=True)
class Layout:
    """Names of folders and files in one kind of data set. Folders are relative to its root, in any case."""

    title: str
    """Name for errors and help."""
    frames: tuple[str, ...]
    """Names that the folder of frames goes by. ``{split}`` stands for a split, where each has its own folders."""
    labels: tuple[str, ...]
    """Names that the folder of label images goes by, likewise."""
    frame_ending: str = ""
    """End of a frame's name (before the suffix) that is not in the name of its label image."""
    label_endings: tuple[str, ...] = ("", "_L")
    """Ends of a label image's name that are not in the name of its frame; the first that is there counts."""

    def label_names(self, frame: str) -> list[str]:
        """Names, without suffix, that the label image of a frame of this name may have."""
        return [frame.removesuffix(self.frame_ending) + ending for ending in self.label_endings]


SEGNET = Layout("SegNet tutorial", ("{split}",), ("{split}annot",))
"""CamVid as the SegNet tutorial distributes it; its label images are gray ids of 11 classes."""
LAYOUTS: list[Layout] = [
    SEGNET,
    Layout("with class_dict.csv", ("{split}",), ("{split}_labels",)),
    Layout("your own", ("images/{split}",), ("labels/{split}",)),
    Layout(
        "all frames in one folder",  # The official CamVid, and names that its copies go by.
        ("701_StillsRaw_full", "raw", "images"),
        ("LabeledApproved_full", "label", "labels"),
    ),
]
"""The known layouts; where several fit, the first counts."""


def known_layouts() -> str:
    """The layouts in words, for errors and help."""
    return "; ".join(
        f"{' or '.join(layout.frames)} + {' or '.join(layout.labels)} ({layout.title})"
        for layout in LAYOUTS
    ).replace("{split}", "train")


@dataclass(frozen=True)
class LabelFolder:
    """Label images in one folder, found by the name of their frame, its time stamp, or its place in the order."""

    path: Path
    root: Path
    """Root folder of the data set, which may hold a ``class_dict.csv``."""
    layout: Layout = SEGNET

    @classmethod
    def at(cls, path: Path) -> LabelFolder:
        """The folder of label images at `path`; its parents tell the data set's root where they fit a layout."""
        for layout in LAYOUTS:
            for pattern in layout.labels:
                if _split_of(path, pattern) is not None:
                    return cls(path, _root_of(path, pattern), layout)
        return cls(path, root=path)

    @cached_property
    def files(self) -> list[Path]:
        """All label images, in the order of their names. JPEG would damage class ids and does not count."""
        images = list_images(self.path)
        files = [file for file in images if file.suffix.lower() not in (".jpg", ".jpeg")]
        if all(file.stem.isdecimal() for file in files):  # numbers, also without leading zeros
            files.sort(key=lambda file: int(file.stem))
        return files

    def of_name(self, frame: str) -> Path | None:
        """The label image of a frame of this name (without suffix); None if there is none."""
        names = self.layout.label_names(frame)
        return next((self._by_name[name] for name in names if name in self._by_name), None)

    @cached_property
    def by_stamp(self) -> dict[int, Path]:
        """Label images by the time stamp, in nanoseconds, that is their name; {} if names are something else."""
        # Frame numbers stay below a tenth of a second in nanoseconds: no recording is that long.
        if not all(f.stem.isdecimal() for f in self.files):
            return {}
        stamps = {int(f.stem): f for f in self.files}
        return stamps if max(stamps, default=0) >= 10**8 else {}

    @cached_property
    def _by_name(self) -> dict[str, Path]:
        # Of several files of a name, the PNG comes last and counts.
        files = sorted(self.files, key=lambda file: file.suffix.lower() == ".png")
        return {file.stem: file for file in files}


@dataclass(frozen=True)
class DataFolders:
    """The folders of one data set."""

    root: Path
    layout: Layout
    splits: dict[str, tuple[Path, LabelFolder]]
    """Folders of frames and of label images by split; by "" alone where all frames are in one folder."""

    @property
    def together(self) -> bool:
        """True if all frames are in one folder."""
        return "" in self.splits

    def split(self, name: str) -> tuple[Path, LabelFolder]:
        """The folders of one split, or of all frames.

        Raises:
            JetSegError: one of them is missing.
        """
        if self.together or name in self.splits:
            return self.splits["" if self.together else name]
        names = (self.layout.frames[0], self.layout.labels[0])
        paths = [self.root / pattern.format(split=name) for pattern in names]
        missing = next((path for path in paths if not path.is_dir()), paths[0])
        raise JetSegError(
            f"no folder '{missing}'; '{self.root}' holds the splits {', '.join(sorted(self.splits))}"
        )


def find_layout(root: Path) -> DataFolders:
    """The folders of the data set at `root`.

    Raises:
        JetSegError: no such folder, or no known layout fits it.
    """
    if not root.is_dir():
        raise JetSegError(f"no folder '{root}'; name the data set's root folder with --data")
    for layout in LAYOUTS:
        splits: dict[str, tuple[Path, LabelFolder]] = {}
        for pattern in layout.frames:
            for frames in _folders(root, pattern):
                split = _split_of(frames, pattern) or ""
                for labels in _label_folders(root, layout, split):
                    splits.setdefault(split, (frames, labels))
        if splits:
            return DataFolders(root, layout, splits)
    here = ", ".join(path.name for path in _folders(root, "*"))
    raise JetSegError(
        f"'{root}' holds no data set. Looked for: {known_layouts()}. Found: {here or 'no folder'}"
    )


@dataclass(frozen=True)
class FoundLabels:
    """Label images of the frames in one folder."""

    frames: list[Path]
    """All images of the folder, in the order of their names."""
    labels: list[Path | None]
    """The label image of each frame; None for a frame that has none."""
    folder: LabelFolder | None
    """The folder that they are in; None if no frame has one."""
    why: str
    """Place in which they were found, or the reason why none was, in words."""


def find_labels(images: Path) -> FoundLabels:
    """Find the label images of a folder of frames, in the known layouts.

    Args:
        images: an existing folder, such as ``images/val`` of a data set. Frames and label images belong together by
            name, as the layout has it.
    """
    frames = list_images(images)
    looked = []
    for layout in LAYOUTS:
        for pattern in layout.frames:
            split = _split_of(images, pattern)
            if split is None:
                continue
            root = _root_of(images, pattern)
            for folder in _label_folders(root, layout, split):
                labels = [folder.of_name(frame.stem) for frame in frames]
                count = len(frames) - labels.count(None)
                if count:
                    why = f"{count} of {len(frames)} frames have a label image in '{folder.path}'"
                    return FoundLabels(frames, labels, folder, why)
                looked.append(f"'{folder.path}' (none is named like a frame)")
            looked += [f"'{root / name.format(split=split)}'" for name in layout.labels]
    why = f"no label images for the frames in '{images}'; looked in {', '.join(looked)}"
    return FoundLabels(frames, [None] * len(frames), None, why)


def _label_folders(root: Path, layout: Layout, split: str) -> list[LabelFolder]:
    """The folders of label images of a split ("" for all frames), under all names that are there."""
    names = [name.format(split=glob.escape(split)) for name in layout.labels]
    return [LabelFolder(path, root, layout) for name in names for path in _folders(root, name)]


def _folders(root: Path, pattern: str) -> list[Path]:
    """Folders below `root` whose names fit a pattern, in any case; any name fits ``{split}``."""
    either = [f"[{c}{c.swapcase()}]" if c.isalpha() else c for c in pattern.format(split="*")]
    return sorted(path for path in root.glob("".join(either)) if path.is_dir())


def _split_of(path: Path, pattern: str) -> str | None:
    """The split of a folder whose last names fit a pattern ("" if the pattern has none); None if they do not."""
    names = "/".join(Path(os.path.abspath(path)).parts[-1 - pattern.count("/") :])
    regex = re.escape(pattern).replace(r"\{split\}", "([^/]+)")
    found = re.fullmatch(regex, names, re.IGNORECASE)
    return "".join(found.groups()) if found else None


def _root_of(path: Path, pattern: str) -> Path:
    return Path(os.path.abspath(path)).parents[pattern.count("/")]
