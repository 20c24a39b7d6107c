"""JetSeg: real-time semantic segmentation of road scenes. Pure Python and PyTorch, no ROS."""

__version__ = "0.1.0"
