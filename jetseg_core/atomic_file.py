"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it takes the place of `path` when the block ends without an error.

    A reader, or whoever comes after a kill, finds the old file or the new one, never half of one. Missing
    folders are made. After an error nothing is left of what was written: the disk may be full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(path)
    try:
        yield partial
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def partial_path(path: Path) -> Path:
    """Where this thread writes what is to become `path`: processes that make the same file do not meet."""
    return path.with_name(f"{path.name}.{threading.get_native_id()}.partial")
