"""Pictures of the demo: input beside results, with a legend."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np

from jetseg_core.atomic_file import replacing
from jetseg_core.classes import ClassSet
from jetseg_core.classes.coloring import color_labels
from jetseg_ros.demo.collector import Images, Measurements, classes_of

PANEL_WIDTH = 480
TITLE_HEIGHT = 24
LEGEND_CELL_WIDTH = 132
_TEXT = (235, 235, 235)
_BACKGROUND = (32, 32, 32)


def picture_name(number: int) -> str:
    """Name of the picture of a frame."""
    return f"frame_{number:06d}.png"


def is_picture(name: object) -> bool:
    """True for the name of a picture of any frame."""
    return isinstance(name, str) and re.fullmatch(r"frame_\d{6,}\.png", name) is not None


def save_pictures(folder: Path, found: Measurements) -> list[Path]:
    """Write a PNG of each frame kept; returns the files."""
    assert found.model is not None
    classes = classes_of(found.model)
    files = []
    for number, images in sorted(found.pictures.items()):
        file = folder / picture_name(number)
        bgr = cv2.cvtColor(compose(images, classes), cv2.COLOR_RGB2BGR)
        with replacing(file) as partial:
            partial.write_bytes(cv2.imencode(".png", bgr)[1].tobytes())
        files.append(file)
    return files


def compose(images: Images, classes: ClassSet) -> np.ndarray:
    """Input, overlay, labels and (where known) ground truth as panels, above the classes' colors.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    panels = [
        _panel("input", images["image"]),
        _panel("overlay", images["overlay"]),
        _panel("labels", images["color"]),
    ]
    if "ground_truth" in images:
        panels.append(_panel("ground truth", color_labels(images["ground_truth"], classes)))
    columns = 2 if len(panels) == 4 else len(panels)
    rows = [np.hstack(panels[i : i + columns]) for i in range(0, len(panels), columns)]
    return np.vstack([*rows, _legend(classes, columns * PANEL_WIDTH)])


def _panel(title: str, image: np.ndarray) -> np.ndarray:
    height = round(image.shape[0] * PANEL_WIDTH / image.shape[1])
    shown = cv2.resize(image, (PANEL_WIDTH, height), interpolation=cv2.INTER_AREA)
    head = np.full((TITLE_HEIGHT, PANEL_WIDTH, 3), _BACKGROUND, np.uint8)
    _write(head, title, (6, 17))
    return np.vstack([head, shown])


def _legend(classes: ClassSet, width: int) -> np.ndarray:
    columns = max(1, width // LEGEND_CELL_WIDTH)
    rows = -(-len(classes) // columns)
    legend = np.full((rows * TITLE_HEIGHT + 8, width, 3), _BACKGROUND, np.uint8)
    for index, (name, color) in enumerate(zip(classes.names, classes.palette, strict=True)):
        x, y = index % columns * LEGEND_CELL_WIDTH + 6, index // columns * TITLE_HEIGHT + 4
        legend[y + 4 : y + 20, x : x + 16] = color
        _write(legend, name, (x + 22, y + 17))
    return legend


def _write(image: np.ndarray, text: str, position: tuple[int, int]) -> None:
    cv2.putText(image, text, position, cv2.FONT_HERSHEY_SIMPLEX, 0.45, _TEXT, 1, cv2.LINE_AA)
