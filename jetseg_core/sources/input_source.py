"""Frame sources as a user names them, bags included."""

from __future__ import annotations

from pathlib import Path

from jetseg_core.errors import JetSegError
from jetseg_core.recording import is_bag
from jetseg_core.sources import GENERATOR, SOURCE_HELP, FrameSource, open_source
from jetseg_core.sources.recording_source import BagSource

INPUT_HELP = f"a rosbag2 recording, {SOURCE_HELP}"


def open_input(spec: str, topic: str = "") -> FrameSource:
    """The source that `spec` names; see `INPUT_HELP`.

    Args:
        spec: path of a bag, folder or video, or the generator.
        topic: of a bag, where it has images on several.

    Raises:
        JetSegError: it cannot be opened.
    """
    path = Path(spec).expanduser()
    if is_bag(path):
        return BagSource(path, topic)
    if not path.exists() and not spec.startswith(GENERATOR):
        raise JetSegError(f"{path}: no such file or folder; expected {INPUT_HELP}")
    if topic:
        raise JetSegError(f"{spec}: not a rosbag2 recording, so it has no topic '{topic}'")
    return open_source(spec)
