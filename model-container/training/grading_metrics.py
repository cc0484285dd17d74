"""What a grading network's epoch is judged by on the validation split."""

import torch
from torch import Tensor

from heads import grading_loss, predicted_grade


def grading_metrics(
    loss: str, outputs: "dict[str, Tensor]", grades: "dict[str, Tensor]", weights: "dict[str, Tensor]"
) -> "dict[str, float]":
    """The loss of training, and each grade's accuracy beside what calling every embryo the commonest grade would score.

    Of each task: outputs of its head, grades [N] in 0..2, weights [3] of the classes.
    """
    metrics = {"val_loss": grading_loss(loss, outputs, grades, weights).item()}
    for task, output in outputs.items():
        grade = grades[task]
        metrics[f"val_{task}_accuracy"] = (predicted_grade(loss, output) == grade).float().mean().item()
        metrics[f"val_{task}_majority"] = (torch.bincount(grade).max() / len(grade)).item()
    return metrics
