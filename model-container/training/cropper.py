"""The cropper: the small U-Net of Kragh et al. 2019, Table A.9 (469,089 parameters with batch-norm statistics)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def conv_relu_norm_twice(channels_in: int, channels_out: int) -> nn.Sequential:
    """[3 x 3 conv + ReLU + BN] x 2, in the order the table prints."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(channels_out, eps=1e-3),
        nn.Conv2d(channels_out, channels_out, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(channels_out, eps=1e-3),
    )


class Upsample(nn.Module):
    """2 x 2 nearest upsampling + 2 x 2 conv that keeps the size."""

    def __init__(self, channels_in: int, channels_out: int):
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        # An even kernel cannot be centred: "same" pads right and bottom, as TensorFlow does.
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Cropper(nn.Module):
    """Which pixels show the embryo. Takes the picture as it is and scales it itself, so that serving cannot differ."""

    def __init__(self):
        super().__init__()
        self.contraction1 = conv_relu_norm_twice(3, 32)
        self.contraction2 = conv_relu_norm_twice(32, 64)
        self.bottleneck = conv_relu_norm_twice(64, 128)
        self.upsample1 = Upsample(128, 64)
        self.expansion1 = conv_relu_norm_twice(128, 64)
        self.upsample2 = Upsample(64, 32)
        self.expansion2 = conv_relu_norm_twice(64, 32)
        self.classification = nn.Conv2d(32, 1, 1)

    def forward(self, picture: Tensor) -> Tensor:
        """picture: uint8 (or float 0..255) [N, 3, 64, 64] -> logits [N, 64, 64]; their sigmoid is P(embryo)."""
        x = picture.float() / 127.5 - 1
        fine = self.contraction1(x)                                             # [N,  32, 64, 64]
        coarse = self.contraction2(F.max_pool2d(fine, 2))                       # [N,  64, 32, 32]
        x = self.bottleneck(F.max_pool2d(coarse, 2))                            # [N, 128, 16, 16]
        x = self.expansion1(torch.cat([self.upsample1(x), coarse], dim=1))      # [N,  64, 32, 32]
        x = self.expansion2(torch.cat([self.upsample2(x), fine], dim=1))        # [N,  32, 64, 64]
        return self.classification(x).squeeze(1)
