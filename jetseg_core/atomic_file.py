"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it takes the place of `path` when the block ends without an error.

    A reader, also after a kill, finds the old file or the new one, never half of one. Missing
    folders are made. After an error nothing is left of what was written: the disk may be full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = new_partial(path)
    try:
        yield partial
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def new_partial(path: Path) -> Path:
    """A new, empty file beside `path`.

    Its name cannot be foretold and it must not be there: in a folder that others write to, nobody can put a link in
    its place, and two that make the same file do not meet.
    """
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666))
    return partial
