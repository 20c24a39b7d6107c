"""A foreign network in small: three layers, any stride, any of the forms that exporters write."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

CLASSES = 19


@dataclass(frozen=True)
class Form:
    """Inputs and outputs of a network."""

    stride: int = 4
    nhwc: bool = False
    dynamic: bool = True
    half: bool = False
    ids: bool = False
    probabilities: bool = False
    full_size: bool = False
    """Its own bilinear up-sampling at its end."""
    bgr: bool = False
    auxiliary: bool = False
    """A second output of the same form before the main one."""
    channels: int = CLASSES
    size: tuple[int, int] = (96, 128)


class SmallNetwork(nn.Module):
    """Random weights; scores of several classes on every picture."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(form.stride)
        self.form = form
        self.first = nn.Conv2d(3, 12, 3, form.stride, 1)
        self.second = nn.Conv2d(12, 12, 3, 1, 1)
        self.last = nn.Conv2d(12, form.channels, 1)
        for layer in (self.first, self.second, self.last):
            fan = layer.weight[0].numel()
            layer.weight.data = (
                torch.randn(layer.weight.shape, generator=generator) * (3 / fan) ** 0.5
            )
            assert layer.bias is not None
            layer.bias.data = torch.randn(layer.bias.shape, generator=generator) * 0.1

    def scores(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) normalised -> (N, C, h, w)."""
        return self.last(torch.tanh(self.second(torch.tanh(self.first(x)))))

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        form = self.form
        size = x.shape[1:3] if form.nhwc else x.shape[2:]
        y = self.scores(x.permute(0, 3, 1, 2) if form.nhwc else x)
        if form.full_size:
            y = F.interpolate(y, size, mode="bilinear", align_corners=False)
        if form.probabilities:
            y = y.softmax(1)
        if form.ids:
            return y.argmax(1)
        if form.nhwc:
            y = y.permute(0, 2, 3, 1)
        return (-y, y) if form.auxiliary else y

    @torch.inference_mode()
    def expect(
        self, frame: np.ndarray, mean: np.ndarray, std: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Labels and confidence (H, W) of a frame (H, W, 3) uint8 RGB, by pre- and post-processing by hand."""
        pixels = (torch.from_numpy(frame).float() / 255 - torch.tensor(mean)) / torch.tensor(std)
        if self.form.bgr:
            pixels = pixels.flip(2)
        network = self.float()
        y = network.scores(pixels.permute(2, 0, 1)[None].float())
        if self.form.ids and not self.form.full_size:
            ids = y.argmax(1)[0].numpy().astype(np.uint8)
            return cv2.resize(
                ids, frame.shape[1::-1], interpolation=cv2.INTER_NEAREST_EXACT
            ), np.full(frame.shape[:2], 255)
        if self.form.probabilities and not self.form.full_size:
            y = y.softmax(1)
        y = F.interpolate(y, frame.shape[:2], mode="bilinear", align_corners=False)
        if not (self.form.probabilities and not self.form.full_size):
            y = y.softmax(1)
        best, labels = y[0].max(0)
        return labels.numpy(), (255 * best).round().numpy()


@pytest.fixture
def write_network() -> Callable[..., SmallNetwork]:
    """Exports a network of the fields of `Form` by torch's own exporter, as other projects do, and returns it."""
    return _write


def _write(path: Path, **fields: Any) -> SmallNetwork:
    form = Form(**fields)
    network = SmallNetwork(form).eval()
    shape = (1, *form.size, 3) if form.nhwc else (1, 3, *form.size)
    axes = {"image": {1: "h", 2: "w"} if form.nhwc else {2: "h", 3: "w"}}
    outputs = ["auxiliary", "main"] if form.auxiliary else ["main"]
    first = 1 if form.ids or form.nhwc else 2
    axes |= {name: {first: f"{name}h", first + 1: f"{name}w"} for name in outputs}
    if form.half:
        network.half()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (torch.zeros(shape, dtype=torch.half if form.half else torch.float),), str(path),
            input_names=["image"], output_names=outputs, opset_version=17, dynamo=False,
            dynamic_axes=axes if form.dynamic else None,
        )  # fmt: skip
    return network
