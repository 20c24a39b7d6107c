"""One segmented frame of a camera, and every message that can be made of it."""

from __future__ import annotations

from dataclasses import dataclass

from jetseg.msg import ClassOccupancy, RegionOccupancy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from jetseg_core.results.segmented_image import SegmentedImage
from jetseg_ros.node.camera_info import resize_camera_info
from jetseg_ros.node.image_encoding import to_image, to_jpeg, to_png


@dataclass(frozen=True, kw_only=True)
class SegmentedFrame(SegmentedImage):
    """A segmented image with its header.

    Every message carries the input's header unchanged and has the size of the label map.
    """

    header: Header
    calibration: CameraInfo | None = None
    """Newest calibration of the camera; None where none came."""

    def label_message(self) -> Image:
        """mono8, class id per pixel."""
        return to_image(self.labels, self.header)

    def label_png_message(self) -> CompressedImage:
        """PNG of the labels: lossless, as class ids must be."""
        return to_png(self.labels, self.header)

    def confidence_message(self) -> Image:
        """mono8, softmax maximum x 255."""
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
        whole, *parts = self.occupancy
        return ClassOccupancy(
            header=self.header,
            **whole.fields(self.classes),
            regions=[
                RegionOccupancy(name=region.name, **part.fields(self.classes))
                for region, part in zip(self.regions, parts, strict=True)
            ],
        )

    def camera_info_message(self) -> CameraInfo | None:
        """The calibration that fits the label image; None where the camera sends none."""
        if self.calibration is None:
            return None
        info = resize_camera_info(self.calibration, self.view)
        info.header = self.header
        return info
