"""The training loop, on a handful of generated frames."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from jetseg_core.classes import CAMVID11
from jetseg_core.data.augmentation import Augmentation
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import load_checkpoint, save_checkpoint, write_atomically
from jetseg_core.network.jet_block import JetBlock
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.network.model_config import ModelConfig
from jetseg_core.training import run_folder
from jetseg_core.training.fit import train
from jetseg_core.training.objective import Teacher
from jetseg_core.training.train_config import TrainConfig
from jetseg_core.training.training_data import TrainingData, epoch_batches
from jetseg_core.training.training_frame import TrainingFrame


@pytest.fixture
def data(small_data: Path) -> Path:
    return small_data


def settings(data: Path, out: Path, **changes: object) -> TrainConfig:
    values: dict[str, object] = {
        "epochs": 3,
        "batch_size": 3,
        "crop_height": 64,
        "crop_width": 64,
        "validate_every": 1,
        "offset_pixels": 0,  # see test_logit_offsets.py
    }
    return TrainConfig(str(data), str(out)).updated(**(values | changes))


def curve(out: Path) -> list[dict[str, str]]:
    with (out / "curve.csv").open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def train_and_die(config: TrainConfig, epoch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train until the state of this epoch is written."""

    def save_and_die(state: dict[str, object], path: Path) -> None:
        write_atomically(state, path)
        if state["epoch"] == epoch:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run_folder, "write_atomically", save_and_die)
        with pytest.raises(KeyboardInterrupt):
            train(config)


def assert_same_weights(*runs: Path) -> None:
    one, other = (torch.load(run / "last.pt", weights_only=True)["model"] for run in runs)
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


