"""Sources of frames: recordings, folders of images, videos, and the generated street scene."""

from jetseg_core.sources.folder import FolderSource
from jetseg_core.sources.frame import Frame, FrameSource
from jetseg_core.sources.generator import GeneratorSource
from jetseg_core.sources.opening import GENERATOR, SOURCE_HELP, open_source
from jetseg_core.sources.recording_source import RecordingSource
from jetseg_core.sources.video import VideoSource

__all__ = [
    "GENERATOR",
    "SOURCE_HELP",
    "FolderSource",
    "Frame",
    "FrameSource",
    "GeneratorSource",
    "RecordingSource",
    "VideoSource",
    "open_source",
]
