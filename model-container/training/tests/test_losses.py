"""The losses are the paper's, with its worked examples (Kragh et al. 2019, sections 2.4 and 2.5)."""

import math

import pytest
import torch

from heads import grade_scores, grading_loss, predicted_grade
from losses import (
    binary_decomposition_loss,
    categorical_cross_entropy,
    decomposed_grade,
    dice_loss,
    fit_grade_thresholds,
    inverse_frequency_weights,
    linear_regression_loss,
    ordinal_cross_entropy,
    thresholded_grade,
    tissue_loss,
)

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


@pytest.mark.parametrize("scores", [[0.1, 0.4, 0.5], [0.5, 0.0, 0.5]])
def test_categorical_cross_entropy_gives_the_papers_number_wherever_the_rest_lies(scores):
    assert categorical_cross_entropy(torch.tensor([scores]).log(), THIRD).item() == pytest.approx(0.693, abs=5e-4)


def test_linear_regression_is_the_squared_distance_with_c_at_0_and_a_at_2():
    score = torch.tensor([[2.0], [1.5], [1.5]])

    loss = linear_regression_loss(score, torch.tensor([0, 1, 2]))

    # A at 2 costs nothing, B at 1.5 costs 0.25, C at 1.5 costs 2.25.
    assert loss.item() == pytest.approx(2.5 / 3)


@pytest.mark.parametrize(
    ("grade", "expected"), [(0, 0.2231 + 1.3863), (1, 0.2231 + 0.2877), (2, 1.6094 + 0.2877)], ids=["A", "B", "C"]
)
def test_binary_decomposition_adds_the_cross_entropies_of_better_than_c_and_better_than_b(grade, expected):
    logits = torch.tensor([[0.8, 0.25]]).logit()

    # -ln 0.8 and -ln 0.2 for the first answer, -ln 0.25 and -ln 0.75 for the second.
    assert binary_decomposition_loss(logits, torch.tensor([grade])).item() == pytest.approx(expected, abs=1e-4)


def test_binary_decomposition_still_teaches_where_the_network_is_certain_and_wrong():
    logits = torch.tensor([[200.0, -200.0]], requires_grad=True)

    loss = binary_decomposition_loss(logits, THIRD)
    loss.backward()

    assert loss.item() == pytest.approx(200) and logits.grad[0].tolist() == pytest.approx([1, 0])


@pytest.mark.parametrize(
    ("loss", "outputs"),
    [(categorical_cross_entropy, 3), (linear_regression_loss, 1), (binary_decomposition_loss, 2), (ordinal_cross_entropy, 3)],
)
def test_every_loss_is_the_plain_mean_of_weighted_examples(loss, outputs):
    head = torch.arange(2.0 * outputs).reshape(2, outputs)
    grades, weights = torch.tensor([0, 2]), torch.tensor([1.0, 9.0])
    first, second = loss(head[:1], grades[:1]), loss(head[1:], grades[1:])

    assert loss(head, grades).item() == pytest.approx((first + second).item() / 2)
    assert loss(head, grades, weights).item() == pytest.approx((first + 9 * second).item() / 2)


def test_thresholds_lie_halfway_between_grades_that_scores_tell_apart():
    score = torch.tensor([[1.75], [0.0], [1.25], [0.75], [0.25], [2.5]])

    thresholds = fit_grade_thresholds(score, torch.tensor([0, 2, 1, 1, 2, 0]))

    assert thresholds.tolist() == [0.5, 1.5]
    assert thresholded_grade(score, thresholds).tolist() == [0, 2, 1, 1, 2, 0]


def test_a_score_at_a_threshold_has_the_better_grade():
    assert thresholded_grade(torch.tensor([[0.49], [0.5], [1.5]]), torch.tensor([0.5, 1.5])).tolist() == [2, 1, 0]


