"""The checks of `jetseg doctor` that need ROS 2, and the command `jetseg-doctor`, which always has them."""
