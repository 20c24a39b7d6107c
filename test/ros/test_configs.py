"""The files in config/: each fits the node as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
import yaml

if TYPE_CHECKING:
    from test.ros.conftest import Rig

CONFIG = Path(__file__).parents[2] / "config"
PARAMETER_FILES = sorted(CONFIG.glob("*.yaml"))


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        found |= flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return found


def test_there_is_one_per_machine() -> None:
    names = {file.stem for file in PARAMETER_FILES}
    assert {"cpu", "jetson_agx", "jetson_nano", "workstation"} <= names


@pytest.mark.parametrize("file", PARAMETER_FILES, ids=lambda file: file.stem)
def test_parameter_file(rig: Rig, file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content = yaml.safe_load(file.read_text())
    assert list(content) == ["/**"]  # any name, any namespace
    values = flat(content["/**"]["ros__parameters"])
    node = rig.node(**{name.replace(".", "__"): value for name, value in values.items()})
    for name, value in values.items():
        assert node.has_parameter(name), f"{name}: no such parameter of the node"
        actual = node.get_parameter(name).value
        assert (list(actual) if isinstance(value, list) else actual) == value
    assert node.autostart()
    log = capfd.readouterr().err
    assert "[WARN]" not in log and "[ERROR]" not in log


def test_rviz_shows_input_overlay_and_color() -> None:
    content = yaml.safe_load((CONFIG / "jetseg.rviz").read_text())
    displays = content["Visualization Manager"]["Displays"]
    assert [display["Topic"]["Value"] for display in displays] == [
        "image",
        "segmentation/overlay",
        "segmentation/color",
    ]
    assert all(display["Class"] == "rviz_default_plugins/Image" for display in displays)


def test_the_middleware_profile_has_room_for_images() -> None:
    tree = ElementTree.parse(CONFIG / "fastdds.xml")
    sizes = [int(item.text or 0) for item in tree.iter() if item.tag.endswith("segment_size")]
    assert sizes and min(sizes) >= 4 * 1920 * 1080 * 3
