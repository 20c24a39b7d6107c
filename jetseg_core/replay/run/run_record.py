"""What ran: the part of a replay's report that is known before the first frame."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jetseg_core.atomic_file import replacing
from jetseg_core.bench.machine import describe_processor
from jetseg_core.errors import JetSegError
from jetseg_core.output_places import is_record
from jetseg_core.replay.run.cameras import Camera
from jetseg_core.replay.run.replay_settings import ReplaySettings
from jetseg_core.runtime import Runtime

FILE = "run.json"
_ANYWHERE = ("machine", "selection", "overlay_alpha")
"""What may differ when a replay goes on: it changes no figure but times."""

RunRecord = dict[str, Any]


def describe_run(
    settings: ReplaySettings, cameras: Sequence[Camera], runtime: Runtime
) -> RunRecord:
    """Model, backend, machine, input and settings, as plain data."""
    model = runtime.description
    return {
        "bag": str(settings.bag.expanduser().absolute()),
        "cameras": [
            {"topic": camera.topic, "messages": camera.messages, "prefix": camera.prefix}
            for camera in cameras
        ],
        "labels": settings.labels or None,
        "regions": [region.name for region in settings.polygons],
        "region_corners": [list(map(list, region.corners)) for region in settings.polygons],
        "min_confidence": settings.min_confidence,
        "overlay_alpha": settings.overlay_alpha,
        "model": {
            "name": model.name,
            "preset": model.preset,
            "combination": model.combination,
            "sha256": model.sha256,
            "input_size": list(runtime.input_size),
            "resize": settings.runtime.resize,
        },
        "classes": model.classes.to_dict(),
        "backend": runtime.backend,
        "precision": runtime.precision,
        "device": runtime.device,
        "selection": runtime.selection,
        "machine": {
            "processor": describe_processor(),
            "cores": os.cpu_count(),
            "threads": settings.runtime.cpu_threads(),
            "frames_at_once": runtime.streams,
            "system": platform.platform(),
            "python": platform.python_version(),
        },
    }


def save_run(folder: Path, record: RunRecord) -> None:
    """Write the record into a replay's folder."""
    with replacing(folder / FILE) as path:
        path.write_text(json.dumps(record, indent=2) + "\n")


def load_run(folder: Path) -> RunRecord | None:
    """The record in a folder, or None where no replay was started.

    Raises:
        JetSegError: what is there is no record of a replay.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    record = json.loads(path.read_text()) if is_record(path, ("bag", "cameras", "complete")) else {}
    cameras = record.get("cameras")
    if not isinstance(cameras, list) or not all(
        isinstance(camera, dict) and isinstance(camera.get("prefix"), str) for camera in cameras
    ):
        raise JetSegError(
            f"{path}: not the record of a replay; move it away, or name another folder"
        )
    return record


def check_same_run(folder: Path, earlier: RunRecord, now: RunRecord) -> None:
    """Refuse to go on with a replay of something else.

    Raises:
        JetSegError: a setting differs; the message names it.
    """
    # Through JSON, which knows no tuples.
    now = json.loads(json.dumps(now))
    for key in now:
        if key not in _ANYWHERE and earlier.get(key) != now[key]:
            raise JetSegError(
                f"{folder}: the interrupted replay differs in '{key}' ({earlier.get(key)!r:.120} and not "
                f"{now[key]!r:.120}); resume it as it was started, or start anew with --overwrite"
            )
