"""One segmented frame: labels, colors, overlay, and the share of each class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from jetseg_core.classes import ClassSet
from jetseg_core.classes.coloring import blend_colors, color_labels
from jetseg_core.results.occupancy import Occupancy, measure_occupancy
from jetseg_core.results.regions import Region
from jetseg_core.runtime import Segmentation
from jetseg_core.runtime.geometry import View


@dataclass(frozen=True, kw_only=True)
class SegmentedFrame:
    """An image and its labels; everything derived from them is computed on first use."""

    image: np.ndarray
    """(H, W, 3) uint8 RGB, the input."""
    found: Segmentation
    """The network's answer."""
    classes: ClassSet
    regions: tuple[Region, ...] = ()
    overlay_alpha: float = 0.5
    """Share of the class color in the overlay, 0..1."""
    mask_classes: tuple[str, ...] = ()
    """Classes of the model that the mask has; none = there is no mask."""
    mask_value: int = 255
    """Value of their pixels in it."""
    autoware_classes: tuple[str, ...] = ()
    """Entries 'CLASS: AUTOWARE_CLASS' that come before the shipped ones."""
    calibration: Any = None
    """Newest sensor_msgs/CameraInfo of the camera, as any library's object; None if unknown."""

    @property
    def labels(self) -> np.ndarray:
        """(h, w) uint8 class ids, 255 = unlabelled."""
        return self.found.labels

    @property
    def confidence(self) -> np.ndarray:
        """(h, w) uint8, softmax maximum x 255; only available if the runtime was asked for it."""
        assert self.found.confidence is not None
        return self.found.confidence

    @property
    def view(self) -> View:
        """Position of the image in the label map."""
        return self.found.view

    @cached_property
    def colors(self) -> np.ndarray:
        """(h, w, 3) uint8 RGB, the classes in the colors of the palette."""
        return color_labels(self.labels, self.classes)

    @cached_property
    def overlay(self) -> np.ndarray:
        """(h, w, 3) uint8 RGB, the colors over the input."""
        image = self.view.render(self.image)
        return blend_colors(image, self.colors, self.labels, self.overlay_alpha)

    @cached_property
    def occupancy(self) -> tuple[Occupancy, ...]:
        """Occupancy of the image, then of each region."""
        return measure_occupancy(self.found, self.classes, self.regions)
