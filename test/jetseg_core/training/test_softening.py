"""Soft labels of a model: its classes with its confidence, at a fraction of the frame's size."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from jetseg_core.cli.main import main
from jetseg_core.data.soft_labels import read_soft
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_core.training.softening import soften


def test_soft_labels_are_the_model_s_own(
    street: tuple[np.ndarray, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image, _ = street
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a_1.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    main(["soften", str(tmp_path / "images"), "--out", str(tmp_path / "soft"), "--width", "120"])
    assert "1 soft labels in" in capsys.readouterr().out
    soft = read_soft(tmp_path / "soft" / "a_1.png", 11)
    assert soft.shape == (12, 90, 120)
    assert np.abs(soft.sum(0, dtype=int) - 31).max() <= 6  # rounded, twelve times

    runtime = create_runtime(RuntimeSettings())
    labels = runtime.segment(image).labels
    small = cv2.resize(labels, (120, 90), interpolation=cv2.INTER_NEAREST_EXACT)
    likeliest = soft[:-1].argmax(0)
    assert (likeliest == small).mean() > 0.9
    mirrored = soften(runtime, np.ascontiguousarray(image[:, ::-1]), 120)
    np.testing.assert_allclose(mirrored[..., ::-1], soften(runtime, image, 120), atol=1e-6)


def test_a_width_of_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["soften", str(tmp_path), "--out", str(tmp_path / "soft"), "--width", "0"])
    assert ended.value.code == 2
    assert "--width: 0 must be 1 or more" in capsys.readouterr().err
