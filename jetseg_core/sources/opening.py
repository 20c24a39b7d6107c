"""Pick the frame source that a user's text means."""

from __future__ import annotations

import re
from pathlib import Path

from jetseg_core.classes import CAMVID11, ClassSet
from jetseg_core.data.image_files import IMAGE_SUFFIXES
from jetseg_core.errors import JetSegError
from jetseg_core.sources.folder import FolderSource
from jetseg_core.sources.frame import FrameSource
from jetseg_core.sources.generator import GeneratorSource
from jetseg_core.sources.video import VIDEO_SUFFIXES, VideoSource

GENERATOR = "generator"
SOURCE_HELP = (
    "a folder of images, a video file, or 'generator' (the built-in street scene; options as in "
    "'generator:frames=150,size=480x360,seed=0,rate=10')"
)


def open_source(spec: str, classes: ClassSet = CAMVID11) -> FrameSource:
    """The source that `spec` names: by what the path is, or the generator.

    Args:
        spec: see `SOURCE_HELP`; sizes are width x height, as cameras are described.
        classes: class set of the ground truth of a folder.

    Raises:
        JetSegError: nothing there, or nothing that is known; the message lists what is.
    """
    if spec == GENERATOR or spec.startswith(GENERATOR + ":"):
        return _open_generator(spec)
    path = Path(spec).expanduser()
    if path.is_dir():
        return FolderSource(path, classes)
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return VideoSource(path)
    if not path.exists():
        raise JetSegError(f"{path}: no such file or folder; expected {SOURCE_HELP}")
    hint = "; give the folder that it lies in" if path.suffix.lower() in IMAGE_SUFFIXES else ""
    raise JetSegError(f"{path}: not a source of frames{hint}; expected {SOURCE_HELP}")


def _open_generator(spec: str) -> GeneratorSource:
    source = {"frames": "150", "size": "480x360", "seed": "0", "rate": "10"}
    _, _, options = spec.partition(":")
    for option in filter(None, options.split(",")):
        key, _, value = option.partition("=")
        if key not in source:
            raise JetSegError(f"'{spec}': no option '{key}'; expected {SOURCE_HELP}")
        source[key] = value
    size = re.fullmatch(r"(\d+)x(\d+)", source["size"])
    try:
        if size is None:
            raise ValueError(f"size '{source['size']}' is not WIDTHxHEIGHT")
        return GeneratorSource(
            frames=int(source["frames"]),
            size=(int(size[2]), int(size[1])),
            seed=int(source["seed"]),
            rate_hz=float(source["rate"]),
        )
    except ValueError as error:
        raise JetSegError(f"'{spec}': {error}; expected {SOURCE_HELP}") from error
