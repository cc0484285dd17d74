"""What the augmentations of several trainings share."""

import torch
from torch import Tensor


def uniform(count: int, low: float, high: float) -> Tensor:
    """[count], each drawn evenly from low to high."""
    return low + (high - low) * torch.rand(count)
