"""NVIDIA hardware as the system's files describe it: GPUs, and a Jetson's release, power and temperatures.

Written after NVIDIA's Jetson Linux developer guide; not run on a Jetson by its authors yet.
"""

from __future__ import annotations

import threading
from pathlib import Path
from statistics import fmean
from types import TracebackType

RELEASE = "etc/nv_tegra_release"
DEVICES = ("dev/nvidiactl", "dev/nvhost-gpu", "dev/nvgpu")
"""Device files that NVIDIA's drivers create: on a PC, and on Jetsons of several generations."""
TOTAL_RAILS = ("VDD_IN", "VIN_SYS_5V0", "POM_5V_IN")
"""Names of the rail that feeds the whole module, by module."""
INTERVAL_S = 0.05


def has_nvidia_device(root: Path = Path("/")) -> bool:
    """True if a driver for an NVIDIA GPU is loaded.

    Args:
        root: of the file system.
    """
    return any((root / device).exists() for device in DEVICES)


def jetson_release(root: Path = Path("/")) -> str | None:
    """First line of the release file of Jetson Linux; None on other machines.

    Args:
        root: of the file system.
    """
    return _text(root / RELEASE)


def power_rails(root: Path = Path("/")) -> dict[str, float]:
    """Power of each supply rail, watts, by the board's name of the rail; empty on other machines.

    Args:
        root: of the file system.
    """
    drivers = root / "sys/bus/i2c/drivers"
    rails: dict[str, float] = {}
    # JetPack 4: power in milliwatts, one file a rail.
    for name in sorted(drivers.glob("ina3221x/*/iio:device*/rail_name_*")):
        power = _number(name.with_name(f"in_power{name.name.rpartition('_')[2]}_input"))
        if (label := _text(name)) and power is not None:
            rails[label] = power * 1e-3
    # JetPack 5 and later: millivolts and milliamperes.
    for name in sorted(drivers.glob("ina3221/*/hwmon/hwmon*/in*_label")):
        number = name.name.removeprefix("in").removesuffix("_label")
        voltage = _number(name.with_name(f"in{number}_input"))
        current = _number(name.with_name(f"curr{number}_input"))
        if (label := _text(name)) and voltage is not None and current is not None:
            rails[label] = voltage * current * 1e-6
    return rails


def temperatures(root: Path = Path("/")) -> dict[str, float]:
    """Temperature of each readable thermal zone, degrees Celsius, by its type.

    Args:
        root: of the file system.
    """
    found: dict[str, float] = {}
    for zone in sorted(root.glob("sys/class/thermal/thermal_zone*")):
        value = _number(zone / "temp")
        if (label := _text(zone / "type")) and value is not None:
            found[label] = value * 1e-3
    return found


class PowerMeter:
    """Samples the power of a whole Jetson module 20 times a second while entered.

    Args:
        root: of the file system.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._samples: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    @property
    def watts(self) -> float | None:
        """Mean power so far; None on a machine without such sensors."""
        return fmean(self._samples) if self._samples else None

    def __enter__(self) -> PowerMeter:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            rails = power_rails(self._root)
            total = next((rails[name] for name in TOTAL_RAILS if name in rails), None)
            if total is None:
                return
            self._samples.append(total)
            if self._stop.wait(INTERVAL_S):
                return


def _text(file: Path) -> str | None:
    try:
        return file.read_text(errors="replace").splitlines()[0].strip()
    except (OSError, IndexError):  # a zone that is switched off cannot be read
        return None


def _number(file: Path) -> float | None:
    text = _text(file)
    try:
        return float(text) if text else None
    except ValueError:
        return None
