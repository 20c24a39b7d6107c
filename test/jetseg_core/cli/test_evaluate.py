"""``jetseg evaluate``: figures by recording, soft labels as truth, and the worth of the confidence."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from jetseg_core.cli.main import main
from jetseg_core.data.soft_labels import write_soft
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_core.street import StreetScene


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames of the recordings one and two; the first is labelled by the shipped model itself, the second is not."""
    root = tmp_path_factory.mktemp("roads")
    (root / "images").mkdir()
    (root / "soft").mkdir()
    runtime = create_runtime(RuntimeSettings())
    for name in ("one_0", "one_1", "two_0", "unlabelled_0"):
        image, _ = StreetScene(seed=5, size=(360, 480)).render(ord(name[0]) % 7 + int(name[-1]))
        cv2.imwrite(str(root / "images" / f"{name}.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        labels = runtime.segment(image).labels
        if name.startswith("two"):
            labels = (labels + 1) % 11
        if not name.startswith("unlabelled"):
            planes = np.stack([labels == k for k in range(12)]).astype(float)
            write_soft(root / "soft" / f"{name}.png", planes)
    return root


def test_certain_soft_labels_are_the_truth_by_recording(
    roads: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["evaluate", "--data", str(roads), "--soft", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert printed["frames"] == 3
    assert list(printed["recordings"]) == ["one", "two"]
    assert printed["recordings"]["one"]["pixel_accuracy"] == 100
    assert printed["recordings"]["two"]["pixel_accuracy"] == 0
    assert printed["recordings_pixel_accuracy"] == 50
    assert 0 < printed["ece"] < 100
    assert printed["kept"][0]["kept"] == 100
    main(["evaluate", "--data", str(roads), "--soft", "--only", "one,two"])
    text = capsys.readouterr().out
    assert "mean of the pixel accuracies 50.00 %" in text
    assert "expected calibration error" in text
    assert "confidence  pixels kept  of these right" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--soft", "--only", "three"], "no frame with soft labels whose name begins with three"),
        (["--only", "one"], "give --soft with it"),
        (["--soft", "--data", "."], "no folders images/ and soft/"),
    ],
)
def test_missing_paths_are_named(
    roads: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", "--data", str(roads), *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
