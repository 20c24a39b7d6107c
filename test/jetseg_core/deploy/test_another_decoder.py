"""A decoder of your own: registered, trained, saved, deployed and exported, with no other file changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from jetseg_core.classes import CAMVID11
from jetseg_core.deploy.deployed import DeployedJetSeg, deploy
from jetseg_core.deploy.deployed_decoder import DEPLOYED_DECODERS
from jetseg_core.deploy.onnx_export import export_onnx
from jetseg_core.network.checkpoint import load_checkpoint, save_checkpoint
from jetseg_core.network.decoder import DECODERS, Decoder, TapChannels, resize
from jetseg_core.network.jetseg import JetSeg, normalise
from jetseg_core.network.layers import ConvBnAct
from jetseg_core.network.model_config import ModelConfig

SIZE = (64, 96)


class SumDecoder(Decoder):
    """The sum of a head for each tap, at stride 2."""

    def __init__(
        self, tap_channels: TapChannels, width: int, num_classes: int, activation: str
    ) -> None:
        super().__init__(tap_channels, width, num_classes, activation)
        self.heads = nn.ModuleList(ConvBnAct(c, width, activation) for c in tap_channels)
        self.classifier = nn.Conv2d(width, num_classes, 1)

    def forward(self, *taps: Tensor) -> Tensor:
        features = [head(tap) for head, tap in zip(self.heads, taps, strict=True)]
        return self.classifier(sum(resize(f, features[0]) for f in features))


class DeployedSumDecoder(nn.Module):
    """`SumDecoder` with its classifier before the up-sampling of the coarser features."""

    def __init__(self, decoder: SumDecoder) -> None:
        super().__init__()
        self.heads, self.classifier = decoder.heads, decoder.classifier

    def forward(self, *taps: Tensor) -> Tensor:
        weight, bias = self.classifier.weight, self.classifier.bias
        logits = [F.conv2d(head(t), weight) for head, t in zip(self.heads, taps, strict=True)]
        assert bias is not None
        return sum(resize(part, logits[0]) for part in logits) + bias[:, None, None]


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> JetSeg:
    """A network with the decoder, after one step of training."""
    monkeypatch.setitem(DECODERS, "sum", SumDecoder)
    monkeypatch.setitem(DEPLOYED_DECODERS, "sum", DeployedSumDecoder)
    torch.manual_seed(0)
    model = JetSeg(ModelConfig(decoder="sum", decoder_channels=24))
    before = {name: value.clone() for name, value in model.decoder.named_parameters()}
    labels = torch.randint(0, 11, (2, *SIZE))
    F.cross_entropy(model(torch.randn(2, 3, *SIZE)), labels).backward()
    torch.optim.SGD(model.parameters(), 1e-3).step()
    for name, value in model.decoder.named_parameters():
        assert not torch.equal(value, before[name]), f"{name} was not trained"
    return model.eval()


def frames() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (1, *SIZE, 3), np.uint8)


def labels_of(deployed: DeployedJetSeg) -> np.ndarray:
    with torch.inference_mode():
        return deployed(torch.from_numpy(frames()))[0].numpy()


def assert_same(labels: np.ndarray, model: JetSeg) -> None:
    """Equal to the trained network's labels except for ties."""
    with torch.inference_mode():
        logits = model(normalise(torch.from_numpy(frames())))
    chosen = logits.gather(1, torch.from_numpy(labels).long().unsqueeze(1))[:, 0]
    assert float((logits.amax(1) - chosen).max()) <= 1e-4 * float(logits.abs().max())


def test_it_is_saved_exported_and_run(trained: JetSeg, tmp_path: Path) -> None:
    path = tmp_path / "sum.pt"
    save_checkpoint(path, trained, CAMVID11, {})
    assert_same(labels_of(deploy(load_checkpoint(path).build())), trained)
    exported = ov.Core().read_model(export_onnx(path, size=SIZE))
    compiled = ov.Core().compile_model(exported, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    assert_same(compiled(frames())["labels"], trained)


def test_without_a_deployed_form_its_norms_are_folded(
    trained: JetSeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(DEPLOYED_DECODERS, "sum")
    deployed = deploy(trained)
    assert isinstance(deployed.decoder, SumDecoder)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in deployed.modules())
    assert_same(labels_of(deployed), trained)
