"""Cross-validation by recording, on a handful of generated frames."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from jetseg_core.cli.main import main
from jetseg_core.errors import JetSegError
from jetseg_core.training import cross_validation
from jetseg_core.training.cross_validation import cross_validate, fold_mean
from jetseg_core.training.train_config import TrainConfig

SHORT = [
    "--epochs",
    "1",
    "--batch-size",
    "2",
    "--crop-height",
    "64",
    "--crop-width",
    "64",
    "--offset-pixels",
    "0",
]


@pytest.fixture(scope="module")
def drives(small_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven labelled frames of the drives a and b, in train and in val."""
    root = tmp_path_factory.mktemp("drives")
    for split, names in {
        "train": ["a_0", "a_1", "b_0", "b_1"],
        "val": ["a_2", "b_2", "b_3"],
    }.items():
        for folder in (split, f"{split}annot"):
            (root / folder).mkdir()
            for index, name in enumerate(names):
                shutil.copyfile(small_data / folder / f"{index}.png", root / folder / f"{name}.png")
    return root


def test_each_recording_is_held_out_in_turn_and_done_folds_are_not_repeated(
    drives: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = ["cross-validate", "--data", str(drives), "--out", str(tmp_path), *SHORT]
    main([*command, "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert [(fold["held_out"], fold["frames"]) for fold in printed["folds"]] == [("a", 3), ("b", 4)]
    mious = [fold["miou"] for fold in printed["folds"]]
    assert printed["fold_mean"] == pytest.approx(sum(mious) / 2)
    assert printed["source_mean"] is None
    assert json.loads((tmp_path / "folds.json").read_text()) == printed

    monkeypatch.setattr(cross_validation, "train", None)  # A fold that is done needs no training.
    main(command)
    table = capsys.readouterr().out
    assert "| held out | a | b | mean |" in table
    assert (
        f"| **mIoU, %** | {mious[0]:.1f} | {mious[1]:.1f} | {printed['fold_mean']:.1f} |" in table
    )
    with pytest.raises(SystemExit):
        main([*command, "--learning-rate", "0.1"])
    assert "is of a run with other settings" in capsys.readouterr().err


def test_one_recording_is_not_enough(small_data: Path, tmp_path: Path) -> None:
    config = TrainConfig(str(small_data), str(tmp_path), batch_size=2)
    with pytest.raises(JetSegError, match=r"recordings: a; cross-validation needs two or more"):
        cross_validate(config, ["a"])


def test_the_mean_is_of_the_folds() -> None:
    folds = [
        cross_validation.Fold(name, 1, miou, 50.0, {"Road": miou, "Sky": None}, {"far": 2 * miou})
        for name, miou in (("a", 20.0), ("b", 40.0))
    ]
    assert fold_mean(folds) == 30
    assert cross_validation.source_mean(folds) == 60
    table = cross_validation.folds_table(folds)
    assert "| Sky | - | - |  |" in table
    assert "| **source mean, %** | 40.0 | 80.0 | 60.0 |" in table
