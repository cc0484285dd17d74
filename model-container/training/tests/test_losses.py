"""The losses are the paper's, with its worked examples (Kragh et al. 2019, sections 2.4 and 2.5)."""

import pytest
import torch

from losses import dice_loss, grading_loss, inverse_frequency_weights, ordinal_cross_entropy

THIRD = torch.tensor([2])


@pytest.mark.parametrize(
    ("scores", "by_distance", "equal"), [([0.1, 0.4, 0.5], 0.722, 0.616), ([0.5, 0.0, 0.5], 1.386, 0.693)]
)
def test_ordinal_cross_entropy_gives_the_papers_numbers(scores, by_distance, equal):
    logits = torch.tensor([scores]).log()

    assert ordinal_cross_entropy(logits, THIRD).item() == pytest.approx(by_distance, abs=5e-4)
    assert ordinal_cross_entropy(logits, THIRD, distance_weights=False).item() == pytest.approx(equal, abs=5e-4)


def test_ordinal_cross_entropy_pushes_harder_the_farther_off():
    logits = torch.zeros(1, 3, requires_grad=True)

    ordinal_cross_entropy(logits, THIRD).backward()

    a, b, c = logits.grad[0].tolist()
    assert a > b > c and c < 0


def test_ordinal_cross_entropy_still_teaches_where_the_network_is_certain_and_wrong():
    logits = torch.tensor([[60.0, 0.0, 0.0]], requires_grad=True)

    loss = ordinal_cross_entropy(logits, THIRD)
    loss.backward()

    assert loss.isfinite() and logits.grad[0, 0] > 0.5


def test_class_weights_are_inverse_frequencies():
    grades = torch.tensor([0] * 5 + [1] * 4 + [2])

    assert inverse_frequency_weights(grades).tolist() == pytest.approx([2, 2.5, 10])


def test_a_grade_that_never_occurs_has_a_finite_weight():
    assert inverse_frequency_weights(torch.tensor([0, 0, 1])).isfinite().all()


def test_each_example_is_weighted_by_its_own_class():
    logits, weights, ones = torch.zeros(2, 3), torch.tensor([1.0, 1.0, 9.0]), torch.ones(3)
    grades = torch.tensor([0, 2])

    plain = grading_loss(logits, logits, grades, grades, ones, ones)
    weighted = grading_loss(logits, logits, grades, grades, weights, ones)

    # A and C cost the same at even scores: ICM's mean goes from 1 to 5 times that, TE's stays.
    assert weighted.item() == pytest.approx(3 * plain.item())


def test_dice_loss_is_0_for_the_right_mask_and_near_1_for_a_wrong_one():
    mask = torch.zeros(2, 8, 8)
    mask[:, :4] = 1
    certain = (mask * 2 - 1) * 100

    assert dice_loss(certain, mask).item() == pytest.approx(0, abs=1e-6)
    assert dice_loss(-certain, mask).item() > 0.98


def test_dice_loss_charges_an_empty_well_for_what_is_called_embryo():
    mask = torch.zeros(2, 8, 8)
    mask[0, :4] = 1
    logits = (mask * 2 - 1) * 100
    with_ghost = logits.clone()
    with_ghost[1, :2] = 100

    assert dice_loss(with_ghost, mask) > dice_loss(logits, mask)
