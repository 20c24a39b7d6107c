"""The main job in one command: a camera, the node, and a collector that measures the results."""

from jetseg_ros.demo.demo_command import main

__all__ = ["main"]
