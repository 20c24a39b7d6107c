"""Two replays side by side: differences, how sure they are, and gates."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from jetseg_core.cli.main import main
from jetseg_core.errors import JetSegError
from jetseg_core.recording.message_types import read_message
from jetseg_core.recording.recording import Recording
from jetseg_core.replay.compare.comparison import compare, interval, resamples
from jetseg_core.replay.compare.gate import Gate
from jetseg_core.replay.replay_command import replay_with_report
from test.jetseg_core.replay.conftest import (
    CAMERA,
    LABELS,
    SIZE,
    Json,
    WriteDrive,
    picture,
    settings,
    truth,
)


@pytest.fixture(scope="module")
def coarse(
    replayed: tuple[Path, Json], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Json]:
    """The same recording with the uncertain pixels left unlabelled: worse, and it is known where."""
    out = tmp_path_factory.mktemp("coarse") / "out"
    bag = Path(replayed[1]["bag"])
    report = replay_with_report(settings(bag, out, labels=LABELS, min_confidence=0.8))
    return out, report.to_dict()


def label_maps(folder: Path) -> list[np.ndarray]:
    with Recording(folder / "bag") as recording:
        topic = ["/front/segmentation/label"]
        return [read_message(m).data.reshape(SIZE) for m in recording.messages(topic)]


def test_a_replay_against_itself_differs_in_nothing(replayed: tuple[Path, Json]) -> None:
    found = compare(replayed[0], replayed[0]).to_dict()
    assert found["frames"] == found["labelled_frames"] == 9
    for entry in found["figures"].values():
        if entry["a"] is not None:
            assert entry["difference"] == entry["low"] == entry["high"] == 0
    assert found["disagreement"]["overall"] == 0 and found["most_different"] == []


def test_differences_are_those_of_the_reports(
    replayed: tuple[Path, Json], coarse: tuple[Path, Json]
) -> None:
    found = compare(replayed[0], coarse[0]).to_dict()
    a, b, figures = replayed[1], coarse[1], found["figures"]
    assert figures["miou"]["a"] == pytest.approx(a["miou"])
    assert figures["miou"]["b"] == pytest.approx(b["miou"])
    assert figures["miou"]["difference"] == pytest.approx(b["miou"] - a["miou"])
    assert figures["flicker"]["b"] == pytest.approx(100 * b["flicker"]["overall"])
    assert figures["iou.Road"]["a"] == pytest.approx(a["per_class_iou"]["Road"])
    assert figures["latency_p50"]["a"] == pytest.approx(a["latency_ms"]["p50"], abs=0.01)
    # Every pixel that was dropped was right or wrong before: accuracy can only fall, in every draw.
    accuracy = figures["pixel_accuracy"]
    assert accuracy["low"] <= accuracy["difference"] <= accuracy["high"] < 0


def test_where_they_differ_most(replayed: tuple[Path, Json], coarse: tuple[Path, Json]) -> None:
    shares = [
        100 * float((a != b).mean())
        for a, b in zip(label_maps(replayed[0]), label_maps(coarse[0]), strict=True)
    ]
    found = compare(replayed[0], coarse[0]).to_dict()
    assert found["disagreement"]["overall"] == pytest.approx(np.mean(shares))
    most = found["most_different"]
    assert [frame["disagreement"] for frame in most] == pytest.approx(sorted(shares)[:-5:-1])
    assert most[0]["a"]["frame"] == most[0]["b"]["frame"] == int(np.argmax(shares))


def test_the_interval_of_a_mean() -> None:
    """For the mean of numbers the bootstrap's interval is known: 1.96 standard errors to either side."""
    values = np.random.default_rng(1).normal(5.0, 2.0, 400)
    means = np.array([[values[draw].mean(), np.nan] for draw in resamples(400)])
    low, high = interval(means)
    error = 1.96 * values.std() / 20
    assert low[0] == pytest.approx(values.mean() - error, abs=0.03)
    assert high[0] == pytest.approx(values.mean() + error, abs=0.03)
    assert np.isnan(low[1]) and np.isnan(high[1])


