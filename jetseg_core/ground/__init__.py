"""Free space from one camera: labels and calibration become a grid of the flat ground in front of the robot."""

from jetseg_core.ground.camera_pose import CameraPose
from jetseg_core.ground.free_space import ClassRoles, FreeSpace
from jetseg_core.ground.ground_lookup import GroundGrid, GroundLookup
from jetseg_core.ground.lens import Lens

__all__ = ["CameraPose", "ClassRoles", "FreeSpace", "GroundGrid", "GroundLookup", "Lens"]
