"""The ROS 2 side of JetSeg: nodes and message conversion around `jetseg_core`."""
