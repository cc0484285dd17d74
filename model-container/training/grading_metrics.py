"""What a grading network's epoch is judged by on the validation split."""

import torch
from torch import Tensor

from dataset import Embryos
from losses import grading_loss


def grading_metrics(
    icm_logits: Tensor, te_logits: Tensor, embryos: Embryos, icm_weights: Tensor, te_weights: Tensor
) -> "dict[str, float]":
    """The loss of training, and each grade's accuracy beside what calling every embryo the commonest grade would score."""
    metrics = {
        "val_loss": grading_loss(icm_logits, te_logits, embryos.icm, embryos.te, icm_weights, te_weights).item()
    }
    for name, logits, grade in (("icm", icm_logits, embryos.icm), ("te", te_logits, embryos.te)):
        metrics[f"val_{name}_accuracy"] = (logits.argmax(dim=1) == grade).float().mean().item()
        metrics[f"val_{name}_majority"] = (torch.bincount(grade).max() / len(grade)).item()
    return metrics
