"""Labelled frames: data sets, augmentation, and the procedural street scene."""
