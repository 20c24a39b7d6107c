"""Open the frame source that a user names."""

from __future__ import annotations

import re
from pathlib import Path

from jetseg_core.classes import CAMVID11, ClassSet
from jetseg_core.data.image_files import IMAGE_SUFFIXES
from jetseg_core.errors import JetSegError
from jetseg_core.picture_decoding import MONO16_BITS, check_mono16_bits
from jetseg_core.recording.recording import is_bag
from jetseg_core.sources.folder import FolderSource
from jetseg_core.sources.frame import FrameSource
from jetseg_core.sources.generator import GeneratorSource
from jetseg_core.sources.recording_source import RecordingSource
from jetseg_core.sources.video import VIDEO_SUFFIXES, VideoSource

GENERATOR = "generator"
SOURCE_HELP = (
    "a rosbag2 recording (folder or file), a folder of images, a video file, or 'generator' (the built-in street "
    "scene; options as in 'generator:frames=150,size=480x360,seed=0,rate=10')"
)


def is_generator(spec: str) -> bool:
    """True for 'generator' with or without options."""
    return spec == GENERATOR or spec.startswith(GENERATOR + ":")


def is_video(path: Path) -> bool:
    """True for a file with the suffix of a video."""
    return path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()


def open_source(
    spec: str,
    classes: ClassSet = CAMVID11,
    topic: str = "",
    mono16_bits: int = MONO16_BITS,
) -> FrameSource:
    """Open the source that `spec` names.

    A folder with storage files or a metadata.yaml in it is a recording, any other folder one of images.

    Args:
        spec: see `SOURCE_HELP`; sizes are width x height, as in the names of camera modes.
        classes: class set of the ground truth.
        topic: image topic of a recording with several.
        mono16_bits: bits in use of the values of 16-bit images in files and messages, the low ones, 8 to 16; brighter
            values become white.

    Raises:
        JetSegError: no such file or folder, or no source; the message lists the known ones. Or bits out of range.
    """
    check_mono16_bits(mono16_bits)
    path = Path(spec).expanduser()
    if not is_generator(spec) and is_bag(path):
        return RecordingSource(path, topic, mono16_bits)
    if topic:
        raise JetSegError(f"{spec}: not a rosbag2 recording, so it has no topic '{topic}'")
    if is_generator(spec):
        return _open_generator(spec, classes)
    if path.is_dir():
        return FolderSource(path, classes, mono16_bits)
    if not path.exists():
        raise JetSegError(f"{path}: no such file or folder; expected {SOURCE_HELP}")
    if is_video(path):
        return VideoSource(path)
    hint = "; give the folder that it lies in" if path.suffix.lower() in IMAGE_SUFFIXES else ""
    raise JetSegError(f"{path}: not a source of frames{hint}; expected {SOURCE_HELP}")


def _open_generator(spec: str, classes: ClassSet) -> GeneratorSource:
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
            classes=classes,
        )
    except ValueError as error:
        raise JetSegError(f"'{spec}': {error}; expected {SOURCE_HELP}") from error
