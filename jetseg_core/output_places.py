"""Checks before results are written: apart from all inputs, and over nothing but earlier results."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from jetseg_core.errors import JetSegError

_HEAD = 33
"""Bytes of a PNG up to the end of its first chunk."""
_TEXT = b"tEXtSoftware\0JetSeg"
_MARK = (len(_TEXT) - 4).to_bytes(4, "big") + _TEXT + zlib.crc32(_TEXT).to_bytes(4, "big")
"""Second chunk of a picture that is a result. A program that changes the picture writes it without this."""


def check_apart(outputs: Iterable[str | Path], inputs: Iterable[str | Path]) -> None:
    """Refuse an output that is, holds or lies in an input, also by another name of either.

    Args:
        outputs: files and folders to be written; they need not exist.
        inputs: files and folders to be read, the targets of links in such a folder included.

    Raises:
        JetSegError: an output is not apart from an input.
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
    """Refuse to replace anything but earlier results, and to write through links.

    Args:
        folder: of the results.
        names: of the files and folders to be written there.
        own: the names of earlier results in it.

    Raises:
        JetSegError: a link, or a file or folder of another origin, has one of the names.
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


def check_pictures(folder: Path, names: Collection[str]) -> None:
    """Refuse to replace anything but pictures that `mark_picture` has marked; see `check_replaceable`."""
    check_replaceable(folder, names, {name for name in names if is_marked(folder / name)})


def mark_picture(png: bytes) -> bytes:
    """The PNG with a text in it that shows it is a result, so that a later run may replace it."""
    return png[:_HEAD] + _MARK + png[_HEAD:]


def is_record(path: Path, keys: Collection[str]) -> bool:
    """True if the file is a JSON object with these keys."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.keys() >= set(keys)


def is_marked(path: Path) -> bool:
    """True for a picture that `mark_picture` has marked."""
    try:
        with path.open("rb") as file:
            file.seek(_HEAD)
            return file.read(len(_MARK)) == _MARK
    except OSError:
        return False


def _not_apart(output: str | Path, how: str, read: str | Path) -> JetSegError:
    return JetSegError(
        f"{output}: {how} {read}, which is read; results must lie apart from it: name another place for them"
    )


def _places(path: Path) -> Iterator[Path]:
    """The real path of an input, and the targets of links in it."""
    place = _real(path.expanduser())
    yield place
    if place.is_dir() and os.access(place, os.R_OK):
        yield from (_real(entry.path) for entry in os.scandir(place) if entry.is_symlink())


def _real(path: str | Path) -> Path:
    return Path(os.path.realpath(path))


def _identity(place: Path) -> object:
    """Device and inode, the same for all names of a file or folder; the path if it does not exist."""
    try:
        status = place.stat()
    except OSError:
        return place
    return status.st_dev, status.st_ino
