"""The ground node: free space for planners, from labels and calibration."""
