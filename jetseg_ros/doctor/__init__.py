"""The command `jetseg-doctor`: everything `jetseg doctor` examines, and ROS 2."""

from jetseg_ros.doctor.doctor_command import main

__all__ = ["main"]
