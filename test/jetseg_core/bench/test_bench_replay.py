"""A long replay: what it takes of memory, and how near it comes to the rate of the model.

JETSEG_SOAK_FRAMES=10000 makes a real endurance test of it; -s shows its figures.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jetseg_core.bench import replay_bench
from jetseg_core.bench.replay_bench import format_measurement, measure_replay
from jetseg_core.cli.main import main
from jetseg_core.runtime import RuntimeSettings


@pytest.mark.slow
def test_memory_stays_small_however_long_the_recording(
    soak_frames: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A turn of the model takes as long as 20 frames; memory needs none of them.
    monkeypatch.setattr(replay_bench, "TURNS", min(replay_bench.TURNS, soak_frames // 20))
    found = measure_replay(soak_frames, (360, 480), RuntimeSettings(), str(tmp_path))
    print(format_measurement(found))
    memory = found["memory_mb"]
    assert 50 < memory["warm"] <= memory["peak"] < 600
    assert memory["end"] < memory["warm"] + 60
    assert found["share"] > 0 and list(tmp_path.iterdir()) == []


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    command = ["bench-replay", "--frames", "3", "--image", "128x96", "--size", "96", "128"]
    main([*command, "--folder", str(tmp_path), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["frames"] == 3 and found["image"] == "128x96"
    assert found["replay_hz"] / found["model_hz"] == pytest.approx(found["share"])
    for wrong, said in (
        (["--image", "wide"], "--image: 'wide' is not a size"),
        (["--frames", "0"], "--frames: 0 must be 1 or more"),
        (["--frames", "1000000000"], "name another folder with --folder"),
    ):
        with pytest.raises(SystemExit):
            main([*command, "--folder", str(tmp_path), *wrong])
        assert said in capsys.readouterr().err
