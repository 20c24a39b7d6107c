"""Ablation, on a handful of generated frames."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from jetseg_core.cli.main import main
from jetseg_core.errors import JetSegError
from jetseg_core.network.model_config import ModelConfig
from jetseg_core.training import ablation
from jetseg_core.training.ablation import ablate, changes, markdown, variants
from jetseg_core.training.train_config import ABLATION_GROUPS, TrainConfig


def base(data: Path, out: Path) -> TrainConfig:
    return TrainConfig(
        str(data), str(out), epochs=1, batch_size=3,
        frame_height=64, frame_width=64, crop_height=64, crop_width=64,
        offset_pixels=0,
    )  # fmt: skip


def test_the_groups_compare_what_they_say() -> None:
    trained = {
        group: [
            TrainConfig("", "").updated(**settings) for settings in variants(group, "agx").values()
        ]
        for group in ABLATION_GROUPS
    }
    assert [config.model.combination for config in trained["combination"]] == list(range(7))
    assert {config.loss for config in trained["loss"]} == {"jet+ce", "jet", "ce", "ohem"}
    assert {config.model.activation for config in trained["activation"]} == {
        "reu",
        "tanhexp",
        "hardswish",
    }
    attention = [config.model.attention for config in trained["attention"]]
    assert attention == [ModelConfig().attention, ("none",) * 3]
    assert [(c.model.decoder, c.model.decoder_channels) for c in trained["decoder"]] == [
        ("fast", 0), ("fast", 48), ("fast", 144), ("paper", 0),
    ]  # fmt: skip
    assert {config.model.encoder for config in trained["encoder"]} == {"refined", "paper"}
    # In every group one is the base, and the others differ from it in one thing.
    for group in ABLATION_GROUPS:
        every = variants(group, "agx").values()
        counts = [len(changes(TrainConfig("", ""), settings)) for settings in every]
        assert sorted(counts) == [0] + [1] * (len(counts) - 1)


def test_finished_runs_are_not_repeated(
    small_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    really_train = ablation.train

    def train(config: TrainConfig, resume: bool = False) -> Path:
        runs.append((Path(config.out).name, resume))
        if len(runs) == 2:
            raise KeyboardInterrupt
        return really_train(config, resume)

    monkeypatch.setattr(ablation, "train", train)
    with pytest.raises(KeyboardInterrupt):
        ablate(base(small_data, tmp_path), ["encoder"], seeds=2)
    rows = ablate(base(small_data, tmp_path), ["encoder", "attention"], seeds=2)
    names = [name for name, _ in runs]
    # Stopped in the second run; it is started again, the first is not, and the base is shared by both groups.
    assert names[:2] == ["base,seed=0", "base,seed=1"]
    assert names[2:] == ["base,seed=1"] + [
        f"{name},seed={seed}" for name in ("encoder=paper", "attention=none") for seed in (0, 1)
    ]
    assert [(row.group, row.variant) for row in rows] == [
        ("encoder", "refined"), ("encoder", "the paper's"), ("attention", "on"), ("attention", "off"),
    ]  # fmt: skip
    assert rows[0].val_miou == rows[2].val_miou
    assert rows[3].parameters < rows[2].parameters
    assert all(len(row.val_miou) == 2 for row in rows)
    assert rows == ablate(base(small_data, tmp_path), ["encoder", "attention"], seeds=2)
    assert len(runs) == len(names)
    with pytest.raises(JetSegError, match="of a run with other settings"):
        ablate(replace(base(small_data, tmp_path), epochs=2), ["encoder"])


def test_a_stopped_run_goes_on_from_its_last_epoch(
    small_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = base(small_data, tmp_path)
    (whole,) = ablate(replace(config, epochs=2), ["attention"])[:1]
    folder = tmp_path / "base,seed=0"
    # As if it had been stopped between its last epoch and its result.
    (folder / "result.json").unlink()
    resumed = []
    really_train = ablation.train

    def train(config: TrainConfig, resume: bool = False) -> Path:
        resumed.append(resume)
        return really_train(config, resume)

    monkeypatch.setattr(ablation, "train", train)
    (again,) = ablate(replace(config, epochs=2), ["attention"])[:1]
    assert resumed == [True]
    assert again.val_miou == whole.val_miou


def test_the_command_leaves_a_table_with_its_command(
    small_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["ablate", "--data", str(small_data), "--out", str(tmp_path), "--groups", "attention"]
    command += ["--epochs", "1", "--batch-size", "3", "--size", "64", "64"]
    (tmp_path / "base.yaml").write_text("encoder: paper")
    command += ["--config", str(tmp_path / "base.yaml")]
    main([*command, "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "ablation.json").read_text())
    assert printed["command"].startswith(
        "jetseg ablate --data CAMVID --out OUT --config base.yaml --groups attention"
    )
    assert "--epochs 1 --batch-size 3 --size 64 64 --seeds 1" in printed["command"]
    assert [row["variant"] for row in printed["rows"]] == ["on", "off"]
    main(command)
    table = capsys.readouterr().out
    assert table.strip() == (tmp_path / "ablation.md").read_text().strip()
    assert "| attention | on | 33,892 |" in table


def test_several_seeds_are_a_mean_and_a_range() -> None:
    row = ablation.AblationRow(
        "loss", "JetLoss", 33_412, 160_000_000, (40.0, 43.0), (80.0, 82.5), 71.2
    )
    assert "| 160 | 41.5 (40.0 to 43.0) | 81.2 (80.0 to 82.5) | 71 |" in markdown([row])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--groups", "depth"],
            "groups: ['depth']; choose from combination, loss, activation, attention, "
            "encoder, decoder",
        ),
        (["--seeds", "0"], "seeds: 0"),
        (["--size", "32", "64"], "input size: 32x64"),
        (["--preset", "micro"], "preset: 'micro' is not one of"),
    ],
)
def test_wrong_settings_name_the_field(
    arguments: list[str],
    message: str,
    small_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "ablate",
                "--data",
                str(small_data),
                "--out",
                str(tmp_path),
                "--batch-size",
                "3",
                *arguments,
            ]
        )
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
