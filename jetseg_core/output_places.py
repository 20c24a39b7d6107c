"""Where results may be written: apart from what is read, and over nothing but results of before."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from jetseg_core.errors import JetSegError


def check_apart(outputs: Iterable[str | Path], inputs: Iterable[str | Path]) -> None:
    """Refuse an output that is, holds or lies in an input, whatever names the two go by.

    Args:
        outputs: files and folders to be written; they need not be there yet.
        inputs: files and folders to be read. What links in such a folder lead to is read, too.

    Raises:
        JetSegError: the first of them that is not apart.
    """
    written = {_identity(_real(output)): output for output in outputs}
    read = {_identity(place): shown for shown in inputs for place in _places(Path(shown))}
    for output in written.values():
        place = _real(output)
        for folder in (place, *place.parents):
            if (shown := read.get(_identity(folder))) is not None:
                raise _not_apart(output, "is" if folder == place else "lies in", shown)
    for shown in dict.fromkeys(read.values()):
        for place in _places(Path(shown)):
            for folder in place.parents:
                if (holder := written.get(_identity(folder))) is not None:
                    raise _not_apart(holder, "holds", shown)


def check_replaceable(folder: Path, names: Iterable[str], own: Collection[str]) -> None:
    """Refuse to write over what is no result of before; links are never written through.

    Args:
        folder: where results are to lie.
        names: of the files and folders to be written there.
        own: those names under which results of before lie there.

    Raises:
        JetSegError: something else has one of the names.
    """
    for path in (folder / name for name in names):
        if path.is_symlink():
            raise JetSegError(
                f"{path}: a link, and results are not written through links; remove it, or name another folder"
            )
        if path.name not in own and path.exists():
            raise JetSegError(
                f"{path}: in the way of a result, and not written by such a run before; move it away, or name "
                "another folder"
            )


def is_record(path: Path, keys: Collection[str]) -> bool:
    """Whether a file is one of ours: JSON with these keys."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.keys() >= set(keys)


def _not_apart(output: str | Path, how: str, read: str | Path) -> JetSegError:
    return JetSegError(
        f"{output}: {how} {read}, which is read; results must lie apart from it: name another place for them"
    )


def _places(path: Path) -> Iterator[Path]:
    """Where an input really lies, and what links in it lead to."""
    place = _real(path.expanduser())
    yield place
    if place.is_dir() and os.access(place, os.R_OK):
        yield from (_real(entry.path) for entry in os.scandir(place) if entry.is_symlink())


def _real(path: str | Path) -> Path:
    return Path(os.path.realpath(path))


def _identity(place: Path) -> object:
    """What a file or folder has in common with itself under another name; of one that is not there, its path."""
    try:
        status = place.stat()
    except OSError:
        return place
    return status.st_dev, status.st_ino
