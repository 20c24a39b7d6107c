"""Nodes before and behind a foreign network: from uint8 frames to its input, from its output to labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from jetseg_core.classes import UNLABELLED
from jetseg_core.deploy.foreign.pixel_values import PixelValues

MOST_BANDS = 16
"""Pieces at most, one below the other, in which scores are up-sampled."""


@dataclass(frozen=True)
class ImageInput:
    """The one input of a network."""

    name: str
    half: bool
    """True for float16, False for float32."""
    layout: str
    """nchw or nhwc."""
    size: tuple[int | None, int | None]
    """(height, width); None for a side of any length."""


@dataclass(frozen=True)
class ClassOutput:
    """The output that tells classes apart."""

    name: str
    kind: str
    """logits, probabilities (also of independent classes) or ids."""
    layout: str
    """nchw or nhwc, of scores; of ids, the axes: nhw, n1hw or nhw1."""
    half: bool
    stride: int
    """Pixels of the input for each value along an axis, rounded; 1 = the input's size."""


class GraphWriter:
    """Adds nodes to a model's graph.

    Args:
        model: changed; no name in it begins with ``jetseg/``.
    """

    def __init__(self, model: ModelProto) -> None:
        self._constants = model.graph.initializer
        self._number = count()
        self._nodes: list[NodeProto] = []

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node; the name of its (first) output, which is a new one unless given.

        TopK has a second output, under the name of the first and ``/index``.
        """
        name = f"jetseg/{next(self._number)}"
        output = output or f"{name}/{operator}"
        outputs = [output, f"{output}/index"] if operator == "TopK" else [output]
        self._nodes.append(helper.make_node(operator, inputs, outputs, name=name, **attributes))
        return output

    def take(self) -> list[NodeProto]:
        """The nodes since the last call, in order."""
        nodes, self._nodes = self._nodes, []
        return nodes

    def constant(self, values: object, dtype: type = np.int64) -> str:
        """Add a constant; its name."""
        name = f"jetseg/constant/{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def front(self, image: ImageInput, pixels: PixelValues) -> str:
        """Append the steps from ``images`` (N, H, W, 3) uint8 RGB to the network's input.

        Returns:
            Name of the frames as float32, of the same shape. Sizes are read from it, since TensorRT allows uint8
            nowhere but beside a cast.
        """
        cast = self.add("Cast", "images", to=TensorProto.FLOAT)
        steps: list[tuple[str, tuple[str, ...], dict[str, Any]]] = []
        if any(pixels.mean):
            steps.append(("Sub", (self.constant(pixels.mean, np.float32),), {}))
        steps.append(("Mul", (self.constant(1 / np.array(pixels.std), np.float32),), {}))
        if pixels.bgr:
            steps.append(("Gather", (self.constant([2, 1, 0]),), {"axis": 3}))
        if image.layout == "nchw":
            steps.append(("Transpose", (), {"perm": [0, 3, 1, 2]}))
        if image.half:
            steps.append(("Cast", (), {"to": TensorProto.FLOAT16}))
        value = cast
        for index, (operator, others, attributes) in enumerate(steps):
            last = image.name if index == len(steps) - 1 else ""
            value = self.add(operator, value, *others, output=last, **attributes)
        return cast

    def labels_of_scores(
        self, frames: str, output: ClassOutput, id_of_channel: Sequence[int]
    ) -> None:
        """Append ``labels`` and ``confidence``, (N, H, W) uint8, made of class scores as `Labelling` does in torch.

        Bilinear up-sampling goes along the rows first, where it stays small, and then down the columns in bands, each
        of which is reduced to labels before the next: class channels never exist at the full size.

        Args:
            frames: (N, H, W, 3).
            output: see `ClassOutput`.
            id_of_channel: class id for each channel of the scores; 255 = unlabelled.
        """
        scores = output.name
        if output.half:
            scores = self.add("Cast", scores, to=TensorProto.FLOAT)
        if output.layout == "nhwc":
            scores = self.add("Transpose", scores, perm=[0, 3, 1, 2])
        bands = [scores] if output.stride == 1 else self._bands(frames, scores, output.stride)
        chosen, certainty = [], []
        for band in bands:
            # One plane of pixels after another in memory: see `Labelling`.
            planes = self.add("Reshape", band, self.constant([0, 0, -1]))
            highest = self.add(
                "TopK", planes, self.constant([1]), axis=1, largest=1, sorted=1
            )  # (N, 1, pixels)
            chosen.append(f"{highest}/index")
            if output.kind == "logits":
                above = self.add("Exp", self.add("Sub", planes, highest))
                highest = self.add("ReduceSum", above, self.constant([1]), keepdims=1)
            certainty.append(highest)
        index, share = self._joined(chosen), self._joined(certainty)
        if list(id_of_channel) == list(range(len(id_of_channel))):
            labels = self.add("Cast", index, to=TensorProto.FLOAT)
        else:
            labels = self.add("Gather", self.constant(id_of_channel, np.float32), index, axis=0)
        full = self.constant(255, np.float32)
        if output.kind == "logits":
            confidence = self.add("Div", full, share)
        else:
            held = self.add("Min", self.add("Max", share, self._zero()), self._one())
            confidence = self.add("Mul", held, full)
        self._finish(frames, labels, self.add("Round", confidence))

    def labels_of_ids(self, frames: str, output: ClassOutput, values: Sequence[int]) -> None:
        """Append ``labels``, made of class ids; ``confidence`` is 255 everywhere, since ids hold none.

        Pixels take the id of the cell that their center falls into.

        Args:
            frames: (N, H, W, 3).
            output: see `ClassOutput`.
            values: the id in the output of each class; all others become 255.
        """
        ids = self.add("Cast", output.name, to=TensorProto.FLOAT)
        if output.layout in ("n1hw", "nhw1"):
            axis = 1 if output.layout == "n1hw" else 3
            ids = self.add("Squeeze", ids, self.constant([axis]))
        if output.stride != 1:
            for axis in (1, 2):
                cells = self._cells(self._side(frames, axis), self._side(ids, axis))
                ids = self.add("Gather", ids, cells, axis=axis)
        table = np.full(max(values) + 3, UNLABELLED)
        table[np.array(values) + 1] = np.arange(len(values))
        shifted = self.add("Add", ids, self._one())
        inside = self.add(
            "Min", self.add("Max", shifted, self._zero()), self.constant(len(table) - 1, np.float32)
        )
        place = self.add("Cast", inside, to=TensorProto.INT32)
        labels = self.add("Gather", self.constant(table, np.float32), place, axis=0)
        certain = self.add(
            "Add", self.add("Mul", labels, self._zero()), self.constant(255, np.float32)
        )
        self._finish(frames, labels, certain)

    def _finish(self, frames: str, labels: str, confidence: str) -> None:
        shape = self.add("Gather", self.add("Shape", frames), self.constant([0, 1, 2]), axis=0)
        for name, value in (("labels", labels), ("confidence", confidence)):
            plane = self.add("Reshape", value, shape)
            self.add("Cast", plane, output=name, to=TensorProto.UINT8)

    def _bands(self, frames: str, scores: str, stride: int) -> list[str]:
        """Scores (N, C, h, w) -> bands (N, C, some rows, W), which together have H rows."""
        columns = self._taps(self._side(frames, 2), self._side(scores, 3))
        wide = self._mixed(scores, columns, 3)
        height = self._side(frames, 1)
        upper, lower, weight = self._taps(height, self._side(scores, 2))
        weight = self.add("Unsqueeze", weight, self.constant([1]))  # (H, 1)
        number = min(stride, MOST_BANDS)
        shares = self.add("Mul", self.constant(range(number + 1)), height)
        bounds = self.add("Div", shares, self.constant([number]))
        bands = []
        for band in range(number):
            begin, end = (
                self.add("Gather", bounds, self.constant([place]), axis=0)
                for place in (band, band + 1)
            )
            taps = [
                self.add("Slice", tap, begin, end, self.constant([0]))
                for tap in (upper, lower, weight)
            ]
            bands.append(self._mixed(wide, (taps[0], taps[1], taps[2]), 2))
        return bands

    def _mixed(self, scores: str, taps: tuple[str, str, str], axis: int) -> str:
        """Values between two neighbours along an axis; the weight is that of the second."""
        first, second = (self.add("Gather", scores, tap, axis=axis) for tap in taps[:2])
        step = self.add("Mul", self.add("Sub", second, first), taps[2])
        return self.add("Add", first, step)

    def _taps(self, wanted: str, given: str) -> tuple[str, str, str]:
        """Along an axis: both neighbours of each pixel's center, and the weight of the second, (wanted,) each.

        Args:
            wanted: (1,) int64 number of pixels.
            given: (1,) int64 number of values.
        """
        half = self.constant(0.5, np.float32)
        length, cells = (self.add("Cast", side, to=TensorProto.FLOAT) for side in (wanted, given))
        pixel = self.add("Cast", self._range(wanted), to=TensorProto.FLOAT)
        center = self.add("Div", self.add("Mul", self.add("Add", pixel, half), cells), length)
        last = self.add("Sub", cells, self._one())
        place = self.add("Max", self.add("Sub", center, half), self._zero())
        place = self.add("Min", place, last)
        first = self.add("Floor", place)
        second = self.add("Min", self.add("Add", first, self._one()), last)
        weight = self.add("Sub", place, first)
        indexes = [self.add("Cast", value, to=TensorProto.INT64) for value in (first, second)]
        return indexes[0], indexes[1], weight

    def _cells(self, wanted: str, given: str) -> str:
        """(wanted,) int64 cell of each pixel's center along an axis."""
        two = self.constant([2])
        center = self.add("Add", self.add("Mul", self._range(wanted), two), self.constant([1]))
        return self.add("Div", self.add("Mul", center, given), self.add("Mul", wanted, two))

    def _range(self, length: str) -> str:
        end = self.add("Squeeze", length, self.constant([0]))
        return self.add("Range", self.constant(0), end, self.constant(1))

    def _side(self, tensor: str, axis: int) -> str:
        """(1,) int64 length of an axis."""
        return self.add("Gather", self.add("Shape", tensor), self.constant([axis]), axis=0)

    def _joined(self, parts: list[str]) -> str:
        return self.add("Concat", *parts, axis=2) if len(parts) > 1 else parts[0]

    def _zero(self) -> str:
        return self.constant(0, np.float32)

    def _one(self) -> str:
        return self.constant(1, np.float32)
