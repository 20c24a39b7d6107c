"""The seam between the network and everything that uses it."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from jetseg_core.classes import ClassSet
from jetseg_core.config import ModelConfig
from jetseg_core.errors import JetSegError

SMALLEST_SIDE = 64
"""The network halves its input five times; below this nothing would be left to see."""


@dataclass(frozen=True)
class ModelDescription:
    """What a runtime's user may want to know of the model in it."""

    name: str
    """Name of the checkpoint's file, without suffix."""
    config: ModelConfig
    """Preset, kernel combination, number of classes."""
    classes: ClassSet
    """Names and colors of the class ids."""
    sha256: str
    """Of the checkpoint's bytes, in hex."""
    provenance: Mapping[str, object] = field(default_factory=dict)
    """Where the weights come from: data, split, recipe, commit, measured mIoU."""

    @property
    def preset(self) -> str:
        """Size of the network."""
        return self.config.preset

    @property
    def combination(self) -> int:
        """Kernel combination."""
        return self.config.combination


@dataclass(frozen=True)
class Segmentation:
    """What was seen in one frame."""

    labels: np.ndarray
    """(H, W) uint8 class ids."""
    confidence: np.ndarray | None
    """(H, W) uint8, largest softmax probability times 255, rounded; None unless asked for."""


class Runtime(abc.ABC):
    """A model ready to segment frames; one caller at a time.

    Resizing, normalisation, argmax and up-sampling happen behind `segment`, so that an image gets the same
    labels wherever it is asked for. Backends differ behind `_infer` and in nothing else.
    """

    backend: str
    """torch, openvino."""
    device: str
    """Where it runs, such as cpu or cuda:0."""
    precision: str
    """Of the arithmetic in actual use: fp32, fp16 or bf16."""
    selection: str = ""
    """One sentence: why this backend runs."""
    degraded: bool = False
    """Whether another backend was asked for than the one that runs."""

    def __init__(self, description: ModelDescription, input_size: tuple[int, int]) -> None:
        self.description = description
        self.input_size = input_size
        """(height, width) of the network's input."""

    def segment(
        self,
        image: np.ndarray,
        *,
        size: tuple[int, int] | None = None,
        confidence: bool = False,
    ) -> Segmentation:
        """Segment one frame.

        Args:
            image: (H, W, 3) uint8 RGB of any size; it is stretched to the network's input.
            size: (height, width) of the result, by nearest neighbour; None = the image's.
            confidence: whether to compute the confidence, too.

        Raises:
            JetSegError: the image is of another shape or dtype.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise JetSegError(
                f"image: got shape {image.shape}, {image.dtype}; expected (height, width, 3) uint8 RGB"
            )
        labels, certainty = self._infer(_stretch(image, self.input_size), confidence)
        size = size or (image.shape[0], image.shape[1])
        return Segmentation(
            labels=_nearest(labels, size),
            confidence=_nearest(certainty, size) if certainty is not None else None,
        )

    @abc.abstractmethod
    def _infer(self, image: np.ndarray, confidence: bool) -> tuple[np.ndarray, np.ndarray | None]:
        """(h, w, 3) uint8 RGB at the input size -> labels (h, w) uint8, confidence (h, w) uint8 or None.

        The arrays belong to the caller: a later call must not change them.
        """

    def close(self) -> None:  # noqa: B027 - most backends hold nothing that must be given back
        """Give back what the backend holds; `segment` may not be called afterwards."""


def check_input_size(size: tuple[int, int]) -> None:
    """Refuse sizes that the network cannot see anything in.

    Raises:
        JetSegError: a side is shorter than 64 pixels.
    """
    if min(size) < SMALLEST_SIDE:
        raise JetSegError(
            f"input size: {size[0]}x{size[1]} (height x width) is too small; both sides must be at least "
            f"{SMALLEST_SIDE} pixels"
        )


def _stretch(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    height, width = size
    if image.shape[:2] == size:
        return np.ascontiguousarray(image)
    shrinks = height < image.shape[0] and width < image.shape[1]
    # Averaging when shrinking: interpolation alone would skip pixels, and thin poles with them.
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=method)


def _nearest(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Undo the stretch: each pixel takes the value of the cell that its center falls into."""
    if plane.shape == size:
        return plane
    # In whole numbers, since OpenCV's nearest modes are half a pixel or a rounding error off.
    rows, columns = (
        (2 * np.arange(wanted) + 1) * given // (2 * wanted)
        for wanted, given in zip(size, plane.shape, strict=True)
    )
    return plane[:, columns][rows]
