"""Recordings through the model: bag, video and report, without ROS middleware."""
