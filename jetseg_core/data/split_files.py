"""Which frames and label images make up one split of a data set."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from jetseg_core.data.camvid import CAMVID_SPLITS, camvid_split, is_camvid
from jetseg_core.data.image_files import IMAGE_SUFFIXES, list_images
from jetseg_core.data.layouts import DataFolders, FrameFolder
from jetseg_core.errors import JetSegError

_log = logging.getLogger("jetseg")


@dataclass(frozen=True)
class SplitFiles:
    """Files of one split; label image i belongs to frame i."""

    frames: list[Path]
    labels: list[Path]
    is_camvid: bool
    """True for a split of CamVid by the shipped list of its names."""


def find_split(data: DataFolders, split: str) -> SplitFiles:
    """The files of one split, in the order of the frames' names.

    CamVid's frames are known by their names. Of these, the shipped list decides for train, val and test, whatever
    folder they are in, since copies of CamVid are cut in other ways, too. Frames of the list that are missing give a
    warning. A frame that is not CamVid's is an error in a folder of CamVid frames that is named like the split, and
    left out of a folder that holds all frames. Of other data a split is all that its folder holds or, where all frames
    are in one, what ``<split>.txt`` lists.

    Raises:
        JetSegError: a folder is missing or empty, the split is not known, a frame is not CamVid's, or a frame has no
            label image.
    """
    where = data.together or data.split(split)
    frames = list_images(where.path)
    if not frames:
        raise JetSegError(
            f"no image in '{where.path}'; expected files ending in {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    if split in CAMVID_SPLITS and any(is_camvid(frame.stem) for frame in frames):
        return _pair(_by_camvid_list(data, where, frames, split), is_camvid=True)
    listed = data.root / f"{split}.txt"
    if data.together and listed.is_file():
        frames = _by_list(frames, listed)
    elif data.together:
        raise JetSegError(
            f"which frames in '{where.path}' are '{split}'? Known are CamVid's {', '.join(CAMVID_SPLITS)}; for "
            f"other data list their names in '{listed}', one a line, or put them into images/{split} and "
            f"labels/{split}"
        )
    return _pair([(frame, where) for frame in frames], is_camvid=False)


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
    data: DataFolders, where: FrameFolder, frames: list[Path], split: str
) -> list[tuple[Path, FrameFolder]]:
    strangers = [frame for frame in frames if not is_camvid(frame.stem)]
    if strangers and not data.together:
        raise JetSegError(
            f"'{strangers[0]}' is none of CamVid's frames, others in its folder are; keep other frames in "
            "a data set of their own"
        )
    wanted = camvid_split(split)
    found: dict[str, tuple[Path, FrameFolder]] = {}
    # The split's own folder first: one frame may lie in two, as in train and trainval.
    for folder in (where, *data.splits.values()):
        for frame in list_images(folder.path):
            if frame.stem in wanted:
                found.setdefault(frame.stem, (frame, folder))
    if not found:
        raise JetSegError(f"'{data.root}': none of the {len(wanted)} frames of CamVid's {split}")
    if len(found) < len(wanted):
        _log.warning(
            "'%s': %d of the %d frames of CamVid's %s; the first missing one is '%s'",
            data.root, len(found), len(wanted), split, min(wanted - found.keys()),
        )  # fmt: skip
    return [found[name] for name in sorted(found)]


def _pair(frames: list[tuple[Path, FrameFolder]], is_camvid: bool) -> SplitFiles:
    """Add the label image of every frame."""
    labels = [folder.labels.of_name(frame.stem) for frame, folder in frames]
    missing = [pair for pair, label in zip(frames, labels, strict=True) if label is None]
    if missing:
        frame, folder = missing[0]
        name, *others = folder.labels.layout.label_names(frame.stem)
        raise JetSegError(
            f"{len(missing)} of {len(frames)} frames in '{frames[0][0].parent}' have no label image; the first "
            f"missing one is '{folder.labels.path / name}.png'"
            + "".join(f" (or {other}.png)" for other in others)
        )
    return SplitFiles(
        [frame for frame, _ in frames], [label for label in labels if label], is_camvid
    )
