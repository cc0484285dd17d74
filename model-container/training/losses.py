"""What training minimises: ordinal cross-entropy (Kragh et al. 2019, Eq. 2 and 3), class weights, Dice."""

from typing import Optional

import torch
from torch import Tensor


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


def inverse_frequency_weights(grade: Tensor, classes: int = 3) -> Tensor:
    """[N] grades of the training split -> [3] weights, 1 / frequency (section 2.5: 13 % of C give it 7.7).

    The paper's own example prints 5.9, which is 1 / 17 %. A class that never occurs counts as if seen once.
    """
    return len(grade) / torch.bincount(grade, minlength=classes).clamp(min=1).float()


def grading_loss(
    icm_logits: Tensor, te_logits: Tensor, icm: Tensor, te: Tensor, icm_weights: Tensor, te_weights: Tensor
) -> Tensor:
    """ICM and TE weighted equally, each example by its class (section 2.5). Weights: [3]; grades: [N]."""
    return ordinal_cross_entropy(icm_logits, icm, icm_weights[icm]) + ordinal_cross_entropy(te_logits, te, te_weights[te])


def dice_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """1 - the Dice coefficient of the whole batch (appendix of the paper). logits, mask: [N, 64, 64], mask 0 or 1.

    Over the batch and not per picture: an empty well has no overlap to win, but its false pixels still cost.
    """
    embryo = torch.sigmoid(logits)
    return 1 - (2 * (embryo * mask).sum() + 1) / (embryo.sum() + mask.sum() + 1)
