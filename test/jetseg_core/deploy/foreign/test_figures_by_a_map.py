"""An imported network measured in the classes of another set: every figure is that of its labels, mapped by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from jetseg_core.classes import CAMVID11, CITYSCAPES19
from jetseg_core.cli.main import main
from jetseg_core.runtime import RuntimeSettings, create_runtime

OPTIONS = ["--backend", "onnxruntime", "--precision", "fp32", "--size", "96", "128"]
SHIPPED = {
    "road": "Road", "sidewalk": "Sidewalk", "building": "Building", "wall": "Building", "fence": "Fence",
    "pole": "Pole", "traffic light": "SignSymbol", "traffic sign": "SignSymbol", "vegetation": "Tree",
    "terrain": "Tree", "sky": "Sky", "person": "Pedestrian", "rider": "Bicyclist", "car": "Car", "truck": "Car",
    "bus": "Car", "train": "Car", "motorcycle": "Bicyclist", "bicycle": "Bicyclist",
}  # fmt: skip
"""The map that ships, written down once more."""


@dataclass(frozen=True)
class Case:
    """An imported network, a map for it, and what its labels become by that map."""

    model: Path
    option: str
    labels: list[np.ndarray]
    truth: list[np.ndarray]

    def counts(self) -> np.ndarray:
        """(11, 12) pixels by true and predicted class, then unlabelled, one by one."""
        table = np.zeros((11, 12), int)
        for labels, truth in zip(self.labels, self.truth, strict=True):
            for found, true in zip(labels.ravel(), truth.ravel(), strict=True):
                if true < 11:
                    table[true, min(found, 11)] += 1
        return table

    def figures(self) -> dict[str, Any]:
        """mIoU, IoU of each class and pixel accuracy, percent."""
        table = self.counts()
        iou: dict[str, Any] = {}
        for index, name in enumerate(CAMVID11.names):
            right = table[index, index]
            union = table[index].sum() + table[:, index].sum() - right
            iou[name] = 100 * right / union if union else None
        occurring = [
            iou[name] for name, row in zip(CAMVID11.names, table, strict=True) if row.any()
        ]
        return {
            "miou": sum(occurring) / len(occurring),
            "per_class_iou": iou,
            "pixel_accuracy": 100 * np.trace(table[:, :11]) / table.sum(),
        }

    def shares(self) -> dict[str, float]:
        """Share of each class in the labelled pixels."""
        together = np.concatenate([labels.ravel() for labels in self.labels])
        return {
            name: (together == index).sum() / (together < 11).sum()
            for index, name in enumerate(CAMVID11.names)
        }


@pytest.fixture(params=["shipped", "own"])
def case(
    request: pytest.FixtureRequest, write_network: Any, small_data: Path, tmp_path: Path
) -> Case:
    """Tested with the map that ships, and with one whose most frequent class is none of the target's."""
    write_network(tmp_path / "net.onnx", stride=8)
    model = tmp_path / "imported.onnx"
    main(["import", str(tmp_path / "net.onnx"), "--classes", "cityscapes19", "--out", str(model)])
    settings = RuntimeSettings(
        checkpoint=str(model), backend="onnxruntime", precision="fp32", input_size=(96, 128)
    )
    runtime = create_runtime(settings)
    with_its_own = []
    for file in sorted((small_data / "val").iterdir()):
        picture = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
        with_its_own.append(runtime.segment(picture).labels)
    names: dict[str, str | None] = dict(SHIPPED)
    option = "cityscapes19-to-camvid11"
    if request.param == "own":
        most = CITYSCAPES19.names[int(np.bincount(np.concatenate(with_its_own).ravel()).argmax())]
        names[most] = None
        option = str(tmp_path / "own.yaml")
        data = {"from": "cityscapes19", "to": "camvid11", "classes": names}
        Path(option).write_text(json.dumps(data))
    ids = [
        255 if names[n] is None else CAMVID11.names.index(str(names[n])) for n in CITYSCAPES19.names
    ]
    mapped = [np.array(ids, np.uint8)[labels] for labels in with_its_own]
    truth = [
        cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        for file in sorted((small_data / "valannot").iterdir())
    ]
    assert len(np.unique(mapped)) > 3  # or equality would say little
    return Case(model, option, mapped, truth)


def check(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for key in ("miou", "pixel_accuracy", "per_class_iou"):
        assert found[key] == pytest.approx(expected[key]), key


def test_evaluate(case: Case, small_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    command = ["evaluate", "--data", str(small_data), "--checkpoint", str(case.model), *OPTIONS]
    main([*command, "--map", case.option, "--json"])
    found = json.loads(capsys.readouterr().out)
    check(found, case.figures())
    assert found["confusion_matrix"] == case.counts()[:, :11].tolist()
    assert found["class_map"] == Path(case.option).stem and found["frames"] == 6
    main([*command, "--map", case.option])
    assert f"classes mapped by {Path(case.option).stem}" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(command)
    assert "map its classes to the data's with --map" in capsys.readouterr().err


def test_replay_and_compare(case: Case, small_data: Path, tmp_path: Path) -> None:
    ours, theirs, out = tmp_path / "ours", tmp_path / "theirs", tmp_path / "compared"
    drive = str(small_data / "val")
    mapped = [*OPTIONS, "--map", case.option]
    main(["replay", drive, "--out", str(theirs), "--checkpoint", str(case.model), *mapped])
    report = json.loads((theirs / "report.json").read_text())
    check(report, case.figures())
    assert report["occupancy"] == pytest.approx(case.shares())
    assert report["classes"]["names"] == list(CAMVID11.names)
    assert report["model"]["class_map"] == Path(case.option).stem

    # Both ways to compare: the model, replayed on what the other replay was made of, and two replays.
    main(["replay", drive, "--out", str(ours), *OPTIONS])
    own = json.loads((ours / "report.json").read_text())
    assert "class_map" not in own["model"]
    for other, options in ((case.model, mapped), (theirs, [])):
        main(["compare", str(ours), str(other), "--out", str(out), *options])
        compared = json.loads((out / "compare.json").read_text())
        figures, expected = compared["figures"], case.figures()
        assert compared["labelled_frames"] == 6
        assert compared["b"]["model"]["class_map"] == Path(case.option).stem
        for key in ("miou", "pixel_accuracy"):
            assert figures[key]["a"] == pytest.approx(own[key])
            assert figures[key]["b"] == pytest.approx(expected[key])
            assert figures[key]["difference"] == pytest.approx(expected[key] - own[key])
        for name, value in expected["per_class_iou"].items():
            assert figures[f"iou.{name}"]["b"] == pytest.approx(value), name
