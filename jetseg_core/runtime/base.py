"""The seam between the network and everything that uses it."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from jetseg_core.classes import UNLABELLED, ClassSet
from jetseg_core.config import ModelConfig
from jetseg_core.errors import JetSegError
from jetseg_core.runtime.geometry import POLICIES, View, stretch

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
    """(H, W) uint8 class ids; 255, unlabelled, where the network saw nothing of the frame."""
    confidence: np.ndarray | None
    """(H, W) uint8, largest softmax probability times 255, rounded; 0 where the network saw nothing; None
    unless asked for."""
    view: View
    """How the frame lies in the label map."""


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
    resize: str = "stretch"
    """How frames are fitted into the network's input: stretch, letterbox or crop."""

    def __init__(self, description: ModelDescription, input_size: tuple[int, int]) -> None:
        self.description = description
        self.input_size = input_size
        """(height, width) of the network's input."""

    def segment(
        self,
        image: np.ndarray,
        *,
        size: tuple[int, int] | Literal["network"] | None = None,
        confidence: bool = False,
    ) -> Segmentation:
        """Segment one frame.

        Args:
            image: (H, W, 3) uint8 RGB of any size; it is fitted into the network's input by `resize`.
            size: (height, width) of the result, which covers the whole image, by nearest neighbour; "network"
                = the network's own grid, as `resize` fits the image into it; None = the image's.
            confidence: whether to compute the confidence, too.

        Raises:
            JetSegError: the image is of another shape or dtype.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise JetSegError(
                f"image: got shape {image.shape}, {image.dtype}; expected (height, width, 3) uint8 RGB"
            )
        frame = (image.shape[0], image.shape[1])
        view = POLICIES[self.resize](frame, self.input_size)
        labels, certainty = self._infer(view.render(image), confidence)
        if size == "network":
            return Segmentation(
                labels=view.blank(labels, UNLABELLED),
                confidence=view.blank(certainty, 0) if certainty is not None else None,
                view=view,
            )
        size = size or frame
        return Segmentation(
            labels=view.invert(labels, size, UNLABELLED),
            confidence=view.invert(certainty, size, 0) if certainty is not None else None,
            view=stretch(frame, size),
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
