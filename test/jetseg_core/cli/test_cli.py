"""The `jetseg` command, as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from jetseg_core.classes.coloring import blend_colors, color_labels
from jetseg_core.cli.main import COMMANDS, main
from jetseg_core.output_places import mark_picture
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_core.sources import open_source
from jetseg_core.training.train_config import TrainConfig


def test_info_prints_the_names_that_others_rely_on(capsys: pytest.CaptureFixture[str]) -> None:
    main(
        [
            "info",
            "--preset",
            "nano",
            "--combination",
            "0",
            "--size",
            "512",
            "512",
            "--classes",
            "32",
            "--json",
        ]
    )
    printed = json.loads(capsys.readouterr().out)
    assert {"parameters", "macs", "eq2_flops", "flops"} <= set(printed)
    assert printed["parameters"] == 34_777
    assert printed["eq2_flops"] == 1_135_823_748
    terms = printed["eq2_terms"]
    assert set(terms) == {"conv", "pool", "fc", "act", "bn"}
    assert sum(terms.values()) == printed["eq2_flops"]
    for name in ("parameters", "macs", "eq2_flops"):
        assert sum(stage[name] for stage in printed["stages"]) == printed[name]
    assert printed["activation_memory"]["peak_bytes"] > 512 * 512 * 3 * 4
    assert printed["receptive_field"] == 595
    main(["info", "--checkpoint", "nano_camvid11", "--json"])
    shipped = json.loads(capsys.readouterr().out)
    assert "Bicyclist" in shipped["classes"]
    main(["info", "--json"])
    by_default = json.loads(capsys.readouterr().out)
    assert by_default["config"] == shipped["config"]
    assert by_default["parameters"] == shipped["parameters"]


def test_info_counts_any_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    classes = tmp_path / "yard.yaml"
    classes.write_text("names: [grass, shed]")
    options = ["--activation", "tanhexp", "--attention", "none", "--decoder-channels", "32"]
    options += ["--residual-blocks", "2,3,2,1", "--encoder", "refined", "--classes", str(classes)]
    main(["info", *options])
    table = capsys.readouterr().out
    assert (
        "2 classes, tanhexp, attention none, none, none, refined encoder, paper decoder 32 wide"
        in table
    )
    assert '"grass", "shed"' in table
    for stage in ("S0", "S1", "S2, stride 8", "S2, stride 16", "S3", "decoder"):
        assert f"\n  {stage} " in table
    main(["info", *options, "--json"])
    assert json.loads(capsys.readouterr().out)["config"]["residual_blocks"] == [2, 3, 2, 1]


def test_info_puts_the_paper_s_row_beside_ours(capsys: pytest.CaptureFixture[str]) -> None:
    main(["info", "--paper"])
    table = capsys.readouterr().out
    assert "512x512      0.00003       1.125   158 on Titan RTX, 39.9 on Jetson AGX Xavier" in table
    main(["info", "--paper", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert printed["paper"]["eq2_flops"] == pytest.approx(printed["ours"]["eq2_flops"], rel=0.05)
    assert printed["ours"]["config"]["num_classes"] == 32


def test_evaluate_on_real_frames(camvid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["evaluate", "--data", str(camvid), "--split", "val", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert printed["frames"] == 101
    assert printed["miou"] >= 45
    assert len(printed["per_class_iou"]) == 11
    assert printed["pixel_accuracy"] > 80
    assert printed["backend"] in ("openvino", "torch")


def test_predict_writes_the_labels_that_the_runtime_gives(tmp_path: Path) -> None:
    source = "generator:frames=2,size=320x240,seed=4"
    main(["predict", source, "--out", str(tmp_path), "--alpha", "0.3"])
    runtime = create_runtime(RuntimeSettings())
    for frame in open_source(source):
        labels = runtime.segment(frame.image).labels
        written = cv2.imread(str(tmp_path / f"{frame.name}_label.png"), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(written, labels)
        overlay = cv2.imread(str(tmp_path / f"{frame.name}_overlay.png"))[..., ::-1]
        colors = color_labels(labels, runtime.description.classes)
        np.testing.assert_array_equal(overlay, blend_colors(frame.image, colors, labels, 0.3))


def test_predict_goes_on_after_unreadable_frames(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two images of one name, one of 1x1 pixels, a damaged one, and results of an earlier run."""
    pictures, out = tmp_path / "pictures", tmp_path / "out"
    pictures.mkdir()
    for name in ("a.png", "a.jpg", "b.png", "b_label.png", "c.png", "._c.png"):
        cv2.imwrite(str(pictures / name), np.zeros((1, 1, 3), np.uint8))
    written = pictures / "b_label.png"
    written.write_bytes(mark_picture(written.read_bytes()))
    (pictures / "c.png").write_bytes(b"damaged")
    main(["predict", str(pictures), "--out", str(out)])
    names = [
        f"{name}_{kind}.png" for name in ("a.jpg", "a.png", "b") for kind in ("label", "overlay")
    ]
    assert sorted(file.name for file in out.iterdir()) == names
    said = capsys.readouterr().err
    assert "1 images, such as b_label.png" in said and "c.png: not an image" in said
    assert "1 frames could not be read" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["info", "--preset", "micro"], "preset: 'micro' is not one of"),
        (["info", "--size", "10", "10"], "input size: 10x10"),
        (["info", "--classes", "0"], "classes: 0 is not one of 1 to 255"),
        (["info", "--combination", "7"], "combination: 7 is not one of 0 to 6"),
        (["info", "--attention", "cbam"], "attention: 'cbam' is not three of"),
        (["evaluate", "--data", "nowhere"], "no folder 'nowhere'"),
        (["evaluate", "--data", ""], "name its folder with --data"),
        (["predict", "nowhere", "--out", "x"], "nowhere"),
        (["predict", "generator", "--out", "x", "--backend", "tpu"], "backend: 'tpu'"),
        (["predict", "generator", "--out", "x", "--alpha", "2"], "--alpha: 2.0"),
        (["export", "--checkpoint", "nowhere.pt"], "no checkpoint 'nowhere.pt'"),
        (["export", "--checkpoint", "x.pt", "--precision", "int3"], "precision: 'int3' is not"),
        (["bench", "--frames", "0", "--no-start-up"], "frames: 0"),
        (["bench", "--size", "64"], "size: [64] are not pairs"),
        (["bench", "--backend", "tpu"], "backend: 'tpu' is not one of"),
        (
            ["bench", "--backend", "openvino", "--against", "nowhere.onnx"],
            "against: 'nowhere.onnx'",
        ),
        (["train", "--data", "nowhere", "--out", "x"], "no folder 'nowhere'"),
    ],
)
def test_errors_are_one_line_and_status_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    printed = capsys.readouterr().err.strip().splitlines()
    assert printed[-1].startswith("jetseg: error: ")
    assert message in printed[-1]


