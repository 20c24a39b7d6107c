"""Settings of the middleware that a demo or test of this machine alone wants."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path


def stay_on_this_machine() -> None:
    """Set up this process, and those it starts, before rclpy is initialised.

    DDS is kept on the loopback interface, apart from other ROS 2 systems, and with room for images
    in shared memory. Whatever the environment already says is left as it is.
    """
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    if os.environ.get("ROS_DISTRO") == "humble":  # its name for the same
        os.environ.setdefault("ROS_LOCALHOST_ONLY", "1")
    # Above 101 the ports of a domain may belong to other programs.
    os.environ.setdefault("ROS_DOMAIN_ID", str(random.randint(1, 101)))
    profile = _shared_file("config/fastdds.xml")
    if profile is not None:
        for variable in ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE"):
            os.environ.setdefault(variable, str(profile))


def _shared_file(name: str) -> Path | None:
    """A file that JetSeg installs, from the source tree or a prefix; None where it is not there."""
    prefixes = [*os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep), sys.prefix]
    folders = [
        Path(__file__).resolve().parent.parent,
        *(Path(prefix) / "share" / "jetseg" for prefix in prefixes if prefix),
    ]
    return next((folder / name for folder in folders if (folder / name).is_file()), None)