def test_a_killed_run_goes_on_to_the_same_result(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(settings(data, tmp_path / "whole"))
    train_and_die(settings(data, tmp_path / "killed"), 2, monkeypatch)
    assert len(curve(tmp_path / "killed")) == 2
    best = train(settings(data, tmp_path / "killed"), resume=True)

    assert curve(tmp_path / "killed") == curve(tmp_path / "whole")
    assert_same_weights(tmp_path / "killed", tmp_path / "whole")
    provenance = load_checkpoint(best).provenance
    assert {"data", "split", "recipe", "commit", "epochs", "val_miou"} <= set(provenance)
    assert str(data) not in str(provenance)  # folders of the training machine stay there


def test_a_run_goes_on_when_all_its_files_have_moved(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eleven = "names: [a, b, c, d, e, f, g, h, i, j, k]"
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "own.yaml").write_text(eleven)
    own = {"classes": str(tmp_path / "here" / "own.yaml")}
    start = train(settings(data, tmp_path / "start", epochs=1, **own))
    other = train(settings(data, tmp_path / "other", **own | {"epochs": 1, "seed": 1}))
    changes = own | {"epochs": 2, "init_from": str(start), "teacher": str(start)}
    whole = load_checkpoint(train(settings(data, tmp_path / "whole", **changes)))
    train_and_die(settings(data, tmp_path / "killed", **changes), 1, monkeypatch)

    there = tmp_path / "there"
    (tmp_path / "killed").rename(there)
    start.rename(tmp_path / "teacher.pt")
    (tmp_path / "data").symlink_to(data)
    (tmp_path / "here" / "own.yaml").rename(tmp_path / "own.yaml")
    changes["classes"] = str(tmp_path / "own.yaml")
    moved = tmp_path / "data"
    for wrong in ("", str(other)):
        with pytest.raises(JetSegError, match=r"other settings of \['teacher'\]"):
            train(settings(moved, there, **changes | {"teacher": wrong}), resume=True)
    # The start is in the run's state, so that its file is not needed any more.
    changes |= {"teacher": str(tmp_path / "teacher.pt"), "init_from": str(tmp_path / "gone.pt")}
    (tmp_path / "names.yaml").write_text(eleven.replace("[a", "[z"))
    with pytest.raises(JetSegError, match=r"teacher: .* knows a, b"):
        train(
            settings(moved, there, **changes | {"classes": str(tmp_path / "names.yaml")}),
            resume=True,
        )
    resumed = load_checkpoint(train(settings(moved, there, **changes), resume=True))
    assert curve(there) == curve(tmp_path / "whole")
    assert_same_weights(there, tmp_path / "whole")
    assert resumed.provenance["started_from"] == whole.provenance["started_from"]
    assert resumed.provenance["teacher"] == whole.provenance["teacher"]


def test_other_classes_are_not_resumed(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("names: [built, rest]")
    changes = {"epochs": 1, "classes": str(file)}
    train(settings(data, tmp_path / "run", **changes))
    train(settings(data, tmp_path / "run", **changes), resume=True)
    file.write_text("names: [rest, built]")
    with pytest.raises(JetSegError, match=r"other settings of \['classes'\]"):
        train(settings(data, tmp_path / "run", **changes), resume=True)


def test_resuming_nothing_or_something_else_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(JetSegError, match="no run to resume"):
        train(settings(data, tmp_path), resume=True)
    train(settings(data, tmp_path, epochs=1))
    with pytest.raises(JetSegError, match=r"other settings of .*batch_size"):
        train(settings(data, tmp_path, epochs=1, batch_size=2), resume=True)


def test_a_run_can_start_from_a_checkpoint_of_the_same_network_only(
    data: Path, tmp_path: Path
) -> None:
    first = train(settings(data, tmp_path / "a", epochs=1))
    second = load_checkpoint(train(settings(data, tmp_path / "b", epochs=1, init_from=str(first))))
    assert second.provenance["started_from"] == load_checkpoint(first).provenance
    assert str(first) not in str(second.provenance)
    with pytest.raises(JetSegError, match="init_from"):
        train(settings(data, tmp_path / "c", epochs=1, init_from=str(first), combination=3))


def test_a_run_learns_from_a_teacher(data: Path, tmp_path: Path) -> None:
    first = train(settings(data, tmp_path / "first", epochs=1))
    again = {"epochs": 1, "init_from": str(first), "teacher": str(first)}
    best = train(settings(data, tmp_path / "a", **again, distillation=2.0, learning_rate=1e-9))
    provenance = load_checkpoint(best).provenance
    assert provenance["teacher"] == load_checkpoint(first).provenance
    assert str(first) not in str(provenance)
    # It learns from itself: nearly the same answers, but for the batch's own mean and variance.
    (row,) = curve(tmp_path / "a")
    assert float(row["loss"]) == pytest.approx(float(row["ce"]) + float(row["teacher"]), abs=2e-4)
    train(settings(data, tmp_path / "b", **again, distillation=4.0, learning_rate=1e-9))
    (doubled,) = curve(tmp_path / "b")
    assert float(doubled["teacher"]) == pytest.approx(2 * float(row["teacher"]), rel=0.01, abs=2e-4)

    other = tmp_path / "halves.yaml"
    other.write_text("names: [built, rest]")
    changes = {"classes": str(other), "teacher": str(first)}
    with pytest.raises(JetSegError, match=r"teacher: .* knows Sky, .* trains built, rest; give"):
        train(settings(data, tmp_path / "c", **changes))


def test_a_teacher_s_answer_is_the_best(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = JetSeg(ModelConfig(num_classes=len(CAMVID11)))
    images = torch.randn(2, 3, 64, 64)
    save_checkpoint(tmp_path / "teacher.pt", model, CAMVID11, {})
    teacher = Teacher(tmp_path / "teacher.pt", CAMVID11, torch.device("cpu"))
    with torch.no_grad():
        logits = model.eval()(images)
    assert float(teacher.loss(images, logits)) == pytest.approx(0, abs=1e-6)
    assert float(teacher.loss(images, logits + 7)) == pytest.approx(
        0, abs=1e-6
    )  # a softmax's shift
    other = torch.randn_like(logits).requires_grad_()
    expected = torch.distributions.kl_divergence(
        torch.distributions.Categorical(logits=logits.movedim(1, -1)),
        torch.distributions.Categorical(logits=other.detach().movedim(1, -1)),
    ).mean()
    found = teacher.loss(images, other)
    torch.testing.assert_close(found.detach(), expected)
    found.backward()
    assert other.grad is not None and float(other.grad.abs().sum()) > 0


@pytest.mark.parametrize("zero", [False, True])
def test_residual_blocks_begin_as_asked(data: Path, tmp_path: Path, zero: bool) -> None:
    train(settings(data, tmp_path, epochs=1, learning_rate=1e-9, zero_init_residual=zero))
    model = load_checkpoint(tmp_path / "best.pt").build()
    blocks = [block for block in model.modules() if isinstance(block, JetBlock) and block.residual]
    assert len(blocks) == 5
    for block in blocks:
        assert isinstance(block.last_norm, nn.BatchNorm2d)
        scale = block.last_norm.weight.detach()
        torch.testing.assert_close(scale, torch.full_like(scale, float(not zero)))


def test_another_network_on_other_classes_at_another_size(data: Path, tmp_path: Path) -> None:
    classes = tmp_path / "halves.yaml"
    classes.write_text("names: [built, rest]")
    changes: dict[str, object] = {"activation": "tanhexp", "attention": "none"}
    changes |= {"residual_blocks": "0,1,0,0"}
    changes |= {"decoder_channels": 16, "loss": "iou", "classes": str(classes)}
    changes |= {"frame_height": 64, "frame_width": 80, "epochs": 1}
    checkpoint = load_checkpoint(train(settings(data, tmp_path / "run", **changes)))
    assert checkpoint.classes.names == ("built", "rest")
    assert checkpoint.config == ModelConfig(
        num_classes=2,
        activation="tanhexp",
        attention=("none",) * 3,
        decoder="fast",
        encoder="refined",
        decoder_channels=16,
        residual_blocks=(0, 1, 0, 0),
    )
    assert checkpoint.provenance["data"] == "own frames with the classes 'halves', resized to 80x64"
    assert str(tmp_path) not in str(checkpoint.provenance)
    assert {"loss", "iou"} <= set(curve(tmp_path / "run")[0])


def test_a_run_of_before_a_setting_existed_goes_on(
    data: Path, tmp_path: Path, exported_pair: Path
) -> None:
    train(settings(data, tmp_path, epochs=1))
    state = torch.load(tmp_path / "last.pt", weights_only=True)
    del state["config"]["attention"], state["identity"], state["origin"]
    state["config"]["street_scenes"] = 0
    torch.save(state, tmp_path / "last.pt")
    train(settings(data, tmp_path, epochs=1), resume=True)
    with pytest.raises(JetSegError, match=r"other settings of \['attention'\]"):
        train(settings(data, tmp_path, epochs=1, attention="none"), resume=True)
    with pytest.raises(JetSegError, match=r"other settings of \['teacher'\]"):
        train(settings(data, tmp_path, epochs=1, teacher=str(exported_pair)), resume=True)
    state["config"]["street_scenes"] = 16
    torch.save(state, tmp_path / "last.pt")
    with pytest.raises(JetSegError, match="street_scenes: 16 is no longer supported"):
        train(settings(data, tmp_path, epochs=1), resume=True)


def test_batches_depend_on_seed_and_epoch_alone_and_show_every_frame_once() -> None:
    frames = [
        TrainingFrame(
            str(value), np.full((64, 64, 3), value, np.uint8), np.full((64, 64), value, np.uint8)
        )
        for value in range(8)
    ]
    data = TrainingData(CAMVID11, frames, [], "")
    still = Augmentation(crop=(64, 64), scale=(1, 1), brightness=0, color=0)

    def epoch(number: int) -> list[int]:
        batches = epoch_batches(data, still, 4, seed=5, epoch=number)
        return [int(label[0, 0]) for _, labels, _ in batches for label in labels]

    assert sorted(epoch(0)) == list(range(8))
    assert epoch(0) == epoch(0)
    assert epoch(0) != epoch(1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs: 0"),
        ({"ema": 1.0}, "ema: 1.0"),
        ({"class_balance": 1.0}, "class_balance: 1.0"),
        ({"loss": "dice"}, "loss: 'dice' is not one of jet, recall, precision, iou, ce"),
        ({"loss": "jet+iou"}, "loss: 'jet\\+iou' .* none twice"),
        ({"attention": "cbam"}, "attention: 'cbam' is not three of"),
        ({"frame_height": 64}, "frame_height, frame_width: 64, 0"),
        ({"batch_size": 9}, "batch_size: 9, but an epoch has only 6 frames"),
        ({"street_scenes": 2}, "unknown settings of a training run: street_scenes"),
        ({"max_scale": 0.1}, "max_scale: 0.1 is below"),
        ({"preset": "micro"}, "preset: 'micro'"),
    ],
)
def test_wrong_settings_name_the_field(
    data: Path, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(JetSegError, match=message):
        train(settings(data, tmp_path, **changes))


def test_a_mask_of_0_and_255_is_refused_before_training(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "binary"
    shutil.copytree(data, folder)
    for file in (folder / "trainannot").iterdir():
        labels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        cv2.imwrite(str(file), np.where(labels == 3, 255, 0).astype(np.uint8))
    with pytest.raises(
        JetSegError, match=r"of a single class; values found: .* expected ids 0 to 10"
    ):
        train(settings(folder, tmp_path / "out"))


def test_a_run_that_diverges_ends_before_it_keeps_anything(data: Path, tmp_path: Path) -> None:
    with pytest.raises(JetSegError, match=r"not a finite number in epoch 1: .*below 1e\+30"):
        train(settings(data, tmp_path / "run", learning_rate=1e30))
    assert not (tmp_path / "run" / "last.pt").exists()
    assert not (tmp_path / "run" / "best.pt").exists()
