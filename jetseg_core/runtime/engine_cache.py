"""Compiled engines on disk, so that only the first start on a machine waits for the compiler."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from jetseg_core.atomic_file import replacing

Engine = TypeVar("Engine")
_log = logging.getLogger("jetseg")


def cached_engine(
    folder: Path,
    key: Mapping[str, object],
    build: Callable[[], bytes],
    load: Callable[[bytes], Engine | None],
) -> Engine:
    """The engine of a key: from its file, or built and kept.

    Everything that an engine depends on belongs into the key: another model, library, GPU, precision or shape
    gives another file, so a stale engine is never loaded. A file that cannot be loaded is built anew, and where
    none can be written the engine is used without one; both are logged as warnings.

    Args:
        folder: of the cache; made when needed.
        key: plain data.
        build: compiles; takes minutes.
        load: bytes -> engine, or None where they are none.
    """
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    path = folder / f"{key.get('model', 'engine')}-{digest}.engine"
    if path.is_file():
        engine = load(path.read_bytes())
        if engine is not None:
            return engine
        _log.warning("the cached engine '%s' is damaged; building it anew", path)
    _log.warning("building an engine for %s; this takes minutes, once", dict(key))
    data = build()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            partial.write_bytes(data)
    except OSError as error:
        _log.warning(
            "the engine could not be kept in '%s' (%s); the next start builds it again", path, error
        )
    engine = load(data)
    if engine is None:
        raise RuntimeError("an engine that was just built cannot be loaded")
    return engine