def test_training_settings_come_from_a_file_and_the_command_line_overrides_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[TrainConfig] = []
    monkeypatch.setattr(
        "jetseg_core.training.fit.train", lambda config, resume: trained.append(config)
    )
    file = tmp_path / "recipe.yaml"
    file.write_text("epochs: 7\nlearning_rate: 1\nloss: ce\nzero_init_residual: true\n")
    command = ["train", "--data", "d", "--out", "o", "--config", str(file)]
    main([*command, "--epochs", "3"])
    main([*command, "--no-zero-init-residual"])
    assert trained == [
        TrainConfig("d", "o", epochs=3, learning_rate=1, loss="ce", zero_init_residual=True),
        TrainConfig("d", "o", epochs=7, learning_rate=1, loss="ce"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch: 3", "holds ['epoch']; expected a mapping of some of data, out"),
        ("- epochs", "holds ['epochs']; expected a mapping"),
        ("epochs: many", "epochs in"),
        ("epochs: true", "epochs in"),
        ("zero_init_residual: 1", "zero_init_residual in"),
        ("epochs: [", "cannot be read as YAML"),
    ],
)
def test_a_wrong_file_of_training_settings_is_refused(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(text)
    with pytest.raises(SystemExit):
        main(["train", "--data", "d", "--out", "o", "--config", str(file)])
    assert message in capsys.readouterr().err


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        name = command.__name__.rpartition(".")[2].removesuffix("_foreign").replace("_", "-")
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0
        assert name in capsys.readouterr().out
