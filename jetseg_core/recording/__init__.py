"""rosbag2 recordings read without ROS middleware: sqlite3 and mcap, compressed, split or damaged."""

from jetseg_core.recording.recording import Recording, check_bag, is_bag
from jetseg_core.recording.storage import Message

__all__ = ["Message", "Recording", "check_bag", "is_bag"]
