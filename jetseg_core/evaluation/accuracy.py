"""Accuracy of a model on labelled frames, through the same runtime that robots use."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from tqdm import tqdm

from jetseg_core.data.data_set import DataSet
from jetseg_core.errors import JetSegError
from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.runtime import Runtime

_log = logging.getLogger("jetseg")


@dataclass(frozen=True)
class Evaluation:
    """Accuracy of a runtime on labelled frames."""

    confusion: ConfusionMatrix
    frames: int
    runtime: Runtime

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON: figures in percent, IoU by class name (None for a class that does not occur)."""
        names = self.runtime.description.classes.names
        iou = (100 * self.confusion.iou()).tolist()
        return {
            "miou": self.confusion.miou(),
            "per_class_iou": {
                name: value if value == value else None
                for name, value in zip(names, iou, strict=True)
            },
            "pixel_accuracy": self.confusion.pixel_accuracy(),
            "confusion_matrix": self.confusion.counts[:, :-1].tolist(),
            "frames": self.frames,
            "backend": self.runtime.backend,
            "precision": self.runtime.precision,
            "device": self.runtime.device,
            "input_size": list(self.runtime.input_size),
            "model": self.runtime.description.name,
            "sha256": self.runtime.description.sha256,
        }


def evaluate(runtime: Runtime, data: DataSet) -> Evaluation:
    """Segment every frame at its own size and count against its labels.

    Raises:
        JetSegError: the model's classes are not those of the data, or its labels hold fewer than two of them.
    """
    classes = runtime.description.classes
    if classes.names != data.classes.names:
        raise JetSegError(
            f"the model knows the classes {', '.join(classes.names)}, the data is labelled with "
            f"{', '.join(data.classes.names)}; evaluate on data of the model's classes, and name them "
            "with --classes"
        )
    confusion = ConfusionMatrix(len(classes))
    for image, truth in tqdm(data, "evaluating", leave=False):
        confusion.update(runtime.segment(image).labels, truth)
    data.tally.check(data.describe())
    for warning in data.tally.warnings():
        _log.warning("%s: %s", data.describe(), warning)
    return Evaluation(confusion, len(data), runtime)
