"""The inputs that paths stand for, and their names in the results of a replay of many."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from jetseg_core.data.image_files import list_images
from jetseg_core.errors import JetSegError
from jetseg_core.recording.recording import STORAGE_SUFFIXES, is_bag
from jetseg_core.replay.run.replay_settings import RUN_FILE
from jetseg_core.sources.opening import is_generator, is_video

INPUT_RULE = (
    "A folder with storage files (.mcap, .db3) or a metadata.yaml is a recording. Any other folder is searched for "
    "recordings at any depth; if there are none, and images lie in it, it is a folder of images."
)
"""The rule that tells folders apart."""


@dataclass(frozen=True)
class ReplayInput:
    """A recording, video or folder of images to replay."""

    name: str
    """Its path below the common folder of all inputs; its results lie under this name."""
    path: Path

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        files = [self.path] if self.path.is_file() else self.path.iterdir()
        return sum(file.stat().st_size for file in files if file.is_file())


def is_single(paths: Sequence[Path]) -> bool:
    """True if the paths name one input; False for several, a folder to search, or a wrong path. See `INPUT_RULE`.

    Raises:
        JetSegError: a recording with other recordings below it, so that either could be meant.
    """
    if len(paths) != 1:
        return False
    path = paths[0].expanduser()
    if is_generator(str(paths[0])) or is_video(path):
        return True
    if not is_bag(path):
        return _holds_images(path) and next(_walk(path), None) is None
    other = next(_walk(path), None)
    if other is not None:
        raise JetSegError(
            f"{path}: a recording that has other recordings below it ({other}, ...); name each that is meant"
        )
    return True


def find_inputs(paths: Sequence[Path], out: Path) -> list[ReplayInput]:
    """The inputs at and below some paths, by name. See `INPUT_RULE`.

    Hidden folders and results of replays are left out.

    Raises:
        JetSegError: a path is no input and has no recording below it, or lies in another input; or `out` is the
            common folder of the inputs.
    """
    generated = next((path for path in paths if is_generator(str(path))), None)
    if generated is not None:
        raise JetSegError(
            f"'{generated}': the generator is replayed alone; name no other input with it"
        )
    roots = [Path(os.path.abspath(path.expanduser())) for path in paths]
    found: dict[Path, None] = {}
    for root in dict.fromkeys(roots):
        below = [root] if is_bag(root) or is_video(root) else list(_walk(root))
        if not below and not _holds_images(root):
            raise JetSegError(f"{root}: {_complaint(root)}")
        found |= dict.fromkeys(below or [root])
    for path in found:
        inside = next((other for other in path.parents if other in found), None)
        if inside is not None:
            raise JetSegError(f"{path}: lies in {inside}, which is an input too; name one of them")
    common = Path(os.path.commonpath(roots))
    base = common.parent if common in found else common
    if out.expanduser().resolve() == base.resolve():
        raise JetSegError(f"--out {out}: is where the recordings are; name another folder")
    inputs = (ReplayInput(path.relative_to(base).as_posix(), path) for path in found)
    return sorted(inputs, key=attrgetter("name"))


def _walk(folder: Path) -> Iterator[Path]:
    """The recordings below a folder, at any depth."""
    if not folder.is_dir():
        return
    try:
        entries = sorted(folder.iterdir())
    except PermissionError as error:
        raise JetSegError(
            f"{folder}: cannot be read ({error.strerror}); name the folders of the recordings"
        ) from error
    for below in entries:
        hidden, results = below.name.startswith("."), (below / RUN_FILE).is_file()
        if not below.is_dir() or hidden or results:
            continue
        if is_bag(below):
            yield below
        elif not below.is_symlink():  # a link may lead in a circle
            yield from _walk(below)


def _holds_images(path: Path) -> bool:
    return path.is_dir() and bool(list_images(path))


def _complaint(path: Path) -> str:
    if not path.exists():
        return "no such file or folder"
    expected = (
        f"expected a rosbag2 recording (a folder with {' or '.join(STORAGE_SUFFIXES)} files, or one such file), a "
        "video file or a folder of images"
    )
    if path.is_file():
        return f"not a recording or video; {expected}"
    return f"neither a recording nor images in it, and no recording below it; {expected}"
