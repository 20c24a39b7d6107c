"""The main job in one command: a camera, the node, and somebody who measures what comes out."""

from jetseg_ros.demo.demo_command import main

__all__ = ["main"]
