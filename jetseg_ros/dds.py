"""Settings of the middleware that a demo or test of this machine alone wants."""

from __future__ import annotations

import os
import random

from jetseg_core.installed_files import installed_folders


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
    for folder in installed_folders("config")[:1]:
        for variable in ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE"):
            os.environ.setdefault(variable, str(folder / "fastdds.xml"))
