"""The metric: one confusion matrix over a whole data set (section 3, Eq. 3)."""

from __future__ import annotations

import numpy as np

from jetseg_core.errors import JetSegError


class ConfusionMatrix:
    """Counts labelled pixels by true and predicted class.

    Pixels whose truth is no class (void, 255) are ignored. A prediction that is no class (255, "unlabelled") on
    a labelled pixel is a miss: it counts against its true class and for no other.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        # One column more than classes: predictions that are no class.
        self.counts = np.zeros((num_classes, num_classes + 1), np.int64)

    def update(self, prediction: np.ndarray, truth: np.ndarray) -> None:
        """Add one or more frames.

        Args:
            prediction: uint8 class ids, any shape.
            truth: uint8 class ids of the same shape.
        """
        if prediction.shape != truth.shape:
            raise JetSegError(
                f"prediction is {prediction.shape} and ground truth {truth.shape}; they must have one size"
            )
        labelled = truth < self.num_classes
        actual = truth[labelled].astype(np.int64)
        predicted = np.minimum(prediction[labelled], self.num_classes)
        width = self.num_classes + 1
        cells = np.bincount(actual * width + predicted, minlength=self.num_classes * width)
        self.counts += cells.reshape(self.counts.shape)

    def iou(self) -> np.ndarray:
        """(C,) intersection over union, 0..1; NaN for a class that occurs neither in truth nor in prediction."""
        hits = np.diagonal(self.counts)
        union = self.counts.sum(1) + self.counts[:, :-1].sum(0) - hits
        with np.errstate(invalid="ignore"):
            return hits / union

    def miou(self) -> float:
        """Mean IoU in percent over the classes that occur in the ground truth; NaN when none does."""
        occurs = self.counts.sum(1) > 0
        return 100 * float(self.iou()[occurs].mean()) if occurs.any() else float("nan")

    def pixel_accuracy(self) -> float:
        """Share of labelled pixels predicted right, in percent; NaN when none is labelled."""
        total = self.counts.sum()
        return 100 * float(np.trace(self.counts) / total) if total else float("nan")
