"""Message types of recordings, ROS 2's and this package's own, without ROS."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from jetseg_core.errors import JetSegError
from jetseg_core.installed_files import installed_folders
from jetseg_core.recording.image_decoding import Fault, ImageError
from jetseg_core.recording.storage import Message

OWN_MESSAGES = ("RegionOccupancy", "ClassOccupancy", "ModelInfo")


@lru_cache
def bag_types() -> Typestore:
    """The types for reading images and writing results.

    Definitions that a recording holds are not used: older recordings hold none, and those of images never
    changed.

    Raises:
        JetSegError: the package's own message definitions were not installed.
    """
    types = get_typestore(Stores.ROS2_JAZZY)
    for folder in installed_folders("msg"):
        if all((folder / f"{name}.msg").is_file() for name in OWN_MESSAGES):
            for name in OWN_MESSAGES:
                text = (folder / f"{name}.msg").read_text(encoding="utf-8")
                types.register(get_types_from_msg(text, f"jetseg/msg/{name}"))
            return types
    raise JetSegError(
        f"no folder 'msg' with {', '.join(OWN_MESSAGES)} was found; install jetseg again"
    )


def read_message(message: Message) -> Any:
    """Deserialize a recorded message.

    Raises:
        ImageError: the data is not a message of that type.
    """
    try:
        return bag_types().deserialize_cdr(message.data, message.msgtype)
    except Exception as error:  # SerdeError, or anything numpy raises on too little data
        raise ImageError(Fault.TRUNCATED, f"not a whole {message.msgtype} ({error})") from error


def stamp_ns(header: Any) -> int:
    """The time in a std_msgs/Header, nanoseconds."""
    return int(header.stamp.sec) * 10**9 + int(header.stamp.nanosec)


def make_header(stamp: int, frame_id: str) -> Any:
    """std_msgs/Header of rosbags.

    Args:
        stamp: nanoseconds.
        frame_id: name of the coordinate frame.
    """
    types = bag_types().types
    seconds, nanoseconds = divmod(stamp, 10**9)
    time = types["builtin_interfaces/msg/Time"](sec=seconds, nanosec=nanoseconds)
    return types["std_msgs/msg/Header"](stamp=time, frame_id=frame_id)
