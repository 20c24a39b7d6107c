"""Recordings as tasks of a real Ray cluster on this machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from jetseg_core.cli.main import main
from jetseg_core.sources import Frame
from test.jetseg_core.replay.conftest import SIZE, log_rows, write_fleet

OPTIONS = ["--size", str(SIZE[0]), str(SIZE[1]), "--ray", "local"]


def replay(*arguments: Any) -> int:
    """The exit status of the command."""
    try:
        main(["replay", *OPTIONS, *map(str, arguments)])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.mark.slow
def test_a_cluster_gives_the_results_of_processes(
    street_frames: list[Frame], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ray", reason="the package ray is not installed (pip install ray)")
    drives, on_ray, here = (
        write_fleet(tmp_path / "drives", street_frames),
        tmp_path / "ray",
        tmp_path / "here",
    )
    assert replay(drives, "--out", on_ray) == 1
    assert "jetseg: broken: " in capfd.readouterr().err
    with pytest.raises(SystemExit):
        main(["replay", str(drives), "--out", str(here), *OPTIONS[:3]])
    a, b = (json.loads((out / "report.json").read_text()) for out in (on_ray, here))
    for figure in ("recordings", "frames", "occupancy", "flicker", "confidence"):
        assert a[figure] == b[figure]
    for name in ("long", "tuesday/short"):
        rows = [[row.pixel_counts for row in log_rows(out / name)] for out in (on_ray, here)]
        assert rows[0] == rows[1]


def test_without_ray_the_remedy_is_printed(
    street_frames: list[Frame],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    drives = write_fleet(tmp_path / "drives", street_frames[:1])
    assert replay(drives, "--out", tmp_path / "out") == 2
    assert "pip install 'jetseg[ray]'" in capsys.readouterr().err


@pytest.mark.slow
def test_no_cluster_at_the_address_is_reported(
    street_frames: list[Frame], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ray", reason="the package ray is not installed (pip install ray)")
    drives = write_fleet(tmp_path / "drives", street_frames[:1])
    assert replay(drives, "--out", tmp_path / "out", "--ray", "auto") == 2
    assert "--ray auto: no Ray cluster there" in capsys.readouterr().err