def test_thresholds_lose_as_few_as_possible_where_grades_overlap():
    # By score: C C B C B B A B A A. B from the third on loses a C, A from the seventh on loses a B; 8 of 10 is the most.
    score, grade = torch.arange(10.0)[:, None], torch.tensor([2, 2, 1, 2, 1, 1, 0, 1, 0, 0])

    thresholds = fit_grade_thresholds(score, grade)

    assert (thresholded_grade(score, thresholds) == grade).sum() == 8


def test_no_threshold_goes_between_equal_scores():
    score, grade = torch.tensor([[1.0], [1.0], [1.0], [2.0]]), torch.tensor([2, 1, 1, 0])

    thresholds = fit_grade_thresholds(score, grade)

    assert thresholds.tolist() == [-torch.inf, 1.5]
    assert thresholded_grade(score, thresholds).tolist() == [1, 1, 1, 0]


def test_a_grade_that_never_occurs_is_never_given():
    score = torch.tensor([[0.0], [1.0], [2.0]])

    without_b = fit_grade_thresholds(score, torch.tensor([2, 2, 0]))
    without_a = fit_grade_thresholds(score, torch.tensor([2, 1, 1]))

    assert (without_b.tolist(), without_a.tolist()) == ([1.5, 1.5], [0.5, torch.inf])


def test_no_other_pair_of_thresholds_is_right_more_often():
    random = torch.Generator().manual_seed(3)
    cuts = torch.arange(-0.5, 8)
    for _ in range(50):
        score = torch.randint(8, (20, 1), generator=random).float()             # many are equal
        grade = torch.randint(3, (20,), generator=random)
        pairs = [torch.stack([low, high]) for low in cuts for high in cuts if low <= high]
        most = max((thresholded_grade(score, pair) == grade).sum() for pair in pairs)

        assert (thresholded_grade(score, fit_grade_thresholds(score, grade)) == grade).sum() == most


@pytest.mark.parametrize(
    ("better_than_c", "better_than_b", "grade"),
    [
        (0.9, 0.8, 0),
        (0.6, 0.45, 1),
        (0.4, 0.1, 2),
        (0.5, 0.5, 0),
        (0.4, 0.9, 0),  # no C: 0.9 is surer than 0.4
        (0.1, 0.6, 2),  # no A: 0.1 is surer than 0.6
    ],
)
def test_two_answers_make_a_grade_and_of_contradicting_ones_the_surer_holds(better_than_c, better_than_b, grade):
    assert decomposed_grade(torch.tensor([[better_than_c, better_than_b]]).logit()).tolist() == [grade]


def test_the_decomposed_grade_is_the_one_whose_loss_is_least():
    logits = torch.randn(100, 2, generator=torch.Generator().manual_seed(3))

    for logit, grade in zip(logits, decomposed_grade(logits)):
        losses = [binary_decomposition_loss(logit[None], torch.tensor([each])).item() for each in range(3)]
        assert losses[grade] == pytest.approx(min(losses))


def test_class_weights_are_inverse_frequencies():
    grades = torch.tensor([0] * 5 + [1] * 4 + [2])

    assert inverse_frequency_weights(grades).tolist() == pytest.approx([2, 2.5, 10])


def test_a_grade_that_never_occurs_has_a_finite_weight():
    assert inverse_frequency_weights(torch.tensor([0, 0, 1])).isfinite().all()


def test_each_example_is_weighted_by_its_own_class():
    outputs, ones = {"icm": torch.zeros(2, 3), "te": torch.zeros(2, 3)}, torch.ones(3)
    grades = {"icm": torch.tensor([0, 2]), "te": torch.tensor([0, 2])}

    plain = grading_loss("ordinal", outputs, grades, {"icm": ones, "te": ones})
    weighted = grading_loss("ordinal", outputs, grades, {"icm": torch.tensor([1.0, 1.0, 9.0]), "te": ones})

    # A and C cost the same at even scores: ICM's mean goes from 1 to 5 times that, TE's stays.
    assert weighted.item() == pytest.approx(3 * plain.item())


