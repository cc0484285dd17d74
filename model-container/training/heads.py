"""What a grading network ends in: a head for each grade, and for each loss of Table 7 its size, training and decoding."""

from typing import Optional, Sequence

import torch
from torch import Tensor, nn

from losses import (
    binary_decomposition_loss,
    categorical_cross_entropy,
    decomposed_grade,
    decomposed_logits,
    linear_regression_loss,
    ordinal_cross_entropy,
    thresholded_grade,
)

TASKS = {"both": ("icm", "te"), "icm": ("icm",), "te": ("te",)}
LOSSES = {
    "ordinal": ordinal_cross_entropy,
    "categorical": categorical_cross_entropy,
    "linear": linear_regression_loss,
    "binary": binary_decomposition_loss,
}
OUTPUTS = {"ordinal": 3, "categorical": 3, "linear": 1, "binary": 2}
# Halfway between the grades' own numbers: where an epoch of linear regression is judged before thresholds are fitted.
UNFITTED_THRESHOLDS = torch.tensor([0.5, 1.5], dtype=torch.float64)


class GradeHeads(nn.Module):
    """One fully connected layer for each task."""

    def __init__(self, features: int, tasks: Sequence[str], loss: str):
        super().__init__()
        self.tasks, self.loss = tuple(tasks), loss
        self.of = nn.ModuleDict({task: nn.Linear(features, OUTPUTS[loss]) for task in tasks})

    def forward(self, features: Tensor) -> "dict[str, Tensor]":
        """features: [N, F] -> each task's outputs [N, 3], [N, 2] or [N, 1], as the loss takes them."""
        return {task: self.of[task](features) for task in self.tasks}


def grading_loss(
    loss: str, outputs: "dict[str, Tensor]", grades: "dict[str, Tensor]", weights: "dict[str, Tensor]"
) -> Tensor:
    """The tasks weighted equally, each example by its class (section 2.5), in float32 whatever the outputs are in.

    Of each task: grades [N], weights [3].
    """
    return sum(LOSSES[loss](out.float(), grades[task], weights[task][grades[task]]) for task, out in outputs.items())


def predicted_grade(loss: str, output: Tensor, thresholds: Tensor = UNFITTED_THRESHOLDS) -> Tensor:
    """A head's output -> [N] in 0..2 for A, B, C (section 2.4). thresholds: linear regression's."""
    if loss == "linear":
        return thresholded_grade(output.double(), thresholds)
    return decomposed_grade(output) if loss == "binary" else output.argmax(dim=1)


def grade_scores(loss: str, output: Tensor, thresholds: Optional[Tensor] = None) -> Tensor:
    """A head's output -> scores of A, B, C, [N, 3], rows summing to 1, greatest at `predicted_grade`."""
    if loss == "linear":
        # In double, as the thresholds were fitted: halfway between two neighbouring floats there is no third one.
        grade = thresholded_grade(output.double(), thresholds)
        return (grade[:, None] == torch.arange(3)).float()
    return (decomposed_logits(output) if loss == "binary" else output).softmax(dim=1)