@pytest.mark.parametrize(
    ("text", "value", "fails"),
    [
        ("miou<-1.0", -1.5, True),
        ("miou<-1.0", -1.0, False),
        ("miou <= -1", -1.0, True),
        ("miou>.5", 0.6, True),
        ("miou>=+2", 1.9, False),
    ],
)
def test_gates(text: str, value: float, fails: bool) -> None:
    assert Gate.parse(text).fails({"miou": value}) is fails


def test_gates_that_cannot_be_decided() -> None:
    with pytest.raises(JetSegError, match="--fail-if 'miou=1': expected a condition"):
        Gate.parse("miou=1")
    with pytest.raises(JetSegError, match="no figure 'mIoU'; there are miou"):
        Gate.parse("mIoU<0").fails({"miou": 1.0})
    with pytest.raises(JetSegError, match="not known for both"):
        Gate.parse("miou<0").fails({"miou": None})


def test_the_command_s_exit_status(
    replayed: tuple[Path, Json],
    coarse: tuple[Path, Json],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sides = [str(replayed[0]), str(coarse[0] / "report.json"), "--out", str(tmp_path / "out")]
    main(["compare", *sides, "--fail-if", "pixel_accuracy>0", "--json"])
    assert json.loads(capsys.readouterr().out)["failed"] is False
    with pytest.raises(SystemExit) as ended:
        main(["compare", *sides, "--fail-if", "miou>99", "--fail-if", "pixel_accuracy<0"])
    assert ended.value.code == 1
    printed = capsys.readouterr().out
    assert "passed: fail if miou>99" in printed and "FAILED: fail if pixel_accuracy<0" in printed
    assert (tmp_path / "out" / "compare.html").is_file()
    for wrong in ("pixel_accuracy!0", "speed<0"):
        with pytest.raises(SystemExit) as ended:
            main(["compare", *sides, "--fail-if", wrong])
        assert ended.value.code == 2


def test_a_model_is_replayed_on_the_other_s_recording(
    replayed: tuple[Path, Json], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = ["--size", str(SIZE[0]), str(SIZE[1])]
    out = ["--out", str(tmp_path), "--json"]
    main(["compare", str(replayed[0]), "nano_road11", "--precision", "fp32", *size, *out])
    found = json.loads(capsys.readouterr().out)
    assert found["b"]["precision"] == "fp32" and found["labelled_frames"] == 9
    assert (tmp_path / "b" / "report.html").is_file()
    with pytest.raises(SystemExit):
        main(["compare", "nano_road11", "nano_road11", *out])
    assert "name the recording to replay it on with --bag" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["compare", str(replayed[0]), str(tmp_path / "nothing"), *out])
    assert "not the folder of a replay, and no checkpoint" in capsys.readouterr().err


def test_replays_of_different_drives(
    replayed: tuple[Path, Json], write_drive: WriteDrive, tmp_path: Path
) -> None:
    bag = write_drive({"/rear/image_raw": picture})
    replay_with_report(settings(bag, tmp_path / "rear"))
    with pytest.raises(JetSegError, match="share no frame"):
        compare(replayed[0], tmp_path / "rear")
    with pytest.raises(JetSegError, match="not the report of a replay"):
        compare(replayed[0], tmp_path)


def test_without_ground_truth_there_is_still_flicker(
    replayed: tuple[Path, Json], write_drive: WriteDrive, tmp_path: Path
) -> None:
    bag = write_drive({CAMERA: picture, LABELS: truth})
    replay_with_report(settings(bag, tmp_path / "out", topics=(CAMERA,)))
    found = compare(replayed[0], tmp_path / "out").to_dict()
    assert found["labelled_frames"] == 0
    assert found["figures"]["miou"]["difference"] is None
    assert found["figures"]["flicker"]["difference"] == 0
