"""Checkpoints on disk, and finding them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from jetseg_core.classes import CAMVID11
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import FORMAT, load_checkpoint, save_checkpoint
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.network.model_config import ModelConfig
from jetseg_core.runtime import RuntimeSettings
from jetseg_core.runtime.model_files import find_model, shipped_model_of


def test_a_saved_checkpoint_comes_back(tmp_path: Path) -> None:
    model = JetSeg(ModelConfig("nano", 3)).eval()
    path = tmp_path / "a.pt"
    save_checkpoint(path, model, CAMVID11, {"epochs": 3})
    checkpoint = load_checkpoint(path)
    assert (checkpoint.config, checkpoint.classes) == (model.config, CAMVID11)
    assert checkpoint.provenance == {"epochs": 3}
    images = torch.randn(1, 3, 64, 64)
    assert torch.equal(checkpoint.build()(images), model(images))
    assert list(tmp_path.iterdir()) == [path]  # no partial file is left


def test_other_files_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(JetSegError, match="no checkpoint"):
        load_checkpoint(tmp_path / "missing.pt")
    garbage = tmp_path / "garbage.pt"
    for content in (b"not a checkpoint at all", b"a", b"", bytes(range(256)), b"PK\x03\x04 no zip"):
        garbage.write_bytes(content)
        with pytest.raises(JetSegError, match="is not a JetSeg checkpoint"):
            load_checkpoint(garbage)
    foreign = tmp_path / "foreign.pt"
    torch.save({"state_dict": {}}, foreign)
    with pytest.raises(JetSegError, match="format is None"):
        load_checkpoint(foreign)
    half = tmp_path / "half.pt"
    save_checkpoint(half, JetSeg(ModelConfig()), CAMVID11, {})
    half.write_bytes(half.read_bytes()[:1000])
    with pytest.raises(JetSegError, match="is not a JetSeg checkpoint"):
        load_checkpoint(half)
    misfit = tmp_path / "misfit.pt"
    weights = JetSeg(ModelConfig("agx")).state_dict()
    torch.save(
        {
            "format": FORMAT,
            "config": ModelConfig().to_dict(),
            "classes": CAMVID11.to_dict(),
            "state_dict": weights,
            "provenance": {},
        },
        misfit,
    )
    with pytest.raises(JetSegError, match="do not fit"):
        load_checkpoint(misfit)


def test_a_model_is_found_by_name_or_by_either_path(
    exported_pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JETSEG_MODELS", str(exported_pair.parent))
    by_name = find_model("random")
    assert by_name == find_model(str(exported_pair))
    assert by_name == find_model(str(exported_pair.with_suffix(".onnx")))
    with pytest.raises(JetSegError, match=r"no checkpoint 'absent'.*random"):
        find_model("absent")


def test_of_several_models_of_a_preset_the_default_counts(
    exported_pair: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shipped_model_of("nano") == RuntimeSettings().checkpoint
    for name in ("agx_a", "agx_b"):
        shutil.copyfile(exported_pair, tmp_path / f"{name}.pt")
    monkeypatch.setenv("JETSEG_MODELS", str(tmp_path))
    with pytest.raises(JetSegError, match="several shipped models of preset 'agx'"):
        shipped_model_of("agx")


@pytest.mark.parametrize("name", ["nano_camvid11", "nano_road11"])
def test_the_shipped_models_are_small_plain_and_say_where_they_come_from(name: str) -> None:
    files = find_model(name)
    assert files.checkpoint is not None
    assert files.exported is not None
    assert files.checkpoint.stat().st_size < 300_000
    checkpoint = load_checkpoint(files.checkpoint)
    assert checkpoint.classes == CAMVID11
    assert {"data", "split", "recipe", "epochs", "commit", "val_miou"} <= set(checkpoint.provenance)
    assert float(str(checkpoint.provenance["val_miou"])) >= 45
