"""Command lines of the nodes and commands: help, version, and mistakes as one line with status 2."""

from __future__ import annotations

import importlib
import re
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import rclpy
import yaml
from rclpy.context import Context
from rclpy.node import Node

import jetseg_core
from jetseg_core.errors import JetSegError
from jetseg_ros.camera.camera_node import main as camera_main
from jetseg_ros.node.command_line import check_file
from jetseg_ros.node.segmentation_node import main

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig, Start

ROOT = Path(__file__).parents[3]
SCRIPTS = re.findall(r'"jetseg[\w-]* = ([\w.]+):main"', (ROOT / "setup.py").read_text())
EXECUTABLES = re.findall(r"^  \w+=([\w.]+)$", (ROOT / "CMakeLists.txt").read_text(), re.M)


def refused(capfd: pytest.CaptureFixture[str], *words: str, node: str = "jetseg") -> str:
    """Run the node; it has to end with status 2 and one line, which is returned."""
    capfd.readouterr()
    status = (camera_main if node == "camera" else main)(list(words))
    printed = capfd.readouterr()
    assert status == 2
    # rcl warns of nodes of the same name, those of earlier tests in this process.
    lines = [x for x in (printed.err + printed.out).splitlines() if "logging_rosout" not in x]
    assert len(lines) == 1 and lines[0].startswith("error: "), lines
    return lines[0]


