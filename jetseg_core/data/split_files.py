"""Which frames and label images make up one split of a data set."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from jetseg_core.data.camvid_split import CAMVID_SPLITS, camvid_split, is_camvid
from jetseg_core.data.image_files import IMAGE_SUFFIXES
from jetseg_core.data.layouts import Folders, Layout
from jetseg_core.errors import JetSegError

_log = logging.getLogger("jetseg")


@dataclass(frozen=True)
class SplitFiles:
    """The files of one split; frame i belongs to label image i."""

    frames: list[Path]
    labels: list[Path]
    is_camvid: bool
    """Whether it is a split of CamVid, by the shipped list of its names."""


def find_split(layout: Layout, split: str) -> SplitFiles:
    """The files of one split, in the order of the frames' names.

    Where the frames are CamVid's (known by their names) and the split is train, val or test, the shipped list
    says which they are, whatever folder they are in: copies of CamVid are cut in other ways, too. Frames of
    the list that are not there are warned of. A frame that is none of CamVid's is an error in a folder of
    CamVid frames that is named like the split, and left out of a folder that holds all frames. Of other data
    a split is all that its folder holds or, where all frames are in one, what ``<split>.txt`` lists.

    Raises:
        JetSegError: a folder is missing or empty, the split is not known, a frame is none of CamVid's, or a
            frame has no label image.
    """
    where = layout.together or layout.folders(split)
    frames = _images(where.frames)
    if not frames:
        raise JetSegError(
            f"no image in '{where.frames}'; expected files ending in {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    if split in CAMVID_SPLITS and any(is_camvid(frame.stem) for frame in frames):
        return _pair(_by_camvid_list(layout, where, frames, split), True)
    listed = layout.root / f"{split}.txt"
    if layout.together and listed.is_file():
        return _pair([(frame, where) for frame in _by_list(frames, listed)], False)
    if layout.together:
        raise JetSegError(
            f"which frames in '{where.frames}' are '{split}'? Known are CamVid's {', '.join(CAMVID_SPLITS)}; for "
            f"other data list their names in '{listed}', one a line, or put them into images/{split} and "
            f"labels/{split}"
        )
    return _pair([(frame, where) for frame in frames], False)


def _images(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    )


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


def _by_camvid_list(
    layout: Layout, where: Folders, frames: list[Path], split: str
) -> list[tuple[Path, Folders]]:
    strangers = [frame for frame in frames if not is_camvid(frame.stem)]
    if strangers and not layout.together:
        raise JetSegError(
            f"'{strangers[0]}' is none of CamVid's frames, others in its folder are; keep other frames in "
            "a data set of their own"
        )
    wanted = camvid_split(split)
    found: dict[str, tuple[Path, Folders]] = {}
    # The split's own folder first: one frame may lie in two, as in train and trainval.
    for folders in (where, *layout.splits.values()):
        for frame in _images(folders.frames):
            if frame.stem in wanted:
                found.setdefault(frame.stem, (frame, folders))
    if not found:
        raise JetSegError(f"'{layout.root}': none of the {len(wanted)} frames of CamVid's {split}")
    if len(found) < len(wanted):
        _log.warning(
            "'%s': %d of the %d frames of CamVid's %s; '%s' is the first that is not there",
            layout.root, len(found), len(wanted), split, min(wanted - found.keys()),
        )  # fmt: skip
    return [found[name] for name in sorted(found)]


def _pair(frames: list[tuple[Path, Folders]], is_camvid: bool) -> SplitFiles:
    """Add the label image of every frame: of the same name, or with _L behind it as in the official CamVid."""
    there = {
        folder: {path.name for path in folder.iterdir()}
        for folder in {folders.labels for _, folders in frames}
    }
    labels, missing = [], []
    for frame, folders in frames:
        names = (f"{frame.stem}.png", f"{frame.stem}_L.png")
        name = next((name for name in names if name in there[folders.labels]), names[0])
        labels.append(folders.labels / name)
        if name not in there[folders.labels]:
            missing.append(labels[-1])
    if missing:
        raise JetSegError(
            f"{len(missing)} of {len(frames)} frames in '{frames[0][0].parent}' have no label image; the first "
            f"missing one is '{missing[0]}' (or {missing[0].stem}_L.png)"
        )
    return SplitFiles([frame for frame, _ in frames], labels, is_camvid)
