"""JetLoss and its class weights."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from jetseg_core.classes import UNLABELLED
from jetseg_core.errors import JetSegError
from jetseg_core.network.loss import JET_TERMS, JetLoss, class_balanced_weights
from jetseg_core.training.objective import Objective

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


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.sampled_from(JET_TERMS))
def test_every_term_falls_all_the_way_to_the_truth(seed: int, classes: int, term: str) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, (2, 5, 7))
    truth = np.eye(classes)[labels].transpose(0, 3, 1, 2)
    labels[rng.random(labels.shape) < 0.2] = UNLABELLED
    labels[0, 0, 0] = truth[0, :, 0, 0].argmax()  # at least one pixel counts
    start = rng.dirichlet(np.full(classes, 0.7), (2, 5, 7)).transpose(0, 3, 1, 2)
    loss = JetLoss(torch.from_numpy(rng.uniform(0.1, 3, classes)).float(), names=[term])
    target = torch.from_numpy(labels)
    values = []
    for share in (0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1):
        probability = torch.from_numpy((1 - share) * start + share * truth)
        values.append(float(loss(probability.clamp(min=1e-12).log().float(), target)))
    assert all(later <= earlier + 1e-6 for earlier, later in pairwise(values))
    assert values[-1] < values[0]
    assert values[-1] == pytest.approx(0, abs=1e-6)


def test_terms_are_chosen_by_name_and_add_up() -> None:
    logits = torch.randn(1, 3, 2, 4)
    weight = torch.tensor([0.5, 1.0, 1.5])
    parts = [JetLoss(weight, names=[name])(logits, LABELS) for name in JET_TERMS]
    torch.testing.assert_close(torch.stack(parts).sum(), JetLoss(weight)(logits, LABELS))
    with pytest.raises(JetSegError, match=r"JetLoss: \['dice'\] are not among recall, precision"):
        JetLoss(weight, names=["dice"])


@pytest.mark.parametrize(
    ("loss", "names"),
    [
        ("jet", {"recall", "precision", "iou"}),
        ("ce", {"ce"}),
        ("jet+ce", {"recall", "precision", "iou", "ce"}),
        ("iou+ce", {"iou", "ce"}),
        ("ce+ohem", {"ce", "ohem"}),
    ],
)
def test_an_objective_logs_the_terms_that_it_sums(loss: str, names: set[str]) -> None:
    objective = Objective(loss, np.array([30, 20, 10]))
    assert set(objective(torch.randn(1, 3, 2, 4), LABELS)) == names


def test_cross_entropy_is_the_library_s_and_0_where_nothing_is_labelled() -> None:
    objective = Objective("ce", np.array([10**7, 10**5, 10]))
    logits = torch.randn(1, 3, 2, 4)
    expected = torch.nn.functional.cross_entropy(
        logits, LABELS, objective.weight, ignore_index=UNLABELLED
    )
    torch.testing.assert_close(objective(logits, LABELS)["ce"], expected)
    logits.requires_grad_()
    nothing = objective(logits, torch.full_like(LABELS, UNLABELLED))["ce"]
    nothing.backward()
    assert float(nothing.detach()) == 0
    assert logits.grad is not None
    assert float(logits.grad.abs().sum()) == 0


def test_only_hard_pixels_are_mined() -> None:
    objective = Objective("ce+ohem", np.array([10**7, 10**5, 10]))
    logits = towards_truth(4.0).clone()  # e^4 / (e^4 + 2): 96 % for the truth
    hard = (0, slice(None), 0, 3), (0, slice(None), 1, 1)
    for place in hard:
        logits[place] = torch.tensor([0.3, 0.2, 0.1])
    labels = torch.full_like(LABELS, UNLABELLED)
    for image, _, row, column in hard:
        labels[image, row, column] = LABELS[image, row, column]
    found, of_the_hard = objective(logits, LABELS), objective(logits, labels)
    torch.testing.assert_close(found["ohem"], of_the_hard["ce"])
    assert float(found["ohem"]) > float(found["ce"]) > 0
    assert float(objective(towards_truth(4.0), LABELS)["ohem"]) == 0  # nothing is hard any more


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
