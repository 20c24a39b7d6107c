"""Power drawn by a Jetson, from its sensors; elsewhere there are none.

The INA3221 monitors of Jetson modules give millivolts and milliamperes of each rail through sysfs (hwmon). Written
after NVIDIA's Jetson Linux developer guide; not run on a Jetson by its authors yet.
"""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType

import numpy as np

HWMON = Path("/sys/class/hwmon")
TOTAL_RAILS = ("VDD_IN", "VIN_SYS_5V0", "POM_5V_IN")
"""What the rail that feeds the whole module is called, by module."""
INTERVAL_S = 0.05


def total_rail(hwmon: Path = HWMON) -> tuple[Path, Path] | None:
    """The files with the millivolts and milliamperes of the whole module; None on a machine without them."""
    for label in sorted(hwmon.glob("*/in*_label")):
        if label.read_text().strip() in TOTAL_RAILS:
            channel = label.name.removeprefix("in").removesuffix("_label")
            volts = label.with_name(f"in{channel}_input")
            amperes = label.with_name(f"curr{channel}_input")
            if volts.is_file() and amperes.is_file():
                return volts, amperes
    return None


class PowerMeter:
    """While entered, samples the module's power 20 times a second."""

    def __init__(self, hwmon: Path = HWMON) -> None:
        self._rail = total_rail(hwmon)
        self._samples: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    @property
    def watts(self) -> float | None:
        """Mean power so far; None where it is unavailable."""
        return float(np.mean(self._samples)) if self._samples else None

    def __enter__(self) -> PowerMeter:
        if self._rail:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._rail:
            self._thread.join()

    def _sample(self) -> None:
        assert self._rail
        volts, amperes = self._rail
        while True:
            self._samples.append(int(volts.read_text()) * int(amperes.read_text()) / 1e6)
            if self._stop.wait(INTERVAL_S):
                return
