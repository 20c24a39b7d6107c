"""JetLoss and its class weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jetseg_core.classes import UNLABELLED
from jetseg_core.losses import JetLoss, class_balanced_weights

LABELS = torch.tensor([[[0, 0, 1, 2], [1, 1, 2, UNLABELLED]]])  # (1, 2, 4)


def towards_truth(sharpness: float) -> torch.Tensor:
    """Logits (1, 3, 2, 4) that favor the true class by `sharpness`."""
    target = LABELS.masked_fill(LABELS == UNLABELLED, 0)
    return sharpness * torch.nn.functional.one_hot(target, 3).permute(0, 3, 1, 2).float()


def test_a_better_prediction_gives_a_lower_loss_down_to_0_at_the_truth() -> None:
    loss = JetLoss(torch.tensor([0.5, 1.0, 1.5]))
    values = [float(loss(towards_truth(s), LABELS)) for s in (-8, -2, 0, 1, 2, 4, 8, 40)]
    assert values == sorted(values, reverse=True)
    assert values[-1] == pytest.approx(0, abs=1e-6)


def test_the_terms_are_those_computed_by_hand() -> None:
    # Uniform predictions: every class gets 1/3 of 7 labelled pixels; truth has 2, 3, 2 of them.
    loss = JetLoss(torch.ones(3), epsilon=1.0)
    terms = loss.terms(torch.zeros(1, 3, 2, 4), LABELS)
    actual = np.array([2.0, 3.0, 2.0])
    hits, predicted = actual / 3, 7 / 3
    recall = 1 - (hits + 1) / (actual + 1)
    precision = 1 - (hits + 1) / (predicted + 1)
    iou = 1 - hits / (predicted + actual - hits)
    assert float(terms["recall"]) == pytest.approx(recall.mean(), rel=1e-5)
    assert float(terms["precision"]) == pytest.approx(precision.mean(), rel=1e-5)
    assert float(terms["iou"]) == pytest.approx(iou.mean(), rel=1e-5)


def test_ignored_pixels_and_absent_classes_do_not_count() -> None:
    loss = JetLoss(torch.ones(4))
    logits = torch.randn(1, 4, 2, 4)
    changed = logits.clone()
    changed[0, :, 1, 3] += 100  # where LABELS is unlabelled
    torch.testing.assert_close(loss(logits, LABELS), loss(changed, LABELS))
    nothing = torch.full_like(LABELS, UNLABELLED)
    assert float(loss(logits, nothing)) == 0


def test_every_present_class_gets_a_gradient_in_half_precision_too() -> None:
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        logits = (30 * torch.randn(1, 3, 2, 4)).to(dtype).requires_grad_()
        JetLoss(torch.ones(3))(logits, LABELS).backward()
        assert logits.grad is not None
        assert torch.isfinite(logits.grad).all()
    logits = torch.zeros(1, 3, 2, 4, requires_grad=True)
    JetLoss(torch.ones(3))(logits, LABELS).backward()
    assert logits.grad is not None
    for label in range(3):
        # Raising the logit of the true class must lower the loss.
        assert (logits.grad[0, label][LABELS[0] == label] < 0).all()


def test_class_weights_by_hand() -> None:
    # beta 0.5: the effective numbers of 1, 2 and 0 samples are 1, 1.5 and none.
    weights = class_balanced_weights(np.array([1, 2, 0]), beta=0.5)
    raw = np.array([1, 1 / 1.5])
    np.testing.assert_allclose(weights, [*(raw / raw.mean()), 0], rtol=1e-6)
    np.testing.assert_allclose(class_balanced_weights(np.array([5, 500]), beta=0.0), [1, 1])
    many = class_balanced_weights(np.array([10**9, 10**5]), beta=0.999999)
    assert np.isfinite(many).all()
    assert many[1] > 5 * many[0]
