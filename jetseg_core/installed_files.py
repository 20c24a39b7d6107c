"""Where the folders that JetSeg brings along are: in a source checkout, or where it was installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def installed_folders(name: str) -> list[Path]:
    """The folders of that name (``models``, ``config``) that exist, a source checkout's first."""
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
