"""The latched message that says which model runs, how, and what its class ids mean."""

from __future__ import annotations

from builtin_interfaces.msg import Time
from jetseg.msg import ModelInfo
from std_msgs.msg import Header

from jetseg_core.runtime import Runtime


def model_info(runtime: Runtime, stamp: Time) -> ModelInfo:
    """ModelInfo of a runtime, as of `stamp`."""
    model = runtime.description
    height, width = runtime.input_size
    return ModelInfo(
        header=Header(stamp=stamp),
        model_name=model.name,
        preset=model.preset,
        combination=model.combination,
        checkpoint_sha256=model.sha256,
        class_ids=list(range(len(model.classes))),
        class_names=list(model.classes.names),
        palette=[value for color in model.classes.palette for value in color],
        backend=runtime.backend,
        precision=runtime.precision,
        device=runtime.device,
        input_height=height,
        input_width=width,
    )
