"""One segmented frame, and every message that can be made of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jetseg.msg import ClassOccupancy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from jetseg_core.classes import ClassSet
from jetseg_core.coloring import blend_colors, color_labels
from jetseg_core.runtime.geometry import View
from jetseg_ros.camera_info import resize_camera_info
from jetseg_ros.image_encoding import to_image, to_jpeg, to_png
from jetseg_ros.occupancy import measure_occupancy
from jetseg_ros.regions import Region


@dataclass(frozen=True)
class SegmentedFrame:
    """A frame, what was seen in it, and how it is to be shown.

    Every message carries the input's header unchanged and has the size of the label map.
    """

    header: Header
    image: np.ndarray
    """(H, W, 3) uint8 RGB, the input."""
    labels: np.ndarray
    """(h, w) uint8 class ids, 255 = unlabelled."""
    confidence: np.ndarray | None
    """(h, w) uint8, softmax maximum x 255; None where it was not asked for."""
    view: View
    """How the image lies in the label map."""
    classes: ClassSet
    regions: tuple[Region, ...] = ()
    overlay_alpha: float = 0.5
    """Share of the class color in the overlay, 0..1."""
    calibration: CameraInfo | None = None
    """Newest calibration of the camera; None where none came."""

    @cached_property
    def colors(self) -> np.ndarray:
        """(h, w, 3) uint8 RGB, the classes in the colors of the palette."""
        return color_labels(self.labels, self.classes)

    @cached_property
    def overlay(self) -> np.ndarray:
        """(h, w, 3) uint8 RGB, the colors over the input."""
        image = self.view.render(self.image)
        return blend_colors(image, self.colors, self.labels, self.overlay_alpha)

    def label_message(self) -> Image:
        """mono8, class id per pixel."""
        return to_image(self.labels, self.header)

    def label_png_message(self) -> CompressedImage:
        """PNG of the labels: lossless, as class ids must be."""
        return to_png(self.labels, self.header)

    def confidence_message(self) -> Image:
        """mono8, softmax maximum x 255."""
        assert self.confidence is not None
        return to_image(self.confidence, self.header)

    def color_message(self) -> Image:
        """rgb8, palette colors."""
        return to_image(self.colors, self.header)

    def overlay_message(self) -> Image:
        """rgb8, palette colors over the input."""
        return to_image(self.overlay, self.header)

    def overlay_jpeg_message(self) -> CompressedImage:
        """JPEG of the overlay, for a remote operator."""
        return to_jpeg(self.overlay, self.header)

    def occupancy_message(self) -> ClassOccupancy:
        """What each class covers in the image and in each region."""
        assert self.confidence is not None
        return measure_occupancy(
            self.labels, self.confidence, self.classes, self.header, self.regions
        )

    def camera_info_message(self) -> CameraInfo | None:
        """The calibration that fits the label image; None where the camera sends none."""
        if self.calibration is None:
            return None
        info = resize_camera_info(self.calibration, self.view)
        info.header = self.header
        return info
