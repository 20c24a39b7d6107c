"""A Jetson's own figures, read from trees of files like its own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from jetseg_core.jetson import (
    PowerMeter,
    has_nvidia_device,
    jetson_release,
    power_rails,
    temperatures,
)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_no_jetson(tmp_path: Path) -> None:
    assert jetson_release(tmp_path) is None
    assert power_rails(tmp_path) == {} == temperatures(tmp_path)
    assert not has_nvidia_device(tmp_path)
    with PowerMeter(tmp_path) as meter:
        pass
    assert meter.watts is None


def test_release(tmp_path: Path) -> None:
    write(tmp_path, {"etc/nv_tegra_release": "# R35 (release), REVISION: 4.1\nmore\n"})
    assert jetson_release(tmp_path) == "# R35 (release), REVISION: 4.1"


def test_rails_of_jetpack_4(tmp_path: Path) -> None:
    folder = "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0"
    write(
        tmp_path,
        {
            f"{folder}/rail_name_0": "POM_5V_IN\n",
            f"{folder}/in_power0_input": "2150\n",
            f"{folder}/rail_name_1": "POM_5V_GPU\n",
            f"{folder}/in_power1_input": "80\n",
        },
    )
    assert power_rails(tmp_path) == pytest.approx({"POM_5V_IN": 2.15, "POM_5V_GPU": 0.08})


def test_rails_of_jetpack_5_and_6(tmp_path: Path) -> None:
    folder = "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4"
    write(
        tmp_path,
        {
            f"{folder}/in1_label": "VDD_IN\n",
            f"{folder}/in1_input": "5000\n",
            f"{folder}/curr1_input": "900\n",
            f"{folder}/in7_label": "sum of shunt voltages\n",  # of no current
            f"{folder}/in7_input": "1\n",
        },
    )
    assert power_rails(tmp_path) == pytest.approx({"VDD_IN": 4.5})


def test_temperatures_leave_out_unreadable_sensors(tmp_path: Path) -> None:
    zones = "sys/class/thermal/thermal_zone"
    write(
        tmp_path,
        {
            f"{zones}0/type": "CPU-therm\n",
            f"{zones}0/temp": "41500\n",
            f"{zones}1/type": "GPU-therm\n",
            f"{zones}1/temp": "",  # powered down
        },
    )
    assert temperatures(tmp_path) == pytest.approx({"CPU-therm": 41.5})


def test_the_power_is_that_of_the_whole_module(tmp_path: Path) -> None:
    folder = tmp_path / "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3"
    folder.mkdir(parents=True)
    rails = {1: ("VDD_CPU_GPU_CV", 5000, 700), 2: ("VDD_IN", 5000, 2000)}
    for channel, (label, millivolts, milliamperes) in rails.items():
        (folder / f"in{channel}_label").write_text(f"{label}\n")
        (folder / f"in{channel}_input").write_text(f"{millivolts}\n")
        (folder / f"curr{channel}_input").write_text(f"{milliamperes}\n")
    with PowerMeter(tmp_path) as meter:
        deadline = time.monotonic() + 30
        while meter.watts is None and time.monotonic() < deadline:
            time.sleep(0.01)
    assert meter.watts == pytest.approx(10.0)
