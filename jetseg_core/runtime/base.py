"""The seam between the network and everything that uses it."""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from jetseg_core.classes import UNLABELLED
from jetseg_core.classes.class_map import find_class_map
from jetseg_core.errors import JetSegError
from jetseg_core.memory_bound import bounded_memory
from jetseg_core.runtime.geometry import POLICIES, View, stretch
from jetseg_core.runtime.model_files import ModelDescription, read_description
from jetseg_core.runtime.runtime_settings import RuntimeSettings


@dataclass(frozen=True)
class Grid:
    """The network's result, cell by cell."""

    labels: np.ndarray
    """(h, w) uint8 class ids; 255, unlabelled, where the confidence is below the minimum asked for."""
    confidence: np.ndarray | None
    """(h, w) uint8, largest softmax probability times 255, rounded; None unless asked for."""
    view: View
    """Position of the frame in the grid."""


@dataclass(frozen=True)
class Segmentation:
    """The result for one frame."""

    labels: np.ndarray
    """(H, W) uint8 class ids; 255, unlabelled, outside the network's view or below the minimum confidence."""
    view: View
    """Position of the frame in the label map."""
    grid: Grid
    """The network's result that `labels` were made from."""

    @cached_property
    def confidence(self) -> np.ndarray | None:
        """(H, W) uint8, that of the grid; 0 outside the network's view; None unless asked for.

        Computed on first access, so that the labels are ready earlier.
        """
        if self.grid.confidence is None:
            return None
        return _place(self.grid.view, self.grid.confidence, self.view, 0)

    @property
    def pixels_per_cell(self) -> int | None:
        """Pixels of the label map per cell of the grid; None if cells became different numbers of pixels."""
        return self.grid.view.pixels_per_cell(self.view.grid)