def test_one_task_alone_has_its_own_loss_and_no_other():
    outputs, grades, ones = {"te": torch.randn(4, 3)}, {"te": torch.tensor([0, 1, 2, 1])}, {"te": torch.ones(3)}

    loss = grading_loss("categorical", outputs, grades, ones)

    assert loss.item() == pytest.approx(categorical_cross_entropy(outputs["te"], grades["te"]).item())


@pytest.mark.parametrize(("loss", "outputs"), [("ordinal", 3), ("categorical", 3), ("linear", 1), ("binary", 2)])
def test_scores_sum_to_one_and_are_greatest_at_the_predicted_grade(loss, outputs):
    output = torch.randn(100, outputs, generator=torch.Generator().manual_seed(3)) * 3
    thresholds = torch.tensor([-1.0, 0.5], dtype=torch.float64)

    scores = grade_scores(loss, output, thresholds)

    assert scores.shape == (100, 3) and torch.allclose(scores.sum(dim=1), torch.ones(100))
    assert torch.equal(scores.argmax(dim=1), predicted_grade(loss, output, thresholds))


def test_scores_of_two_answers_are_the_likelihoods_of_the_grades():
    scores = grade_scores("binary", torch.tensor([[0.9, 0.2]]).logit())

    # A .9 x .2, B .9 x .8, C .1 x .8, out of their sum.
    assert scores[0].tolist() == pytest.approx([0.18 / 0.98, 0.72 / 0.98, 0.08 / 0.98], abs=1e-6)


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


def certain_of(tissues):
    """Logits [N, 3, H, W] that leave no doubt of these tissues."""
    return 100.0 * torch.nn.functional.one_hot(tissues, 3).permute(0, 3, 1, 2)


def test_tissue_loss_is_cross_entropy_and_the_mean_dice_of_icm_and_te_over_the_batch():
    share = torch.tensor([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])[:, :, None, None]
    tissues = torch.tensor([1, 2])[:, None, None]                               # two stills of a pixel, one ICM, one TE

    loss = tissue_loss(share.log(), tissues)

    cross_entropy = (math.log(4) + math.log(2)) / 2
    icm, te = (2 * 0.25 + 1) / (0.5 + 1 + 1), (2 * 0.5 + 1) / (0.75 + 1 + 1)
    assert loss.item() == pytest.approx(cross_entropy + 1 - (icm + te) / 2)


@pytest.mark.parametrize("tissues", [[[0, 1], [2, 2]], [[0, 0], [0, 0]]], ids=["both", "none"])
def test_tissue_loss_is_0_for_the_right_outlines_and_for_none_where_there_are_none(tissues):
    tissues = torch.tensor([tissues])

    assert tissue_loss(certain_of(tissues), tissues).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("wrong", "dice"), [(1, (1 / 3 + 1) / 2), (2, (1 / 3 + 1) / 2)])
def test_tissue_loss_charges_a_tissue_that_is_not_there(wrong, dice):
    tissues = torch.zeros(1, 2, 2, dtype=torch.long)
    said = tissues.clone()
    said[0, 0] = wrong

    # Two of four pixels are surely wrong, and surely is capped by the logits: 100 each.
    assert tissue_loss(certain_of(said), tissues).item() == pytest.approx(50 + 1 - dice, abs=1e-4)


def test_tissue_loss_pulls_harder_at_a_pixel_of_a_small_icm_than_at_one_of_a_large_te():
    tissues = torch.full((1, 8, 8), 2)
    tissues[0, :, :2], tissues[0, 0, 0] = 0, 1
    logits = torch.zeros(1, 3, 8, 8, requires_grad=True)

    tissue_loss(logits, tissues).backward()

    towards_icm, towards_te = -logits.grad[0, 1, 0, 0].item(), -logits.grad[0, 2][tissues[0] == 2].mean().item()
    assert towards_icm > 1.4 * towards_te > 0
