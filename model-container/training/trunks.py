"""The three networks that Kim et al. 2024 compare, up to their last 7 x 7 feature maps, at any width.

Layers are named as torchvision names them, so that its ImageNet weights fit at width 1. Its own classes have no width.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from xception import scaled


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels)


class Vgg16(nn.Module):
    """Simonyan and Zisserman 2015, configuration D without its fully connected layers."""

    def __init__(self, width: float):
        super().__init__()
        layers, channels_in = [], 3
        for channels, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
            for _ in range(count):
                layers += [nn.Conv2d(channels_in, scaled(channels, width), 3, padding=1), nn.ReLU()]
                channels_in = scaled(channels, width)
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.channels = channels_in
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                # Thirteen layers without batch norm do not train from PyTorch's own beginning.
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)                                 # [N, 512, 7, 7]


class Bottleneck(nn.Module):
    def __init__(self, channels_in: int, channels_mid: int, channels_out: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_mid, 1, bias=False)
        self.bn1 = norm(channels_mid)
        self.conv2 = nn.Conv2d(channels_mid, channels_mid, 3, stride=stride, padding=1, bias=False)
        self.bn2 = norm(channels_mid)
        self.conv3 = nn.Conv2d(channels_mid, channels_out, 1, bias=False)
        self.bn3 = norm(channels_out)
        self.downsample = None
        if stride != 1 or channels_in != channels_out:
            shortcut = nn.Conv2d(channels_in, channels_out, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(shortcut, norm(channels_out))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        return F.relu(self.bn3(self.conv3(x)) + shortcut)


class ResNet50(nn.Module):
    """He et al. 2016, with the stride in the 3 x 3 convolution as torchvision has it."""

    def __init__(self, width: float):
        super().__init__()
        self.conv1 = nn.Conv2d(3, scaled(64, width), 7, stride=2, padding=3, bias=False)
        self.bn1 = norm(scaled(64, width))
        channels_in = scaled(64, width)
        for stage, (channels, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
            mid, out = scaled(channels, width), scaled(4 * channels, width)
            layer = [Bottleneck(channels_in, mid, out, 1 if stage == 0 else 2)]
            layer += [Bottleneck(out, mid, out, 1) for _ in range(blocks - 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layer))
            channels_in = out
        self.channels = channels_in

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, padding=1)      # [N,   64, 56, 56]
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))            # [N, 2048,  7,  7]


class DenseLayer(nn.Module):
    def __init__(self, channels_in: int, growth: int):
        super().__init__()
        self.norm1 = norm(channels_in)
        self.conv1 = nn.Conv2d(channels_in, 4 * growth, 1, bias=False)
        self.norm2 = norm(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        new = self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))
        return torch.cat([x, new], dim=1)


class DenseNet121(nn.Module):
    """Huang et al. 2017."""

    def __init__(self, width: float):
        super().__init__()
        growth, channels = scaled(32, width), scaled(64, width)
        self.features = nn.Sequential()
        self.features.add_module("conv0", nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False))
        self.features.add_module("norm0", norm(channels))
        self.features.add_module("relu0", nn.ReLU())
        self.features.add_module("pool0", nn.MaxPool2d(3, 2, padding=1))
        for block, layers in enumerate((6, 12, 24, 16), start=1):
            dense = nn.Sequential()
            for layer in range(1, layers + 1):
                dense.add_module(f"denselayer{layer}", DenseLayer(channels, growth))
                channels += growth
            self.features.add_module(f"denseblock{block}", dense)
            if block < 4:
                between = nn.Sequential()
                between.add_module("norm", norm(channels))
                between.add_module("relu", nn.ReLU())
                between.add_module("conv", nn.Conv2d(channels, channels // 2, 1, bias=False))
                between.add_module("pool", nn.AvgPool2d(2))
                self.features.add_module(f"transition{block}", between)
                channels //= 2
        self.features.add_module("norm5", norm(channels))
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.features(x))                         # [N, 1024, 7, 7]


TRUNKS = {"vgg16": Vgg16, "resnet50": ResNet50, "densenet121": DenseNet121}
