"""The seam between the network and everything that uses it."""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from jetseg_core.classes import UNLABELLED, ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.network.model_config import ModelConfig
from jetseg_core.runtime.geometry import POLICIES, View, stretch
from jetseg_core.runtime.runtime_settings import RuntimeSettings


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
class Grid:
    """What the network says, cell by cell."""

    labels: np.ndarray
    """(h, w) uint8 class ids; 255, unlabelled, where it is less sure than was asked for."""
    confidence: np.ndarray | None
    """(h, w) uint8, largest softmax probability times 255, rounded; None unless asked for."""
    view: View
    """How the frame lies in it."""


@dataclass(frozen=True)
class Segmentation:
    """What was seen in one frame."""

    labels: np.ndarray
    """(H, W) uint8 class ids; 255, unlabelled, where the network saw nothing of the frame or is not sure enough."""
    view: View
    """How the frame lies in the label map."""
    grid: Grid
    """What `labels` were made of."""

    @cached_property
    def confidence(self) -> np.ndarray | None:
        """(H, W) uint8, that of the grid; 0 where the network saw nothing; None unless asked for. Made when it is first
        looked at, for labels are often wanted first."""
        if self.grid.confidence is None:
            return None
        return _place(self.grid.view, self.grid.confidence, self.view, 0)

    @property
    def pixels_per_cell(self) -> int | None:
        """How many pixels of the label map each cell of the grid became, where all became equally many."""
        return self.grid.view.pixels_per_cell(self.view.grid)


class Runtime(abc.ABC):
    """A model ready to segment frames; `streams` callers at a time.

    Resizing, normalisation, argmax and up-sampling happen behind `segment`, so that an image gets the same
    labels wherever it is asked for. Backends differ behind `_infer` and in nothing else.
    """

    backend: str
    """torch, openvino, onnxruntime, tensorrt."""
    device: str
    """Where it runs, such as cpu or cuda:0."""
    precision: str
    """Of the arithmetic in actual use: fp32, fp16 or bf16."""
    selection: str = ""
    """One sentence: why this backend runs."""
    streams: int = 1
    """Callers that may segment at the same time, each from a thread of its own."""
    degraded: bool = False
    """Whether another backend was asked for than the one that runs."""

    def __init__(self, description: ModelDescription, settings: RuntimeSettings) -> None:
        self.description = description
        self.settings = settings
        self.input_size = settings.input_size
        """(height, width) of the network's input."""

    def segment(
        self,
        image: np.ndarray,
        *,
        size: tuple[int, int] | Literal["network"] | None = None,
        confidence: bool = False,
        min_confidence: float = 0.0,
    ) -> Segmentation:
        """Segment one frame.

        Args:
            image: (H, W, 3) uint8 RGB of any size; it is fitted into the network's input by `resize`.
            size: (height, width) of the result, which covers the whole image, by nearest neighbour; "network"
                = the network's own grid, as `resize` fits the image into it; None = the image's.
            confidence: whether to compute the confidence, too.
            min_confidence: cells with less of it (softmax maximum, 0..1) are unlabelled; 0 keeps all.

        Raises:
            JetSegError: the image is of another shape or dtype.
        """
        return self.segment_batch(
            [image], size=size, confidence=confidence, min_confidence=min_confidence
        )[0]

    def segment_batch(
        self,
        images: Sequence[np.ndarray],
        *,
        size: tuple[int, int] | Literal["network"] | None = None,
        confidence: bool = False,
        min_confidence: float = 0.0,
    ) -> list[Segmentation]:
        """Segment as many frames as `RuntimeSettings.batch` says, in one go; otherwise as `segment`.

        Raises:
            JetSegError: another number of images, or one of another shape or dtype.
        """
        if len(images) != self.settings.batch:
            raise JetSegError(
                f"images: got {len(images)}, but this runtime was made for batches of {self.settings.batch}"
            )
        views = [self._view(image) for image in images]
        rendered = [view.render(image) for view, image in zip(views, images, strict=True)]
        labels, certainty = self._infer(
            np.stack(rendered) if len(rendered) > 1 else rendered[0][None],
            confidence or min_confidence > 0,
        )
        if min_confidence > 0 and certainty is not None:
            np.putmask(labels, certainty < math.ceil(min_confidence * 255), UNLABELLED)
        return [
            _on_frame(Grid(labels[i], certainty[i] if certainty is not None else None, view), size)
            for i, view in enumerate(views)
        ]

    def _view(self, image: np.ndarray) -> View:
        """How an image is fitted into the network's input."""
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise JetSegError(
                f"image: got shape {image.shape}, {image.dtype}; expected (height, width, 3) uint8 RGB"
            )
        return POLICIES[self.settings.resize]((image.shape[0], image.shape[1]), self.input_size)

    @abc.abstractmethod
    def _infer(self, images: np.ndarray, confidence: bool) -> tuple[np.ndarray, np.ndarray | None]:
        """(N, h, w, 3) uint8 RGB at the input size -> labels, confidence or None, each (N, h, w) uint8.

        The arrays belong to the caller: a later call must not change them.
        """

    def close(self) -> None:  # noqa: B027 - most backends hold nothing that must be given back
        """Give back what the backend holds; `segment` may not be called afterwards."""


def _on_frame(grid: Grid, size: tuple[int, int] | Literal["network"] | None) -> Segmentation:
    """What the network's grid says of the frame, at the size asked for."""
    view = grid.view if size == "network" else stretch(grid.view.frame, size or grid.view.frame)
    return Segmentation(_place(grid.view, grid.labels, view, UNLABELLED), view, grid)


def _place(shown: View, plane: np.ndarray, wanted: View, outside: int) -> np.ndarray:
    """A plane of the network's grid, which shows the frame as `shown`, as another view of it."""
    if wanted is shown:
        return shown.blank(plane, outside)
    return shown.invert(plane, wanted.grid, outside)
