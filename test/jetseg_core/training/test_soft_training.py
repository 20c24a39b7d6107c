"""Held-out recordings, several data sets in one run, and soft labels."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from jetseg_core.data.soft_labels import write_soft
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import load_checkpoint
from jetseg_core.street import StreetScene
from jetseg_core.training.fit import train
from jetseg_core.training.objective import SoftCrossEntropy
from jetseg_core.training.train_config import TrainConfig
from jetseg_core.training.training_data import TrainingData
from jetseg_core.training.training_frame import TrainingFrame, draw_evenly


@pytest.fixture(scope="module")
def drives(small_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve labelled frames of the drives a and b, in train and in val."""
    root = tmp_path_factory.mktemp("drives")
    for split, names in {
        "train": ["a_0", "a_1", "b_0", "b_1", "b_2"],
        "val": ["a_2", "b_3"],
    }.items():
        (root / split).mkdir()
        (root / f"{split}annot").mkdir()
        for index, name in enumerate(names):
            for folder in (split, f"{split}annot"):
                source = small_data / folder / f"{index}.png"
                shutil.copyfile(source, root / folder / f"{name}.png")
    return root


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames without labels, of the recordings near (4), far (2) and dark (1), with soft labels."""
    root = tmp_path_factory.mktemp("roads")
    (root / "images").mkdir()
    (root / "soft").mkdir()
    scene = StreetScene(seed=2, size=(96, 128))
    for index, name in enumerate(
        ["near_0", "near_1", "near_2", "near_3", "far_0", "far_1", "dark_0"]
    ):
        image, labels = scene.render(7 * index)
        cv2.imwrite(str(root / "images" / f"{name}.jpg"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        planes = np.stack([labels[::2, ::2] == k for k in range(12)]).astype(float)
        write_soft(root / "soft" / f"{name}.png", planes)
    return root


def settings(data: Path, out: Path, **changes: object) -> TrainConfig:
    values: dict[str, object] = {
        "epochs": 1, "batch_size": 2, "crop_height": 64, "crop_width": 64, "validate_every": 1, "offset_pixels": 0,
    }  # fmt: skip
    return TrainConfig(str(data), str(out)).updated(**(values | changes))


def test_frames_of_a_held_out_drive_validate_and_no_others(drives: Path, tmp_path: Path) -> None:
    whole = TrainingData.read(settings(drives, tmp_path))
    assert [frame.name for frame in whole.train] == ["a_0", "a_1", "b_0", "b_1", "b_2"]
    assert len(whole.val) == 2
    fold = TrainingData.read(settings(drives, tmp_path, hold_out="a_"))
    assert [frame.name for frame in fold.train] == ["b_0", "b_1", "b_2", "b_3"]
    assert len(fold.val) == 3
    assert "without a_: 4 frames" in fold.description


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hold_out": "a_,c"}, "hold_out: no frame's name begins with 'c'; there are a_0"),
        ({"hold_out": "a_,b_"}, "hold_out: 'a_,b_' leaves 0 frames"),
        ({"extra_data": "ROADS"}, "has frames without labels; give a --soft-weight"),
        ({"extra_data": "ROADS", "extra_shares": "1.1"}, "extra_shares: '1.1' for 1 of extra_data"),
        ({"extra_data": "ROADS", "extra_shares": "0.2,0.2"}, "for 1 of extra_data"),
        ({"extra_data": "ROADS", "extra_shares": "half"}, "expected a share above 0"),
        ({"extra_data": "ROADS", "soft_weight": 1, "hold_out": "near,far,dark"}, "are held out"),
        ({"soft_weight": -1}, "soft_weight: -1 must be 0 or more"),
        ({"color": 1.5}, "color: 1.5 must be below 1"),
    ],
)
def test_wrong_settings_are_refused(
    drives: Path, roads: Path, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    changes = {k: str(roads) if v == "ROADS" else v for k, v in changes.items()}
    with pytest.raises(JetSegError, match=message):
        TrainingData.read(settings(drives, tmp_path, **changes))


def test_a_frame_without_any_label_is_refused(drives: Path, roads: Path, tmp_path: Path) -> None:
    copy = tmp_path / "roads"
    shutil.copytree(roads, copy)
    (copy / "soft" / "far_1.png").unlink()
    changes = {"extra_data": str(copy), "soft_weight": 1.0}
    with pytest.raises(JetSegError, match=r"far_1\.jpg': no soft labels '.*far_1\.png'"):
        TrainingData.read(settings(drives, tmp_path, **changes))


def test_an_epoch_has_its_share_of_a_further_data_set(
    drives: Path, roads: Path, tmp_path: Path
) -> None:
    changes = {"extra_data": str(roads), "soft_weight": 1.0, "hold_out": "far,dark"}
    data = TrainingData.read(settings(drives, tmp_path, **changes))
    frames = data.epoch(seed=0, epoch=0)
    assert [frame.name for frame in frames[:5]] == ["a_0", "a_1", "b_0", "b_1", "b_2"]
    assert {frame.name.partition("_")[0] for frame in frames[5:]} == {"near"}
    assert len(frames) == data.epoch_length() == 10
    names = [[f.name for f in data.epoch(0, epoch)] for epoch in (0, 0, 1)]
    assert names[0] == names[1] != names[2]
    assert {name: len(held) for name, held in data.sources.items()} == {"far": 2, "dark": 1}


def test_a_share_of_one_leaves_no_labelled_frame(drives: Path, roads: Path, tmp_path: Path) -> None:
    changes = {"extra_data": str(roads), "extra_shares": "1", "soft_weight": 1.0, "hold_out": "far"}
    data = TrainingData.read(settings(drives, tmp_path, **changes))
    names = {frame.name.partition("_")[0] for frame in data.epoch(seed=0, epoch=0)}
    assert names <= {"near", "dark"}
    assert len(data.epoch(seed=0, epoch=1)) == data.epoch_length() == 5
    assert data.description.startswith("class frequencies alone of")
    assert (
        load_checkpoint(train(settings(drives, tmp_path / "run", **changes))).provenance["epochs"]
        == 1
    )


def test_the_longest_recording_leaves_room_for_others() -> None:
    image = np.zeros((1, 1, 3), np.uint8)
    names = [f"long_{i}" for i in range(100)] + ["short_0"]
    frames = [TrainingFrame(name, image, None) for name in names]
    drawn = draw_evenly(frames, 2200, np.random.default_rng(0))
    # One in 11 by the root of the numbers, not one in 101.
    assert 140 < sum(frame.name == "short_0" for frame in drawn) < 260


def test_soft_cross_entropy_is_its_definition() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 3, 4, 5, requires_grad=True)
    target = torch.rand(2, 3, 4, 5).softmax(1)
    soft, nothing = (200 * target).to(torch.uint8), torch.full((2, 4, 5), 255)
    plain = SoftCrossEntropy(torch.ones(3), labelled=0.5)
    expected = F.cross_entropy(logits, soft / soft.sum(1, keepdim=True), reduction="none")
    expected = (expected * soft.sum(1)).sum() / soft.sum()
    torch.testing.assert_close(plain(logits, soft, nothing), expected)
    # Pixels of which nothing is known do not count; those with a label count half.
    soft[1] = 0
    torch.testing.assert_close(
        plain(logits, soft, nothing), plain(logits[:1], soft[:1], nothing[:1])
    )
    labels = nothing.clone()
    labels[0, :2] = 1
    halved = soft.float()
    halved[0, :, :2] /= 2
    torch.testing.assert_close(plain(logits, soft, labels), plain(logits, halved, nothing))
    assert plain(logits, torch.zeros_like(soft), nothing).item() == 0


def test_a_run_learns_from_frames_without_labels(drives: Path, roads: Path, tmp_path: Path) -> None:
    changes = {
        "extra_data": str(roads), "soft_weight": 2.0, "hold_out": "b_,far", "half_size_loss": True, "epochs": 2,
    }  # fmt: skip
    best = train(settings(drives, tmp_path / "run", **changes))
    with (tmp_path / "run" / "curve.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        assert float(row["soft"]) > 0
        assert float(row["loss"]) == pytest.approx(float(row["ce"]) + float(row["soft"]), abs=2e-4)
        assert 0 <= float(row["source_mean"]) <= 100
    provenance = load_checkpoint(best).provenance
    assert isinstance(provenance["source_agreement"], dict)
    assert list(provenance["source_agreement"]) == ["far"]
    assert "5 frames of 2 other recordings" in str(provenance["data"])
    assert str(roads) not in str(provenance)
    train(settings(drives, tmp_path / "run", **changes), resume=True)


def test_the_loss_at_half_size_is_nearly_that_at_full_size(drives: Path, tmp_path: Path) -> None:
    losses = []
    for half in (False, True):
        out = tmp_path / str(half)
        train(settings(drives, out, half_size_loss=half, learning_rate=1e-9))
        with (out / "curve.csv").open() as file:
            losses.append([float(row["ce"]) for row in csv.DictReader(file)])
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.1)


def test_a_run_is_resumed_with_another_length(drives: Path, tmp_path: Path) -> None:
    train(settings(drives, tmp_path, epochs=2))
    best = train(settings(drives, tmp_path, epochs=3), resume=True)
    assert len((tmp_path / "curve.csv").read_text().splitlines()) == 4
    state = torch.load(tmp_path / "last.pt", weights_only=True)
    assert state["epoch"] == 3
    assert state["origin"]["length"] == ["2 until epoch 2"]
    assert best.is_file()
    with pytest.raises(JetSegError, match=r"other settings of \['epochs'\]"):
        train(settings(drives, tmp_path, epochs=1), resume=True)
