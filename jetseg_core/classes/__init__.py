"""Class sets: names and colors of classes, as data."""

from jetseg_core.classes.class_set import (
    CAMVID11,
    CAMVID32,
    CITYSCAPES19,
    CLASS_SETS,
    UNLABELLED,
    ClassSet,
)

__all__ = ["CAMVID11", "CAMVID32", "CITYSCAPES19", "CLASS_SETS", "UNLABELLED", "ClassSet"]
