"""A recording of the generated street, of any length."""

from __future__ import annotations

import shutil
from pathlib import Path

from rosbags.rosbag2 import StoragePlugin, Writer
from tqdm import tqdm

from jetseg_core.errors import JetSegError
from jetseg_core.recording.message_fields import IMAGE, image_fields
from jetseg_core.recording.message_types import bag_types
from jetseg_core.sources import GeneratorSource

TOPIC = "/camera/image_raw"
DISTINCT = 60
"""Number of different frames, which are repeated."""
_PERIOD_NS = 33_333_333


def write_street(folder: Path, frames: int, size: tuple[int, int]) -> Path:
    """Write a recording (mcap, raw images) of 30 frames a second.

    Args:
        folder: of the recording; must not exist.
        size: (height, width) of the images, pixels.

    Raises:
        JetSegError: the disk has no room for it and the results of its replay.
    """
    needed = 2 * frames * size[0] * size[1] * 3
    free = shutil.disk_usage(folder.parent).free
    if free < needed:
        raise JetSegError(
            f"{folder.parent}: {free / 1e9:.1f} GB are free; {frames} images of {size[1]}x{size[0]} and their "
            f"replay want up to {needed / 1e9:.1f} GB: name another folder with --folder, or fewer --frames"
        )
    types = bag_types().types
    drawn = [
        image_fields(frame.image)
        for frame in GeneratorSource(frames=min(frames, DISTINCT), size=size)
    ]
    with Writer(folder, version=8, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection(TOPIC, IMAGE, typestore=bag_types())
        for number in tqdm(range(frames), desc="recording", unit="frame", disable=None):
            stamp = 1_700_000_000_000_000_000 + number * _PERIOD_NS
            time = types["builtin_interfaces/msg/Time"](sec=stamp // 10**9, nanosec=stamp % 10**9)
            header = types["std_msgs/msg/Header"](stamp=time, frame_id="camera")
            message = types[IMAGE](header=header, **drawn[number % len(drawn)])
            writer.write(connection, stamp, bag_types().serialize_cdr(message, IMAGE))
    return folder