@pytest.mark.parametrize("option", ["--help", "--version"])
@pytest.mark.parametrize("module", sorted({*SCRIPTS, *EXECUTABLES}))
def test_help_and_version_print_and_end(
    module: str,
    option: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert len(SCRIPTS) >= 8 and len(EXECUTABLES) >= 7

    def init(**_: object) -> None:
        raise AssertionError("ROS was started")

    monkeypatch.setattr(rclpy, "init", init)
    monkeypatch.setattr(sys, "argv", ["command", option])
    with pytest.raises(SystemExit) as end:
        importlib.import_module(module).main()
    assert end.value.code == 0
    printed = capsys.readouterr().out
    assert jetseg_core.__version__ in printed if option == "--version" else "usage:" in printed


def test_one_version_everywhere() -> None:
    version = jetseg_core.__version__
    assert f'version="{version}"' in (ROOT / "setup.py").read_text()
    assert f"<version>{version}</version>" in (ROOT / "package.xml").read_text()


def test_help_lists_the_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["-h"])
    assert "  output.overlay_alpha: 0.5\n      Share of the class color" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-r", "__ns:=//x"], "remap rule: '-r __ns:=//x'; expected FROM:=TO"),
        (["-r", "__ns:=/1x"], "'-r __ns:=/1x'; expected FROM:=TO"),
        (["-r", "__node:=my-node"], "'-r __node:=my-node'; expected FROM:=TO"),
        (["-r", "image"], "'-r image'; expected FROM:=TO"),
        (["-p", "threads"], "expected NAME:=VALUE"),
        (["-p", "regions:=[1, a]"], "Value type 'string' do not belong"),
        (["-p"], "expected -p NAME:=VALUE"),
        (["--log-level", "loud"], "'--log-level loud'"),
        (["--parameter", "x"], "unknown ROS arguments ['--parameter', 'x']"),
        (["--params-file", "nowhere.yaml"], "parameter file 'nowhere.yaml' is not there"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.parametrize("node", ["jetseg", "camera"])
def test_wrong_ros_arguments(
    node: str, words: list[str], expected: str, domain: int, capfd: pytest.CaptureFixture[str]
) -> None:
    line = refused(capfd, "--ros-args", *words, node=node)
    assert expected in line and "/src/" not in line and "lexeme" not in line


@pytest.mark.parametrize("words", [["image:=/usb_cam/image_raw"], ["-p", "autostart:=false"]])
def test_words_before_ros_args_are_refused(
    words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    line = refused(capfd, *words)
    assert f"unknown arguments: {' '.join(words)}; ROS arguments come after --ros-args" in line


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HOME": None, "ROS_HOME": None, "ROS_LOG_DIR": None}, "set HOME or ROS_LOG_DIR"),
        ({"ROS_LOG_DIR": "/proc/logs"}, "'/proc/logs': 2; set ROS_LOG_DIR"),
        ({"ROS_DOMAIN_ID": "many"}, "ROS_DOMAIN_ID is 'many'; expected a number"),
        ({"ROS_DOMAIN_ID": "5000"}, "ROS_DOMAIN_ID is '5000'; expected a number"),
        ({"ROS_DOMAIN_ID": "-1"}, "ROS_DOMAIN_ID is '-1'; expected a number"),
    ],
    ids=str,
)
def test_an_environment_in_which_ros_does_not_start(
    environment: dict[str, str | None],
    expected: str,
    domain: int,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert expected in refused(capfd)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "has no parameters of a node; expected a section '/**:'"),
        (b"hello", "has no parameters of a node"),
        (b"jetseg:\n  max_age_ms: 5.0\n", "has no parameters of a node"),
        (b"jetseg:\n\tros__parameters: {}\n", "is not YAML (line 2: "),
        (b"\xff\xfe\x00", "is not YAML"),
        (b"\x89PNG\r\n\x1a\n\x00", "is not YAML"),
        (b"[" * 20_000, "is not YAML"),
        (b"a: &a [x]\nb: [*a, *a]\n", "is not YAML (line 2: an alias)"),
        (b"other: {ros__parameters: {a: 1}}", "has nothing for the node /jetseg, only for /other"),
        (b"/car/jetseg: {ros__parameters: {a: 1}}", "only for /car/jetseg"),
        (b"jetseg: {ros__parameters: {cameras: [a, 1]}}", "Sequence should be of same type"),
        (None, "cannot be read: Is a directory"),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_a_parameter_file_of_another_node_is_refused(
    content: bytes | None,
    expected: str,
    domain: int,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "mine.yaml"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    assert expected in refused(capfd, "--ros-args", "--params-file", str(file))


def test_tags_are_passed_over_as_ros_does(tmp_path: Path) -> None:
    file = tmp_path / "of_launch.yaml"  # launch writes lists with a tag of Python's
    file.write_text(yaml.dump({"/jetseg": {"ros__parameters": {"cameras": ("a", "b")}}}))
    assert "!!python" in file.read_text()
    check_file(file, "/jetseg")


@pytest.mark.parametrize("namespace", ["/", "/ns", "/a/ns"])
def test_sections_are_matched_as_rclpy_matches_them(
    namespace: str, domain: int, tmp_path: Path
) -> None:
    names = ["jetseg", "/jetseg", "ns/jetseg", "/ns/jetseg", "/**", "/*", "*", "**", "other"]
    names += ["/*/jetseg", "/**/jetseg", "/ns/*", "/ns/**", "/*/*"]
    context = Context()
    files = []
    for number, name in enumerate(names):
        files.append(tmp_path / f"{number}.yaml")
        section = {name: {"ros__parameters": {f"p{number}": 1}}}
        files[-1].write_text(yaml.safe_dump(section))
    arguments = [word for file in files for word in ("--params-file", str(file))]
    context.init(args=["--ros-args", *arguments], domain_id=domain)
    node = Node("jetseg", namespace=namespace, context=context)
    for number, file in enumerate(files):
        try:
            check_file(file, node.get_fully_qualified_name())
            taken = True
        except JetSegError:
            taken = False
        assert taken == (f"p{number}" in node._parameter_overrides), names[number]
    node.destroy_node()
    context.try_shutdown()


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_signals_during_the_end_are_harmless(rig: Rig, start: Start, first: signal.Signals) -> None:
    node = start("node.segmentation_node", "-p", "runtime.threads:=1")
    rig.wait_until_active()
    deadline = time.monotonic() + 30
    while node.poll() is None and time.monotonic() < deadline:
        node.send_signal(first)
        time.sleep(0.005)
        node.send_signal(signal.SIGINT)
    output, _ = node.communicate(timeout=1)
    assert node.returncode == 0, output
    assert "Traceback" not in output and "Exception" not in output
