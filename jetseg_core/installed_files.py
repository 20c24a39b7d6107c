"""The folders that JetSeg brings along (``models``, ``config``, ``msg``), in a checkout or an installation."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def installed_folders(name: str) -> list[Path]:
    """The existing folders of a name such as ``models``, a source checkout's first."""
    prefixes = [
        *os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep),
        *os.environ.get("COLCON_PREFIX_PATH", "").split(os.pathsep),
        sys.prefix,
    ]
    folders = [
        Path(__file__).resolve().parent.parent / name,
        *(Path(prefix) / "share" / "jetseg" / name for prefix in prefixes if prefix),
    ]
    return [folder for folder in folders if folder.is_dir()]
