"""What training minimises: ordinal cross-entropy (Kragh et al. 2019, Eq. 2 and 3), class weights, Dice.

Beside it the three losses of Table 7 that the paper compares with: Eq. 1, linear regression, binary decomposition.
"""

from typing import Optional

import torch
from torch import Tensor
from torch.nn import functional


def ordinal_cross_entropy(
    logits: Tensor, grade: Tensor, example_weight: Optional[Tensor] = None, *, distance_weights: bool = True
) -> Tensor:
    """Mean over the batch of Eq. 2: mass on each wrong grade is penalised, by Eq. 3 the more the farther off it is.

    logits: [N, 3]; grade: [N] in 0..2 for A, B, C; example_weight: [N] (section 2.5); distance_weights: False gives
    the equal weights that the paper compares with.
    """
    classes = torch.arange(logits.shape[1], device=logits.device)
    distance = (classes - grade[:, None]).abs()                                 # [N, 3], zero at the truth
    weight = distance if distance_weights else distance.clamp(max=1)
    # log(1 - softmax) of a class from the other classes' logits: 1 - p would round to 0, and its gradient vanish,
    # just where the network is most confidently wrong.
    others = logits[:, None, :].masked_fill(torch.eye(len(classes), dtype=torch.bool, device=logits.device), -torch.inf)
    log_rest = others.logsumexp(dim=2) - logits.logsumexp(dim=1, keepdim=True)  # [N, 3]
    loss = -(weight * log_rest).sum(dim=1)                                      # [N]
    return (loss if example_weight is None else loss * example_weight).mean()


def categorical_cross_entropy(logits: Tensor, grade: Tensor, example_weight: Optional[Tensor] = None) -> Tensor:
    """Mean over the batch of Eq. 1: only the mass on the true grade counts, wherever the rest lies.

    logits: [N, 3]; grade: [N] in 0..2 for A, B, C; example_weight: [N] (section 2.5).
    """
    # Not cross_entropy's own weights: it divides by their sum, and the batch's mix of grades would change the scale.
    loss = functional.cross_entropy(logits, grade, reduction="none")            # [N]
    return (loss if example_weight is None else loss * example_weight).mean()


def linear_regression_loss(score: Tensor, grade: Tensor, example_weight: Optional[Tensor] = None) -> Tensor:
    """Mean squared error on the scale C=0, B=1, A=2: Table 7's linear regression (scale: section 4.1, Table 3).

    score: [N, 1], the output itself, of no fixed range; grade: [N] in 0..2 for A, B, C; example_weight: [N].
    """
    loss = (score.squeeze(1) - (2 - grade)).square()                            # [N]
    return (loss if example_weight is None else loss * example_weight).mean()


def fit_grade_thresholds(score: Tensor, grade: Tensor) -> Tensor:
    """The two thresholds that grade most of the training data right (section 2.4), for `thresholded_grade`.

    score: [N, 1]; grade: [N] in 0..2 for A, B, C. Returns float64 [2]: B from the first on, A from the second on.
    Each is halfway between two neighbouring scores, or infinite where a grade at the end is best never given.
    """
    # Double: halfway between two neighbouring floats there is no third one.
    score, order = score.detach().squeeze(1).double().sort()
    right = functional.one_hot(grade[order], 3).cumsum(dim=0)                   # [N, 3] of A, B, C up to each score
    right = functional.pad(right, (0, 0, 1, 0))                                 # [N + 1, 3] of A, B, C below each cut
    ends = score.new_tensor([torch.inf])
    below, above = torch.cat([-ends, score]), torch.cat([score, ends])
    possible = below < above                                                    # no cut goes between equal scores
    right, cut = right[possible], ((below + above) / 2)[possible]
    # Right in all are the C below the first cut, the B from there to the second, and the A beyond: a sum of a term for
    # each cut, so that the best first cut at or before every second one is a running maximum.
    first, second = right[:, 2] - right[:, 1], right[:, 1] - right[:, 0]
    to_a = (first.cummax(dim=0).values + second).argmax()
    to_b = first[: to_a + 1].argmax()
    return torch.stack([cut[to_b], cut[to_a]])


def thresholded_grade(score: Tensor, thresholds: Tensor) -> Tensor:
    """score: [N, 1]; thresholds: [2] of `fit_grade_thresholds` -> [N] in 0..2 for A, B, C."""
    return 2 - (score >= thresholds).sum(dim=1)


def binary_decomposition_loss(logits: Tensor, grade: Tensor, example_weight: Optional[Tensor] = None) -> Tensor:
    """Table 7's ordinal binary decomposition (section 2.4): the binary cross-entropies of two questions, added.

    logits: [N, 2], before the sigmoid: better than C? better than B?; grade: [N] in 0..2 for A, B, C;
    example_weight: [N], the grade's (section 2.5), for both questions.
    """
    answer = grade[:, None] < torch.tensor([2, 1], device=grade.device)         # [N, 2]
    loss = functional.binary_cross_entropy_with_logits(logits, answer.to(logits.dtype), reduction="none").sum(dim=1)
    return (loss if example_weight is None else loss * example_weight).mean()


def decomposed_logits(logits: Tensor) -> Tensor:
    """logits: [N, 2] -> [N, 3]: the log-likelihood of each grade's two answers, less what all three have in common."""
    better_than_c, better_than_b = logits.unbind(dim=1)
    return torch.stack([better_than_c + better_than_b, better_than_c, torch.zeros_like(better_than_c)], dim=1)


def decomposed_grade(logits: Tensor) -> Tensor:
    """The grade whose `binary_decomposition_loss` is least. logits: [N, 2] -> [N] in 0..2 for A, B, C.

    Each answer counts as yes from a sigmoid of 0.5 on. Better than B and yet not better than C contradicts itself: then
    the surer answer holds, A or C, for B is what both deny. The paper gives no rule.
    """
    return decomposed_logits(logits).argmax(dim=1)


def inverse_frequency_weights(grade: Tensor, classes: int = 3) -> Tensor:
    """[N] grades of the training split -> [3] weights, 1 / frequency (section 2.5: 13 % of C give it 7.7).

    The paper's own example prints 5.9, which is 1 / 17 %. A class that never occurs counts as if seen once.
    """
    return len(grade) / torch.bincount(grade, minlength=classes).clamp(min=1).float()


def tissue_loss(logits: Tensor, tissues: Tensor) -> Tensor:
    """Cross-entropy per pixel plus 1 - the mean Dice coefficient of ICM and TE over the batch.

    logits: [N, 3, H, W]; tissues: [N, H, W] in 0..2. Dice keeps a small ICM from drowning among the other pixels.
    """
    share = logits.softmax(dim=1)                                               # [N, 3, H, W]
    truth = functional.one_hot(tissues, 3).permute(0, 3, 1, 2)
    overlap, both = (share * truth).sum(dim=(0, 2, 3)), (share + truth).sum(dim=(0, 2, 3))                  # [3]
    dice = (2 * overlap + 1) / (both + 1)
    return functional.cross_entropy(logits, tissues) + 1 - dice[1:].mean()


def dice_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """1 - the Dice coefficient of the whole batch (appendix of the paper). logits, mask: [N, 64, 64], mask 0 or 1.

    Over the batch and not per picture: an empty well has no overlap to win, but its false pixels still cost.
    """
    embryo = torch.sigmoid(logits)
    return 1 - (2 * (embryo * mask).sum() + 1) / (embryo.sum() + mask.sum() + 1)
