"""`jetseg-doctor` and the checks of ROS 2 and DDS that it adds to `jetseg doctor`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jetseg_core.doctor import Finding
from jetseg_ros.doctor import middleware, ros_checks
from jetseg_ros.doctor.middleware import examine_environment, examine_exchange
from jetseg_ros.doctor.ros_checks import (
    examine_cv_bridge,
    examine_executables,
    examine_installation,
    examine_ros_if_present,
    executables,
)
from jetseg_ros.node.image_input import working_cv_bridge


def test_both_names_of_the_command_have_the_same_checks(
    domain: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(__file__).parents[3]
    metadata = [sys.executable, "setup.py", "--quiet", "egg_info", "--egg-base", str(tmp_path)]
    subprocess.run(metadata, cwd=root, check=True, timeout=300)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{root}", prepend=":")
    command = [sys.executable, "-m", "jetseg_core.cli.main", "doctor", "--json"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    names = [item["name"] for item in json.loads(finished.stdout)["findings"]]
    assert names[0] == "python" and names.count("rclpy") == 1 and names[-1] == "image over DDS"
    assert {"self-test", "jetseg.msg", "cv_bridge", "executables", "discovery"} <= set(names)
    # The other name of the command adds them itself, and has them once; this model it cannot try.
    command = [sys.executable, "-m", "jetseg_ros.doctor.ros_checks", "--json"]
    finished = subprocess.run(
        [*command, "--checkpoint", "nowhere.pt"], capture_output=True, text=True, timeout=300
    )
    assert finished.returncode == 1 and "Traceback" not in finished.stderr
    findings = json.loads(finished.stdout)["findings"]
    assert [item["name"] for item in findings if item["state"] == "fail"] == ["model"]
    tried = [name for name in names if name == "self-test" or name.startswith("backend ")]
    assert [item["name"] for item in findings] == [name for name in names if name not in tried]


def test_without_ros_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ros_checks, "find_spec", lambda name: None)
    (finding,) = examine_ros_if_present("nano_road11")
    assert finding.state == "ok" and "only the node needs it" in finding.found


def found(environment: dict[str, str], root: Path = Path("/")) -> dict[str, Finding]:
    return {item.name: item for item in examine_environment(environment, root)}


@pytest.mark.parametrize(
    ("environment", "name", "state", "words"),
    [
        ({}, "ROS_DOMAIN_ID", "ok", "domain 0"),
        ({"ROS_DOMAIN_ID": "150"}, "ROS_DOMAIN_ID", "warn", "0 to 101"),
        ({"ROS_DOMAIN_ID": "home"}, "ROS_DOMAIN_ID", "fail", "0 to 101"),
        ({}, "discovery", "ok", "subnet"),
        ({"ROS_LOCALHOST_ONLY": "1"}, "discovery", "ok", "other computers are not seen"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF"}, "discovery", "warn", "unset"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "HERE"}, "discovery", "fail", "LOCALHOST"),
        (
            {"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET", "ROS_LOCALHOST_ONLY": "1"},
            "discovery",
            "warn",
            "overrides",
        ),
        ({}, "Fast DDS profile", "warn", "fastdds.xml"),
        ({"FASTRTPS_DEFAULT_PROFILES_FILE": "/nowhere"}, "Fast DDS profile", "fail", "not there"),
        ({"FASTRTPS_DEFAULT_PROFILES_FILE": __file__}, "Fast DDS profile", "ok", __file__),
    ],
)
def test_settings_that_bite(environment: dict[str, str], name: str, state: str, words: str) -> None:
    finding = found(environment)[name]
    assert finding.state == state
    assert words in str(finding)
    assert bool(finding.remedy) == (state != "ok")


def test_another_middleware_has_no_profile_of_fast_dds() -> None:
    assert "Fast DDS profile" not in found({"RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp"})


def test_small_socket_buffers_and_no_shared_memory(tmp_path: Path) -> None:
    core = tmp_path / "proc/sys/net/core"
    core.mkdir(parents=True)
    (core / "rmem_max").write_text("212992\n")
    findings = found({}, tmp_path)
    assert findings["net.core.rmem_max"].state == "warn"
    assert "sysctl -w net.core.rmem_max=" in findings["net.core.rmem_max"].remedy
    assert findings["/dev/shm"].state == "warn" and "--ipc=host" in findings["/dev/shm"].remedy


def script(folder: Path, shebang: str) -> Path:
    file = folder / f"script_{len(list(folder.iterdir()))}"
    file.write_text(f"{shebang}\nprint()\n")
    return file


def through_sh(python: str | Path) -> str:
    """First lines of a script whose interpreter's path may hold spaces."""
    return f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''"


def test_the_python_of_the_executables(tmp_path: Path) -> None:
    bare = tmp_path / "with space" / "python"  # stands for a Python without the packages
    bare.parent.mkdir()
    bare.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'cv2'\" >&2\nexit 1\n")
    bare.chmod(0o755)
    (tmp_path / "scripts").mkdir()
    files = [
        script(tmp_path / "scripts", start)
        for start in (through_sh(sys.executable), "#!/nowhere/python3", *2 * [through_sh(bare)])
    ]
    own, missing, other = examine_executables(files)  # one finding for each interpreter
    assert own.state == "ok"
    assert missing.state == "fail" and "which is not there" in missing.found
    assert other.state == "fail" and "No module named 'cv2'" in other.found
    assert f"starts with {bare}, not" in other.found
    assert "with this environment active" in other.remedy


def test_the_executables_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "lib" / "jetseg"
    folder.mkdir(parents=True)
    node = script(folder, f"#!{sys.executable}")
    assert executables({"AMENT_PREFIX_PATH": str(tmp_path), "PATH": ""}) == [node]


@pytest.mark.parametrize(("code", "state"), [("raise ImportError('numpy 2')", "warn"), ("", "ok")])
def test_cv_bridge_beside_this_numpy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, state: str
) -> None:
    package = tmp_path / "cv_bridge"
    package.mkdir()
    (package / "__init__.py").write_text("from cv_bridge.core import CvBridge")
    works = "class CvBridge:\n    def encoding_to_cvtype2(self, name):\n        return 16\n"
    (package / "core.py").write_text(code or works)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(ros_checks, "working_cv_bridge", working_cv_bridge.__wrapped__)  # no memory
    finding = examine_cv_bridge()
    for module in ("cv_bridge", "cv_bridge.core"):
        sys.modules.pop(module, None)
    assert finding.state == state and "NumPy" in finding.found
    assert ("numpy<2" in finding.remedy) == (state == "warn")


def test_messages_that_are_not_built_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jetseg.msg", None)  # as if not installed
    findings = {item.name: item for item in examine_installation({})}
    assert findings["jetseg.msg"].state == "fail"
    assert "source install/setup.bash" in findings["jetseg.msg"].remedy


def test_an_image_that_does_not_arrive_fails(domain: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "TIMEOUT_S", 0.0)  # nothing is that fast
    finding = examine_exchange()
    assert finding.state == "fail" and "did not arrive" in finding.found and finding.remedy
