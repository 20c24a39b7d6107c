"""rosbag2 recordings read without ROS middleware: sqlite3 and mcap, compressed, split or damaged."""
