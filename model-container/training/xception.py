"""The CNN: Xception (Chollet 2017, the Keras layout) with the two heads of Kragh et al. 2019, Fig. 2 and Table 1."""

from typing import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from heads import TASKS, GradeHeads


def scaled(channels: int, width: float) -> int:
    """Channels at a width: to a multiple of 8, which keeps every count of the standard network at width 1."""
    return max(8, 8 * round(channels * width / 8))


def norm(channels: int) -> nn.BatchNorm2d:
    # Keras's eps. Its momentum (0.99) would leave the running statistics of a short training behind the weights.
    return nn.BatchNorm2d(channels, eps=1e-3)


class SeparableConv(nn.Sequential):
    """Depthwise 3 x 3, pointwise 1 x 1, batch norm; no biases."""

    def __init__(self, channels_in: int, channels_out: int):
        super().__init__(
            nn.Conv2d(channels_in, channels_in, 3, padding=1, groups=channels_in, bias=False),
            nn.Conv2d(channels_in, channels_out, 1, bias=False),
            norm(channels_out),
        )


class DownBlock(nn.Module):
    """Two separable convolutions and a 3 x 3 / 2 pool beside a strided 1 x 1 shortcut.

    odd: whether the block's input has an odd side. TensorFlow's "same" pooling then pads one pixel on each side, and
    with an even side only at the end, which is what `ceil_mode` without padding does.
    """

    def __init__(self, channels_in: int, channels_mid: int, channels_out: int, *, odd: bool, relu_first: bool):
        super().__init__()
        self.relu_first = relu_first
        self.conv1 = SeparableConv(channels_in, channels_mid)
        self.conv2 = SeparableConv(channels_mid, channels_out)
        self.pool = nn.MaxPool2d(3, 2, padding=1) if odd else nn.MaxPool2d(3, 2, ceil_mode=True)
        self.shortcut = nn.Conv2d(channels_in, channels_out, 1, stride=2, bias=False)
        self.shortcut_norm = norm(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = self.shortcut_norm(self.shortcut(x))
        x = self.conv1(F.relu(x) if self.relu_first else x)
        return self.pool(self.conv2(F.relu(x))) + shortcut


class MiddleBlock(nn.Module):
    """Three times ReLU and separable convolution beside the identity."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = SeparableConv(channels, channels)
        self.conv2 = SeparableConv(channels, channels)
        self.conv3 = SeparableConv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv3(F.relu(self.conv2(F.relu(self.conv1(F.relu(x)))))) + x


class Xception(nn.Module):
    """20,861,480 parameters at width 1 with batch-norm statistics, without a top."""

    def __init__(self, width: float = 1.0):
        super().__init__()
        c32, c64, c128, c256, c728, c1024, c1536, c2048 = (
            scaled(channels, width) for channels in (32, 64, 128, 256, 728, 1024, 1536, 2048)
        )
        self.features = c2048
        self.conv1 = nn.Conv2d(3, c32, 3, stride=2, bias=False)
        self.norm1 = norm(c32)
        self.conv2 = nn.Conv2d(c32, c64, 3, bias=False)
        self.norm2 = norm(c64)
        self.down1 = DownBlock(c64, c128, c128, odd=True, relu_first=False)
        self.down2 = DownBlock(c128, c256, c256, odd=True, relu_first=True)
        self.down3 = DownBlock(c256, c728, c728, odd=False, relu_first=True)
        self.middle = nn.Sequential(*(MiddleBlock(c728) for _ in range(8)))
        self.down4 = DownBlock(c728, c728, c1024, odd=False, relu_first=True)
        self.conv3 = SeparableConv(c1024, c1536)
        self.conv4 = SeparableConv(c1536, c2048)

    def forward(self, frames: Tensor) -> Tensor:
        """frames: uint8 [N, 3, 224, 224] -> features [N, F]; F is 2048 at width 1."""
        x = frames.float() / 127.5 - 1
        x = F.relu(self.norm1(self.conv1(x)))                   # [N,   32, 111, 111]
        x = F.relu(self.norm2(self.conv2(x)))                   # [N,   64, 109, 109]
        x = self.down2(self.down1(x))                           # [N,  128,  55,  55] -> [N, 256, 28, 28]
        x = self.middle(self.down3(x))                          # [N,  728,  14,  14]
        x = self.down4(x)                                       # [N, 1024,   7,   7]
        x = F.relu(self.conv4(F.relu(self.conv3(x))))           # [N, 2048,   7,   7]
        return x.mean(dim=(2, 3))


class CnnGrader(nn.Module):
    """Xception and a fully connected head for each task (2 x 6,147 parameters at width 1): the grades of one still."""

    def __init__(self, width: float = 1.0, tasks: Sequence[str] = TASKS["both"], loss: str = "ordinal"):
        super().__init__()
        self.xception = Xception(width)
        self.heads = GradeHeads(self.xception.features, tasks, loss)

    def forward(self, frames: Tensor) -> "tuple[Tensor, dict[str, Tensor]]":
        """frames: uint8 [N, 3, 224, 224] -> features [N, F], and each task's outputs before any softmax."""
        features = self.xception(frames)
        return features, self.heads(features)
