"""report.json: its keys and values, and the check of those that are read."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from jetseg_core.errors import JetSegError
from jetseg_core.replay.report.replay_report import load_report, save_report
from jetseg_core.replay.report.report_maker import make_report
from test.jetseg_core.replay.conftest import Json

KNOWN: dict[str, Json] = json.loads(Path(__file__).with_name("known_reports.json").read_text())
"""Records and frame logs, with the reports that the first version of the program made of them."""


def differences(found: Any, expected: Any, place: str = "report") -> list[str]:
    """Places at which two JSON values differ, in type, keys or value."""
    if type(found) is not type(expected):
        return [f"{place}: {found!r}, expected {expected!r}"]
    if isinstance(found, dict):
        odd = [f"{place}.{key}: missing or new" for key in found.keys() ^ expected.keys()]
        both = found.keys() & expected.keys()
        return odd + [d for k in both for d in differences(found[k], expected[k], f"{place}.{k}")]
    if isinstance(found, list) and len(found) == len(expected):
        pairs = enumerate(zip(found, expected, strict=True))
        return [d for i, (a, b) in pairs for d in differences(a, b, f"{place}[{i}]")]
    return [] if found == expected else [f"{place}: {found!r}, expected {expected!r}"]


def write_log(folder: Path, known: Json) -> None:
    (folder / "run.json").write_text(json.dumps(known["run"]))
    (folder / "frames.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in known["rows"]))


@pytest.mark.parametrize("name", KNOWN)
def test_keys_and_values_stay(tmp_path: Path, name: str) -> None:
    write_log(tmp_path, KNOWN[name])
    report = make_report(tmp_path)
    save_report(tmp_path, report)
    written = json.loads((tmp_path / "report.json").read_text())
    assert differences(written, KNOWN[name]["report"]) == []
    assert load_report(tmp_path) == report


@pytest.mark.parametrize("name", KNOWN)
def test_earlier_reports_are_read(tmp_path: Path, name: str) -> None:
    earlier = deepcopy(KNOWN[name]["report"])
    (tmp_path / "report.json").write_text(json.dumps(earlier))
    assert differences(load_report(tmp_path).to_dict(), earlier) == []
    del earlier["machine"]["frames_at_once"], earlier["flicker"]  # an older one yet
    (tmp_path / "report.json").write_text(json.dumps(earlier))
    report = load_report(tmp_path)
    assert report.machine.frames_at_once == 1 and report.figures.get("flicker") is None


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (["frames"], "many", "frames: 'many'; expected a number"),
        (["frames"], True, "frames: True; expected a number"),
        (["complete"], 1, "complete: 1; expected true or false"),
        (["latency_ms", "p50"], None, "latency_ms.p50: None; expected a number"),
        (["cameras", 0, "gaps"], [], r"cameras\[0\].gaps: \[\]; expected an object"),
        (["timeline"], {}, "timeline: {}; expected a list"),
        (["flicker", "overall"], "much", "flicker.overall: 'much'; expected a number"),
        (["timeline", 0, "miou"], "high", r"timeline\[0\].miou: 'high'; expected a number"),
        (["classes", "palette"], [[0, 0, 0]], "1 colors for 3 classes"),
    ],
)
def test_a_damaged_report_is_refused(
    tmp_path: Path, place: list[str | int], value: Any, reason: str
) -> None:
    report = deepcopy(KNOWN["labels"]["report"])
    *path, last = place
    inner = report
    for key in path:
        inner = inner[key]
    inner[last] = value
    (tmp_path / "report.json").write_text(json.dumps(report))
    with pytest.raises(JetSegError, match=f"not the report of a replay .*{reason}"):
        load_report(tmp_path)


@pytest.mark.parametrize("text", [None, "no report", "{}", "[]", '{"frames": 1}'])
def test_another_file_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "report.json").write_text(text)
    with pytest.raises(JetSegError, match=r"not the report of a replay .*make one: jetseg replay"):
        load_report(tmp_path)


def test_a_damaged_record_is_refused(tmp_path: Path) -> None:
    known = deepcopy(KNOWN["labels"])
    del known["run"]["model"]["sha256"]
    write_log(tmp_path, known)
    with pytest.raises(JetSegError, match=r"run.json: .*model.sha256 is missing"):
        make_report(tmp_path)
