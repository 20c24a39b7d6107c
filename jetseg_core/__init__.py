"""JetSeg: real-time semantic segmentation of road scenes. Pure Python and PyTorch, no ROS."""
