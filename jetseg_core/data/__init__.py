"""Labelled frames: data sets, their layouts, and augmentation."""
