"""Networks as they are served: scaling and decoding inside, so that serving cannot differ from training; and as ONNX."""

import hashlib
import inspect
import io
import sys
import warnings
from pathlib import Path
from typing import Optional

import torch
from torch import Tensor, nn

from cropper import Cropper
from heads import GradeHeads, grade_scores
from lstm import SEQUENCE_FRAMES, LstmGrader
from pregnancy import PregnancyNetwork
from run_folder import make_folder, write_atomically
from segmenter import Segmenter
from xception import CnnGrader


class ServedCropper(nn.Module):
    """picture uint8 [N, 3, 64, 64] -> embryo [N, 64, 64], the probability of each pixel."""

    def __init__(self, cropper: Cropper):
        super().__init__()
        self.cropper = cropper

    def forward(self, picture: Tensor) -> Tensor:
        return torch.sigmoid(self.cropper(picture))


class ServedCnn(nn.Module):
    """frames uint8 [N, 3, 224, 224] -> features [N, F], then the scores of each task [N, 3].

    thresholds: linear regression's, of each task.
    """

    def __init__(self, cnn: CnnGrader, thresholds: "Optional[dict[str, Tensor]]" = None):
        super().__init__()
        self.cnn, self.thresholds = cnn, thresholds or {}

    def forward(self, frames: Tensor) -> "tuple[Tensor, ...]":
        features, outputs = self.cnn(frames)
        return (features, *task_scores(self.cnn.heads, outputs, self.thresholds))


class ServedRnn(nn.Module):
    """features [N, 30, F] -> the scores of each task [N, 3]. thresholds: linear regression's, of each task."""

    def __init__(self, rnn: LstmGrader, thresholds: "Optional[dict[str, Tensor]]" = None):
        super().__init__()
        self.rnn, self.thresholds = rnn, thresholds or {}

    def forward(self, features: Tensor) -> "tuple[Tensor, ...]":
        return task_scores(self.rnn.heads, self.rnn(features), self.thresholds)


class ServedSegmenter(nn.Module):
    """still uint8 [N, 1, 224, 224] -> tissues [N, 3, 224, 224], the probability of each tissue."""

    def __init__(self, segmenter: Segmenter):
        super().__init__()
        self.segmenter = segmenter

    def forward(self, still: Tensor) -> Tensor:
        return self.segmenter(still).softmax(dim=1)


class ServedPregnancy(nn.Module):
    """image uint8 [N, 3, 224, 224], age_years [N] -> logit [N], attention [N, 7, 7], the Grad-CAM of that logit."""

    def __init__(self, pregnancy: PregnancyNetwork):
        super().__init__()
        self.pregnancy = pregnancy

    def forward(self, image: Tensor, age_years: Tensor) -> "tuple[Tensor, Tensor]":
        maps = self.pregnancy.maps(image)
        return self.pregnancy.logit(maps, age_years), self.pregnancy.attention(maps)


def task_scores(heads: GradeHeads, outputs: "dict[str, Tensor]", thresholds: "dict[str, Tensor]") -> "tuple[Tensor, ...]":
    return tuple(grade_scores(heads.loss, outputs[task], thresholds.get(task)) for task in heads.tasks)


def write_cropper(path: Path, cropper: Cropper) -> str:
    example = torch.zeros(2, 3, 64, 64, dtype=torch.uint8)
    return write_onnx(path, ServedCropper(cropper), example, ["picture"], ["embryo"])


def write_cnn(path: Path, cnn: CnnGrader, thresholds: "Optional[dict[str, Tensor]]" = None) -> str:
    example = torch.zeros(2, 3, 224, 224, dtype=torch.uint8)
    return write_onnx(path, ServedCnn(cnn, thresholds), example, ["frames"], ["features", *cnn.heads.tasks])


def write_rnn(path: Path, rnn: LstmGrader, thresholds: "Optional[dict[str, Tensor]]" = None) -> str:
    example = torch.zeros(2, SEQUENCE_FRAMES, rnn.features)
    return write_onnx(path, ServedRnn(rnn, thresholds), example, ["features"], list(rnn.heads.tasks))


def write_segmenter(path: Path, segmenter: Segmenter) -> str:
    example = torch.zeros(2, 1, 224, 224, dtype=torch.uint8)
    return write_onnx(path, ServedSegmenter(segmenter), example, ["still"], ["tissues"])


def write_pregnancy(path: Path, pregnancy: PregnancyNetwork) -> str:
    example = torch.zeros(2, 3, 224, 224, dtype=torch.uint8), torch.full((2,), 35.0)
    return write_onnx(path, ServedPregnancy(pregnancy), example, ["image", "age_years"], ["logit", "attention"])


def write_onnx(
    path: Path, model: nn.Module, example: "Tensor | tuple[Tensor, ...]", inputs: "list[str]", outputs: "list[str]"
) -> str:
    """Evaluation mode, batch norm folded into the convolutions where it follows one, any number of examples.

    Returns the file's SHA-256.
    """
    # The exporter of PyTorch 2 that is the default since 2.9 needs packages that this one does not.
    legacy = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The exporter remarks on each constant that it leaves to ONNX Runtime to fold.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.eval(), example if isinstance(example, tuple) else (example,), buffer,
            input_names=inputs, output_names=outputs, opset_version=13,
            dynamic_axes={name: {0: "n"} for name in inputs + outputs}, **legacy,
        )
    content = buffer.getvalue()
    make_folder(path.parent)
    write_atomically(path, content)
    print(f"wrote {path}, {len(content) / 1e6:.1f} MB", file=sys.stderr)
    return hashlib.sha256(content).hexdigest()
