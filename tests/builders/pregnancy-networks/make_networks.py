"""Writes segmenter.onnx and pregnancy.onnx, whose answers can be told by hand. Needs PyTorch; any release.

    python3 tests/builders/pregnancy-networks/make_networks.py

Segmenter: bright pixels within 40 pixels of the picture's centre are ICM, those from 80 to 95 are TE; black ones are neither.
Pregnancy: the map is the second channel's mean in each cell; the logit is 0.1 (36 - age) - first + 4 second + 2 third, where
first, second and third are the means of the three channels over 255.
"""

import inspect
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

HERE = Path(__file__).resolve().parent
SIDE = 224


class HandMadeSegmenter(nn.Module):
    def __init__(self):
        super().__init__()
        from_centre = (torch.arange(SIDE) - (SIDE - 1) / 2) ** 2
        self.register_buffer("down", from_centre.view(1, 1, SIDE, 1))
        self.register_buffer("across", from_centre.view(1, 1, 1, SIDE))

    def forward(self, still: Tensor) -> Tensor:
        bright = (still > 0).float()                                            # [N, 1, 224, 224]
        # Multiplied in before the sum, or the exporter would fold the sum into a constant of 200 kB.
        squared_radius = self.down * torch.ones_like(bright) + self.across
        icm = bright * (squared_radius < 40**2).float()
        te = bright * (squared_radius >= 80**2).float() * (squared_radius < 95**2).float()
        return torch.cat([2 * torch.ones_like(bright), 5 * icm, 5 * te], dim=1).softmax(dim=1)


class HandMadePregnancy(nn.Module):
    def forward(self, image: Tensor, age_years: Tensor) -> "tuple[Tensor, Tensor]":
        cells = functional.avg_pool2d(image.float() / 255, SIDE // 7)           # [N, 3, 7, 7]
        first, second, third = cells.mean(dim=(2, 3)).unbind(dim=1)
        return 0.1 * (36 - age_years) - first + 4 * second + 2 * third, cells[:, 1]


def write(name: str, network: nn.Module, examples: "tuple[Tensor, ...]", inputs: "list[str]", outputs: "list[str]") -> None:
    legacy = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    torch.onnx.export(
        network.eval(), examples, str(HERE / name), input_names=inputs, output_names=outputs, opset_version=13,
        dynamic_axes={each: {0: "n"} for each in inputs + outputs}, **legacy,
    )


if __name__ == "__main__":
    still = torch.zeros(2, 1, SIDE, SIDE, dtype=torch.uint8)
    write("segmenter.onnx", HandMadeSegmenter(), (still,), ["still"], ["tissues"])
    image = torch.zeros(2, 3, SIDE, SIDE, dtype=torch.uint8)
    write("pregnancy.onnx", HandMadePregnancy(), (image, torch.full((2,), 36.0)), ["image", "age_years"], ["logit", "attention"])