class Runtime(abc.ABC):
    """A model ready to segment frames.

    Resizing, normalisation, argmax and up-sampling happen behind `segment`, so an image gets the same labels from
    every caller. A backend is a subclass in a file ``<name>_backend.py`` of this folder, marked with
    `register_backend`. It defines the class attributes below, `_load` and `_infer`. Its module must not import the
    backend's packages, since all backends are imported to list them; its methods do.
    """

    backend: ClassVar[str]
    """Name of the backend."""
    packages: ClassVar[Sequence[str]]
    """Python packages that it imports."""
    model_suffix: ClassVar[str]
    """Form of the model that it runs: ".pt", the checkpoint, or ".onnx", its exported form."""
    precisions: ClassVar[Mapping[str, Sequence[str]]]
    """Precisions (fp32, bf16, fp16) by kind of device (cpu, cuda)."""
    speed: ClassVar[Mapping[str, float]]
    """Rough speed by kind of device, relative to torch on it; orders the choice of `backend: auto`."""

    device: str
    """Device in use, such as cpu or cuda:0."""
    precision: str
    """Precision in use: fp32, fp16 or bf16."""
    selection: str = ""
    """One sentence: why this backend runs."""
    streams: int = 1
    """Number of callers that may segment at the same time, each from a thread of its own."""
    tries_confidence: bool = True
    """False if the confidence costs a compilation of its own, which is left for its first use."""
    degraded: bool = False
    """True if the requested backend was replaced by another."""

    def __init__(self, model: Path, settings: RuntimeSettings) -> None:
        """Load a model file of the suffix `model_suffix`.

        Raises:
            JetSegError: the file is not a model, its results are none of its classes or of another form, or the device
                or precision is not available.
        """
        self.settings = settings
        self.input_size = settings.input_size
        """(height, width) of the network's input: the settings', or the only one that the model takes."""
        self._check_offer(self.precisions)
        self._id_of_class: np.ndarray | None = None
        try:
            with bounded_memory(str(model)) if self._on_cpu() else nullcontext():
                self.description = self._load(model)
                self._own_classes = len(self.description.classes)
                self._try_out()
        except JetSegError:
            raise
        except (
            Exception
        ) as error:  # Backends raise exceptions of any kind for graphs of another form.
            reason = " ".join(str(error).split())
            raise JetSegError(
                f"'{model}' cannot be run by {self.backend}: {type(error).__name__}: {reason:.300}"
            ) from error
        self._map_classes()

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
                = the network's own grid, with the image in it as `resize` says; None = the image's size.
            confidence: compute the confidence, too.
            min_confidence: cells with a lower confidence (softmax maximum, 0..1) are unlabelled; 0 keeps all.

        Raises:
            JetSegError: the image has another shape or dtype.
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
        """Segment `RuntimeSettings.batch` frames at once; otherwise as `segment`.

        Raises:
            JetSegError: wrong number of images, or one of another shape or dtype.
        """
        if len(images) != self.settings.batch:
            raise JetSegError(
                f"images: got {len(images)}, but this runtime was made for batches of {self.settings.batch}"
            )
        views = [self._view(image) for image in images]
        rendered = [view.render(image) for view, image in zip(views, images, strict=True)]
        labels, certainty = self._checked(
            np.stack(rendered) if len(rendered) > 1 else rendered[0][None],
            confidence or min_confidence > 0,
        )
        if self._id_of_class is not None:
            labels = self._id_of_class[labels]
        if min_confidence > 0 and certainty is not None:
            np.putmask(labels, certainty < math.ceil(min_confidence * 255), UNLABELLED)
        return [
            _on_frame(Grid(labels[i], certainty[i] if certainty is not None else None, view), size)
            for i, view in enumerate(views)
        ]

    def _view(self, image: np.ndarray) -> View:
        """The position of an image in the network's input."""
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise JetSegError(
                f"image: got shape {image.shape}, {image.dtype}; expected (height, width, 3) uint8 RGB"
            )
        return POLICIES[self.settings.resize]((image.shape[0], image.shape[1]), self.input_size)

    def _describe(self, metadata: str | None, model: Path) -> ModelDescription:
        """Parse an exported model's metadata, and take over the one size that the model runs at, if it has one.

        Raises:
            JetSegError: not a model of this project, or another size was asked for.
        """
        description = read_description(metadata, model)
        own, asked = description.input_size, self.input_size
        if own is not None and own != asked:
            if asked != RuntimeSettings.input_size:
                raise JetSegError(
                    f"input size: {asked[0]}x{asked[1]} (height x width) was asked for, but '{model}' takes "
                    f"{own[0]}x{own[1]} only; ask for that, or for none"
                )
            self.input_size = own
        return description

    def _map_classes(self) -> None:
        """Take the first of the settings' class maps that is for the model's classes.

        Raises:
            JetSegError: there are maps, and the classes are those of none, neither before nor after it.
        """
        maps = [find_class_map(text) for text in self.settings.class_maps]
        names = self.description.classes.names
        for one in maps:
            if one.source.names == names:
                self._id_of_class = one.lookup_table
                self.description = replace(self.description, classes=one.target, class_map=one.name)
                return
        if maps and all(one.target.names != names for one in maps):
            known = ", ".join(f"{one.name} (from '{one.source.name}')" for one in maps)
            raise JetSegError(
                f"map: {known} is not for the classes of '{self.description.name}': {', '.join(names):.300}"
            )

    def _try_out(self) -> None:
        """Segment one picture of noise, so that a model of another form is refused before the first frame.

        Raises:
            JetSegError: its results are not those of a model of its description.
        """
        shape = (self.settings.batch, *self.input_size, 3)
        noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        _, confidence = self._checked(noise, self.tries_confidence)
        if confidence is not None and not confidence.any():
            raise JetSegError(
                "the model's confidence is 0 everywhere: its weights are no finite numbers"
            )

    def _checked(
        self, images: np.ndarray, confidence: bool
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Result of `_infer`.

        Raises:
            JetSegError: it has another type or shape, or labels that are no class.
        """
        labels, certainty = self._infer(images, confidence)
        for name, plane in (("labels", labels), ("confidence", certainty)):
            if plane is not None and (plane.dtype != np.uint8 or plane.shape != images.shape[:3]):
                raise JetSegError(
                    f"model '{self.description.name}': {name}: {plane.dtype} of shape {plane.shape}; expected uint8 of "
                    f"shape {images.shape[:3]}"
                )
        count = self._own_classes
        if labels.max() >= count:
            wrong = labels[(labels >= count) & (labels != UNLABELLED)]
            if wrong.size:
                raise JetSegError(
                    f"model '{self.description.name}': labels: class {wrong.max()}; its description names {count} "
                    f"classes, 0 to {count - 1}"
                )
        return labels, certainty

    def _check_offer(self, offer: Mapping[str, Sequence[str]]) -> None:
        """Raise if the settings ask for a device or precision that is not offered.

        Args:
            offer: precisions by kind of device, as `precisions`.

        Raises:
            JetSegError: lists the offer.
        """
        device, precision = self.settings.device, self.settings.precision
        for kind, choices in offer.items():
            if device in ("auto", kind) and precision in ("auto", *choices):
                return
        known = "; ".join(f"{kind} {', '.join(choices)}" for kind, choices in offer.items())
        raise JetSegError(
            f"device {device}, precision {precision}: not available with {self.backend} on this machine; it offers "
            f"{known}. Choose one of these, or auto"
        )

    @classmethod
    def sees_cuda(cls) -> bool:
        """True if this backend, whose packages may be missing, is to be tried first for a CUDA device here."""
        return False

    @abc.abstractmethod
    def _load(self, model: Path) -> ModelDescription:
        """Load the model, set `device` and `precision`, and return the description that the file holds."""

    def _on_cpu(self) -> bool:
        """True if the model will certainly run on the CPU: its memory can be bounded while it is loaded."""
        return False

    @abc.abstractmethod
    def _infer(self, images: np.ndarray, confidence: bool) -> tuple[np.ndarray, np.ndarray | None]:
        """(N, h, w, 3) uint8 RGB at the input size -> labels, confidence or None, each (N, h, w) uint8.

        The arrays belong to the caller: a later call must not change them.
        """

    def close(self) -> None:  # noqa: B027 - most backends hold nothing that must be released
        """Release the backend's resources; `segment` must not be called afterwards."""


def _on_frame(grid: Grid, size: tuple[int, int] | Literal["network"] | None) -> Segmentation:
    """The network's result at the size asked for."""
    view = grid.view if size == "network" else stretch(grid.view.frame, size or grid.view.frame)
    return Segmentation(_place(grid.view, grid.labels, view, UNLABELLED), view, grid)


def _place(shown: View, plane: np.ndarray, wanted: View, outside: int) -> np.ndarray:
    """Move a plane of the network's grid, where the frame lies as `shown`, to the position `wanted`."""
    if wanted is shown:
        return shown.blank(plane, outside)
    return shown.invert(plane, wanted.grid, outside)
