"""The rule of the house: no ROS in jetseg_core, nothing without ROS in jetseg_ros, and one place for each name."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(
    file for package in ("jetseg_core", "jetseg_ros") for file in (ROOT / package).rglob("*.py")
)
ROS = {
    "ament_index_python", "builtin_interfaces", "cv_bridge", "diagnostic_msgs", "jetseg", "launch",
    "launch_ros", "lifecycle_msgs", "nav_msgs", "rcl_interfaces", "rclpy", "rosgraph_msgs", "sensor_msgs", "std_msgs",
    "tf2_ros", "vision_msgs",
}  # fmt: skip
"""Packages that come with ROS 2; `jetseg` holds the generated messages."""


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(file: Path) -> Iterator[str]:
    """Every imported module, wherever in the file it stands; `from a import b` gives a and a.b."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_core_knows_no_ros() -> None:
    """Strings count, too: a module that is imported by its name is imported."""
    for file in (ROOT / "jetseg_core").rglob("*"):
        if file.is_file() and file.suffix != ".pyc":
            assert b"jetseg_ros" not in file.read_bytes(), file
    for file in FILES:
        if file.is_relative_to(ROOT / "jetseg_core"):
            known = {name.partition(".")[0] for name in imports(file)} & ROS
            assert not known, f"{file} imports {known}"


def test_every_module_of_the_ros_side_needs_ros() -> None:
    """Itself, or through a module of jetseg_ros that it imports; packages without code are left out."""
    modules = {
        module_of(file): set(imports(file))
        for file in FILES
        if file.is_relative_to(ROOT / "jetseg_ros")
    }
    needing = {
        name for name, found in modules.items() if {i.partition(".")[0] for i in found} & ROS
    }
    while more := {n for n, found in modules.items() if n not in needing and found & needing}:
        needing |= more
    without_code = {module_of(f) for f in FILES if len(ast.parse(f.read_text()).body) <= 1}
    assert modules.keys() - needing - without_code == set()


def test_a_file_s_name_stands_once() -> None:
    names = Counter(file.name for file in FILES if not file.name.startswith("__"))
    assert [name for name, count in names.items() if count > 1] == []


def test_a_class_s_name_stands_once() -> None:
    names = Counter(
        node.name
        for file in FILES
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_no_file_is_too_long_to_be_read() -> None:
    lines = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert [str(file) for file, count in lines.items() if count > 350] == []
