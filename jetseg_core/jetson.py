"""What an NVIDIA Jetson says of itself in files: release, power rails, temperatures."""

from __future__ import annotations

from pathlib import Path

RELEASE = "etc/nv_tegra_release"


def jetson_release(root: Path = Path("/")) -> str | None:
    """First line of the release file of Jetson Linux; None on every other machine.

    Args:
        root: of the file system.
    """
    return _text(root / RELEASE)


def power_rails(root: Path = Path("/")) -> dict[str, float]:
    """Power of each supply rail, watts, by the board's name of the rail; empty where there are none.

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
    """Degrees Celsius of each thermal zone that can be read, by its type.

    Args:
        root: of the file system.
    """
    found: dict[str, float] = {}
    for zone in sorted(root.glob("sys/class/thermal/thermal_zone*")):
        value = _number(zone / "temp")
        if (label := _text(zone / "type")) and value is not None:
            found[label] = value * 1e-3
    return found


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
