"""The export equals the trained network, for every configuration."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import ModuleType

import numpy as np
import onnx
import openvino as ov
import pytest
import torch

from jetseg_core.deploy.deployed import deploy
from jetseg_core.deploy.onnx_export import export_onnx, to_onnx
from jetseg_core.deploy.onnx_passes import fix_shape, is_half, to_half
from jetseg_core.errors import JetSegError
from jetseg_core.network.jetseg import JetSeg, normalise
from jetseg_core.network.model_config import (
    PAPER_FORM,
    EncoderForm,
    ModelConfig,
)

CONFIGURATIONS = [*product(("nano", "agx", "workstation"), range(6)), ("nano_wide", 6)]
"""Presets and kernel combinations: the authors', and ours."""
SIZE = (67, 94)  # odd, not square, and no multiple of any stride


def settled(config: ModelConfig) -> JetSeg:
    """A network of random weights whose batch norms know the statistics of what flows through them."""
    torch.manual_seed(0)
    model = JetSeg(config)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        model(torch.randn(2, 3, *SIZE))
    return model.eval()


def assert_same(trained: JetSeg, model: ov.Model, images: np.ndarray) -> None:
    """Both forms choose classes that are as likely, within 1e-3 of a logit, with the confidence of one level."""
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    with torch.inference_mode():
        logits = trained(normalise(torch.from_numpy(images)))
        confidence = (255 * logits.softmax(1).amax(1)).round()
    result = compiled(images)
    assert result["labels"].shape == images.shape[:3]
    chosen = torch.from_numpy(result["labels"]).long().unsqueeze(1)
    lost = logits.amax(1, keepdim=True) - logits.gather(1, chosen)
    assert float(lost.max()) <= 1e-3
    assert np.abs(result["confidence"].astype(int) - confidence.numpy()).max() <= 1


def test_a_torch_that_cannot_export_gives_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.export.Dim, "AUTO")
    with pytest.raises(JetSegError, match=r"too old to export .* requirements/torch.txt"):
        to_onnx(deploy(settled(replace(PAPER_FORM, num_classes=5))), SIZE)


def test_half_precision_is_asked_for_at_export(exported_pair: Path, tmp_path: Path) -> None:
    path = export_onnx(exported_pair, tmp_path / "half.onnx", SIZE, "fp16")
    half = onnx.load(path)
    assert is_half(half)
    (metadata,) = half.metadata_props
    assert json.loads(metadata.value)["precision"] == "fp16"


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "combination"), CONFIGURATIONS)
def test_every_configuration_exports_unchanged(
    preset: str, combination: int, tensorrt_reader: ModuleType
) -> None:
    # At a fixed size, since exporting for any size takes five times longer; that form of it is tested below.
    decoder = "stride4" if preset == "nano_wide" else "paper"
    trained = settled(
        replace(PAPER_FORM, preset=preset, combination=combination, num_classes=5, decoder=decoder)
    )
    exported = to_onnx(deploy(trained), SIZE)
    for version in tensorrt_reader.VERSIONS:
        for graph in (exported, to_half(exported)):
            assert tensorrt_reader.complaints(graph, version) == []
    model = ov.Core().read_model(exported.SerializeToString())
    assert_same(trained, model, np.random.default_rng(0).integers(0, 256, (1, *SIZE, 3), np.uint8))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("decoder", "encoder"), [("paper", "paper"), ("fast", "refined"), ("stride4", "refined")]
)
def test_one_export_serves_any_number_and_size_of_images(
    decoder: str, encoder: EncoderForm, tensorrt_reader: ModuleType
) -> None:
    trained = settled(
        ModelConfig(
            activation="tanhexp" if decoder == "paper" else "hardswish",
            attention=("eca", "none", "cbam"),
            num_classes=5,
            decoder=decoder,
            encoder=encoder,
        )
    )
    exported = to_onnx(deploy(trained))
    for version in tensorrt_reader.VERSIONS:
        for graph in (exported, fix_shape(exported, (1, 97, 131, 3))):
            assert tensorrt_reader.complaints(graph, version) == []
    model = ov.Core().read_model(exported.SerializeToString())
    for shape in ((1, 64, 64, 3), (2, 97, 131, 3), (1, 120, 160, 3)):
        images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        model.reshape(list(shape))
        assert_same(trained, model, images)
