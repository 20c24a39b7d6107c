"""docker/: what can be checked of it without a Docker daemon."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILES = sorted((ROOT / "docker").glob("Dockerfile*"))


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.name)
def test_an_image_is_made_by_the_readme_s_own_steps(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    packages = re.search(r"sudo apt install ([^`]+)`", readme)
    assert packages is not None
    assert set(packages[1].split()) <= set(text.replace("\\\n", " ").split())
    assert "make setup" in text
    for profile in re.findall(r"/jetseg/(config/[\w.]+)", text):
        assert (ROOT / profile).is_file()


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.name)
def test_hadolint_finds_nothing(file: Path) -> None:
    hadolint = shutil.which("hadolint", path=Path(sys.executable).parent) or shutil.which(
        "hadolint"
    )
    if hadolint is None:
        pytest.skip("hadolint is absent: an environment from before requirements/dev.txt had it")
    answer = subprocess.run([hadolint, str(file)], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_a_jetson_s_image_takes_the_arguments_that_are_told() -> None:
    text = (ROOT / "docker" / "Dockerfile.jetson").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "jetson.md").read_text(encoding="utf-8")
    told = set(re.findall(r"--build-arg (\w+)=", text + page))
    assert told == set(re.findall(r"^ARG (\w+)=", text, re.MULTILINE))
    # A newer runtime of CUDA than the board's is refused by its driver, so a range would not do.
    versions = re.findall(r"cuda-python([^\s`]*\d[^\s`]*)", text + page)
    assert len(versions) >= 6
    for version in versions:
        assert re.match(r"==1[23]\.\d\.\*", version), version


def test_services_are_built_from_these_files_and_share_what_dds_needs() -> None:
    compose = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert set(services) == {"jetseg", "jetson"}
    for service in services.values():
        build = service["build"]
        assert (ROOT / "docker" / build["context"] / build["dockerfile"]).is_file()
        assert service["network_mode"] == service["ipc"] == "host"
        assert service["shm_size"] and service["devices"]
        profile = service["environment"]["FASTRTPS_DEFAULT_PROFILES_FILE"]
        assert (ROOT / profile.removeprefix("/jetseg/")).is_file()
        _, _, package, launch_file, device = service["command"]
        assert package == "jetseg" and (ROOT / "launch" / launch_file).is_file()
        assert service["devices"] == [":".join([device.removeprefix("device:=")] * 2)]
        (volume,) = service["volumes"]
        assert volume.partition(":")[0] in compose["volumes"]
    assert services["jetson"]["runtime"] == "nvidia"
