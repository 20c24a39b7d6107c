"""The latched message that says which model runs, how, and what its class ids mean."""

from __future__ import annotations

from builtin_interfaces.msg import Time
from jetseg.msg import ModelInfo
from std_msgs.msg import Header

from jetseg_core.recording.message_fields import model_fields
from jetseg_core.runtime import Runtime


def model_info(runtime: Runtime, stamp: Time) -> ModelInfo:
    """ModelInfo of a runtime, as of `stamp`."""
    return ModelInfo(header=Header(stamp=stamp), **model_fields(runtime))
