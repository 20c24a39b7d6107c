"""Commands that live in the ROS side of the package, which may not be installed."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from jetseg_core.errors import JetSegError


def load_ros_side(module: str) -> ModuleType:
    """A module of `jetseg_ros`, by its full name. The core does not depend on it: it is looked up when asked for.

    Raises:
        JetSegError: it is not installed.
    """
    package = module.partition(".")[0]
    if find_spec(package) is None:
        raise JetSegError(
            f"this command needs the Python package '{package}', which is not installed; install the whole "
            "of jetseg (pip install . in its repository)"
        )
    return import_module(module)
