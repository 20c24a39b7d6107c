"""A generated street: pictures of a drive with exact labels, where no recorded data is at hand."""

from jetseg_core.street.pinhole_camera import PinholeCamera
from jetseg_core.street.scene import StreetScene

__all__ = ["PinholeCamera", "StreetScene"]
