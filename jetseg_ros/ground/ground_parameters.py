"""The parameters of the ground node."""

from __future__ import annotations

from dataclasses import dataclass

from jetseg_core.ground import GroundGrid
from jetseg_ros.node.parameter_mirror import parameter

_GRID = GroundGrid()
_ANGLE = 3.15  # radians: half a turn


@dataclass(frozen=True)
class GroundParameters:
    """All parameters of `GroundNode`; see the descriptions for meaning and units.

    Raises:
        JetSegError: a grid of no cells, or of too many.
    """

    base_frame: str = parameter(
        "base_link",
        "Frame of the outputs: x forward, y left, z up, and the ground in its plane z = ground.z.",
        name="base_frame",
    )
    ground_z: float = parameter(
        0.0,
        "Height of the ground in base_frame, metres: below 0 where that frame is above the ground.",
        name="ground.z",
        minimum=-10.0,
        maximum=10.0,
    )
    height: float = parameter(
        0.0,
        "Height of the camera above the ground, metres; 0 = the pose comes from TF, by the image's frame_id, and the "
        "other camera.* angles and places do not count.",
        name="camera.height",
        minimum=0.0,
        maximum=100.0,
    )
    pitch: float = parameter(
        0.0,
        "Pitch of the camera, radians; positive looks down, as in a URDF.",
        name="camera.pitch",
        minimum=-_ANGLE,
        maximum=_ANGLE,
    )
    roll: float = parameter(
        0.0,
        "Roll of the camera, radians; positive tilts it to the right.",
        name="camera.roll",
        minimum=-_ANGLE,
        maximum=_ANGLE,
    )
    yaw: float = parameter(
        0.0,
        "Heading of the camera, radians; positive looks to the left.",
        name="camera.yaw",
        minimum=-_ANGLE,
        maximum=_ANGLE,
    )
    x: float = parameter(
        0.0, "x of the camera in base_frame, metres.", name="camera.x", minimum=-100, maximum=100
    )
    y: float = parameter(
        0.0, "y of the camera in base_frame, metres.", name="camera.y", minimum=-100, maximum=100
    )
    rectified: bool = parameter(
        False,
        "True: the images are rectified (image_rect), so the calibration's projection matrix counts and its "
        "distortion does not.",
        name="camera.rectified",
    )
    resolution: float = parameter(
        _GRID.resolution,
        "Side of a cell, metres. What is so far away that a pixel covers more than a cell is unknown.",
        name="grid.resolution",
        minimum=0.005,
        maximum=10.0,
    )
    length: float = parameter(
        _GRID.length,
        "Extent of the grid along x, metres.",
        name="grid.length",
        minimum=0.1,
        maximum=1000.0,
    )
    width: float = parameter(
        _GRID.width,
        "Extent of the grid along y, metres.",
        name="grid.width",
        minimum=0.1,
        maximum=1000.0,
    )
    grid_x: float = parameter(
        _GRID.x,
        "x of the grid's edge nearest to the base, metres.",
        name="grid.x",
        minimum=-1000.0,
        maximum=1000.0,
    )
    grid_y: float = parameter(
        _GRID.y, "y of the grid's middle, metres.", name="grid.y", minimum=-1000.0, maximum=1000.0
    )
    min_range: float = parameter(
        0.0,
        "Ground nearer to the camera is not looked at, metres: where the robot's own hood is seen.",
        name="range.min",
        minimum=0.0,
        maximum=100.0,
    )
    max_range: float = parameter(
        0.0,
        "Ground farther from the camera is not looked at, metres; 0 = as far as a pixel covers no more than a cell.",
        name="range.max",
        minimum=0.0,
        maximum=1000.0,
    )
    drivable: tuple[str, ...] = parameter(
        ("Road",),
        "Classes that are free; compared without regard to case. For a small robot: ['Road', 'Sidewalk'].",
        name="classes.drivable",
    )
    flat: tuple[str, ...] = parameter(
        ("",),
        "Other classes that lie on the ground, so that all of them is occupied; of the rest only the foot is. [''] = "
        "the usual ones that the model has (Sidewalk, Terrain, lane markings).",
        name="classes.flat",
    )
    obstacle_depth: float = parameter(
        0.5,
        "How much of the ground behind its foot a thing occupies, metres; what is behind is unknown, for it hides it.",
        name="obstacle.depth",
        minimum=0.0,
        maximum=100.0,
    )
    min_confidence: float = parameter(
        0.0,
        "Pixels with less confidence (softmax maximum, 0..1) show nothing; 0 takes all, and spares the node the "
        "confidence image.",
        name="min_confidence",
        minimum=0.0,
        maximum=1.0,
    )

    def __post_init__(self) -> None:
        _ = self.grid

    @property
    def grid(self) -> GroundGrid:
        """The cells."""
        return GroundGrid(self.resolution, self.length, self.width, self.grid_x, self.grid_y)
