"""The segmenter: which pixels of a cropped still show the inner cell mass, and which the trophectoderm.

A U-Net (Ronneberger et al. 2015) with few channels at full resolution, where the trophectoderm is a ring of a few
pixels. Kim et al. 2024 outline both by hand and leave this step to the future.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TISSUES = ("other", "icm", "te")        # core/contracts/segmentation.ts
CHANNELS = (8, 16, 32, 48, 64)


def conv_norm_relu_twice(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
        nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU(),
    )


class Segmenter(nn.Module):
    """Takes the still as it is and brings it to mean 0 and deviation 1 itself: lamps and cameras differ."""

    def __init__(self):
        super().__init__()
        ins = (1, *CHANNELS[:-1])
        self.contractions = nn.ModuleList(conv_norm_relu_twice(a, b) for a, b in zip(ins, CHANNELS))
        self.expansions = nn.ModuleList(
            conv_norm_relu_twice(coarse + fine, fine) for coarse, fine in zip(CHANNELS[:0:-1], CHANNELS[-2::-1])
        )
        self.classification = nn.Conv2d(CHANNELS[0], len(TISSUES), 1)

    def forward(self, still: Tensor) -> Tensor:
        """still: uint8 (or float 0..255) [N, 1, 224, 224] -> logits [N, 3, 224, 224] of the tissues."""
        x = still.float()
        x = x - x.mean(dim=(1, 2, 3), keepdim=True)
        x = x / ((x * x).mean(dim=(1, 2, 3), keepdim=True) + 1).sqrt()
        skipped = []
        for level, contraction in enumerate(self.contractions):
            x = contraction(F.max_pool2d(x, 2) if level > 0 else x)     # [N, 8, 224, 224] ... [N, 64, 14, 14]
            skipped.append(x)
        for expansion, fine in zip(self.expansions, skipped[-2::-1]):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = expansion(torch.cat([x, fine], dim=1))
        return self.classification(x)
