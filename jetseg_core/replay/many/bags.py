"""The recordings that paths stand for, and what each is called in the results."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from jetseg_core.errors import JetSegError
from jetseg_core.recording import is_bag
from jetseg_core.recording.recording import METADATA, STORAGE_SUFFIXES
from jetseg_core.replay.run.run_record import FILE as RUN_FILE
from jetseg_core.sources.folder import IMAGE_SUFFIXES


@dataclass(frozen=True)
class Bag:
    """A recording to replay."""

    name: str
    """Its path below the folder that all of them have in common; its results lie under this name."""
    path: Path
    """A rosbag2 folder, or one storage file."""

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        files = [self.path] if self.path.is_file() else self.path.iterdir()
        return sum(file.stat().st_size for file in files if file.is_file())


def is_one_bag(paths: Sequence[Path]) -> bool:
    """Whether paths name a single recording, and no folder to look for recordings in.

    A folder that itself holds storage files or a metadata.yaml is a recording.

    Raises:
        JetSegError: it also holds folders that are recordings, so that either could be meant.
    """
    if len(paths) != 1 or not _looks_like_bag(path := paths[0].expanduser()):
        return False
    other = next(_walk(path), None)
    if other is not None:
        raise JetSegError(
            f"{path}: holds files of a recording itself, and other recordings below it ({other}, ...); name those "
            "that are meant"
        )
    return True


def find_bags(paths: Sequence[Path], out: Path) -> list[Bag]:
    """The recordings among and below some paths, by name.

    Left out: hidden folders, and what replays have written.

    Raises:
        JetSegError: a path is neither a recording nor a folder with one in it, or lies in a recording; or `out` is
            where they are.
    """
    roots = [Path(os.path.abspath(path.expanduser())) for path in paths]
    found: dict[Path, None] = {}
    for root in dict.fromkeys(roots):
        below = [root] if _looks_like_bag(root) else list(_walk(root))
        if not below:
            raise JetSegError(f"{root}: {_complaint(root)}")
        found |= dict.fromkeys(below)
    for path in found:
        inside = next((other for other in path.parents if other in found), None)
        if inside is not None:
            raise JetSegError(f"{path}: lies in {inside}, which is a recording; name one of them")
    common = Path(os.path.commonpath(roots))
    base = common.parent if common in found else common
    if out.expanduser().resolve() == base.resolve():
        raise JetSegError(f"--out {out}: is where the recordings are; name another folder")
    return sorted(
        (Bag(path.relative_to(base).as_posix(), path) for path in found), key=attrgetter("name")
    )


def _walk(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    try:
        entries = sorted(folder.iterdir())
    except PermissionError as error:
        raise JetSegError(
            f"{folder}: cannot be looked into ({error.strerror}); name the folders of the recordings"
        ) from error
    for below in entries:
        hidden, results = below.name.startswith("."), (below / RUN_FILE).is_file()
        if not below.is_dir() or hidden or results:
            continue
        if _looks_like_bag(below):
            yield below
        elif not below.is_symlink():  # which may lead in a circle
            yield from _walk(below)


def _looks_like_bag(path: Path) -> bool:
    """Also of a recording whose storage files are lost, which is to be reported and not to be passed over."""
    return is_bag(path) or (path / METADATA).is_file()


def _complaint(path: Path) -> str:
    kinds = " or ".join(STORAGE_SUFFIXES)
    if not path.exists():
        return "no such file or folder"
    expected = f"expected a rosbag2 recording (a folder with {kinds} files, or one such file)"
    if path.is_file():
        return f"not a recording; {expected}"
    if any(file.suffix.lower() in IMAGE_SUFFIXES for file in path.iterdir()):
        return f"holds images and no recording; {expected}; for images there is jetseg predict"
    return f"neither a recording nor a folder with recordings in it; {expected}"
