"""Writes trained networks as ONNX, and golden inputs and outputs that the model server is held to.

    export.py cropper --run RUN --out OUTDIR                    cropper.onnx of RUN/cropper/best.pt
    export.py grader --run RUN --out OUTDIR                     cnn.onnx and rnn.onnx of RUN/cnn and RUN/rnn
    export.py golden --run RUN --data DATASET --out OUTDIR      golden.npz
    export.py random-full --out OUTDIR --seed 1                 cnn and rnn at full width with random weights, for the bench
"""

import require_torch  # noqa: F401  isort: skip

import argparse
import inspect
import io
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from cropper import Cropper
from dataset import clip_path, npz_bytes, open_stills, read_clip_frames, read_cropper_pictures, read_embryos
from lstm import SEQUENCE_FRAMES, LstmGrader, padded
from run_folder import load_checkpoint, save_checkpoint, weights_digest, write_atomically
from train_rnn import clip_features, load_cnn
from xception import CnnGrader


class ServedCropper(nn.Module):
    """picture uint8 [N, 3, 64, 64] -> embryo [N, 64, 64], the probability of each pixel."""

    def __init__(self, cropper: Cropper):
        super().__init__()
        self.cropper = cropper

    def forward(self, picture: Tensor) -> Tensor:
        return torch.sigmoid(self.cropper(picture))


class ServedCnn(nn.Module):
    """frames uint8 [N, 3, 224, 224] -> features [N, F], icm and te softmax [N, 3]."""

    def __init__(self, cnn: CnnGrader):
        super().__init__()
        self.cnn = cnn

    def forward(self, frames: Tensor) -> "tuple[Tensor, Tensor, Tensor]":
        features, icm, te = self.cnn(frames)
        return features, icm.softmax(dim=1), te.softmax(dim=1)


class ServedRnn(nn.Module):
    """features [N, 30, F] -> icm and te softmax [N, 3]."""

    def __init__(self, rnn: LstmGrader):
        super().__init__()
        self.rnn = rnn

    def forward(self, features: Tensor) -> "tuple[Tensor, Tensor]":
        icm, te = self.rnn(features)
        return icm.softmax(dim=1), te.softmax(dim=1)


def write_onnx(path: Path, model: nn.Module, example: Tensor, inputs: "list[str]", outputs: "list[str]") -> None:
    """Evaluation mode, batch norm folded into the convolutions where it follows one, any number of examples."""
    # The exporter of PyTorch 2 that is the default since 2.9 needs packages that this one does not.
    legacy = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The exporter remarks on each constant that it leaves to ONNX Runtime to fold.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.eval(), (example,), buffer, input_names=inputs, output_names=outputs, opset_version=13,
            dynamic_axes={name: {0: "n"} for name in inputs + outputs}, **legacy,
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, buffer.getvalue())
    print(f"wrote {path}, {len(buffer.getvalue()) / 1e6:.1f} MB", file=sys.stderr)


def write_cropper(out: Path, cropper: Cropper) -> None:
    example = torch.zeros(2, 3, 64, 64, dtype=torch.uint8)
    write_onnx(out / "cropper.onnx", ServedCropper(cropper), example, ["picture"], ["embryo"])


def write_grader(out: Path, cnn: CnnGrader, rnn: LstmGrader) -> None:
    example = torch.zeros(2, 3, 224, 224, dtype=torch.uint8)
    write_onnx(out / "cnn.onnx", ServedCnn(cnn), example, ["frames"], ["features", "icm", "te"])
    example = torch.zeros(2, SEQUENCE_FRAMES, rnn.features)
    write_onnx(out / "rnn.onnx", ServedRnn(rnn), example, ["features"], ["icm", "te"])


def load_cropper(path: Path) -> Cropper:
    cropper = Cropper()
    cropper.load_state_dict(load_checkpoint(path, "cropper")["model"])
    return cropper.eval()


def load_grader(cnn_path: Path, rnn_path: Path) -> "tuple[CnnGrader, LstmGrader]":
    """The CNN and the LSTM that was trained on its features, and on no other CNN's."""
    cnn, checkpoint = load_cnn(cnn_path), load_checkpoint(rnn_path, "rnn")
    if checkpoint["recipe"]["cnn_digest"] != weights_digest(cnn):
        sys.exit(f"{rnn_path} was trained on the features of another CNN than {cnn_path}: train the RNN again.")
    rnn = LstmGrader(checkpoint["recipe"]["features"])
    rnn.load_state_dict(checkpoint["model"])
    return cnn, rnn.eval()


@torch.no_grad()
def golden_arrays(cropper: Cropper, cnn: CnnGrader, rnn: LstmGrader, data: Path) -> "dict[str, np.ndarray]":
    """Test pictures, stills and a clip of five frames with what PyTorch makes of them."""
    embryos = read_embryos(data, "test", 2)
    pictures = read_cropper_pictures(data, "test", 2).pictures
    frames = torch.from_numpy(open_stills(data)[embryos.row.numpy(), 0])        # [2, 3, 224, 224]
    clip = read_clip_frames(clip_path(data, embryos.embryo_id[0]))
    features, icm, te = ServedCnn(cnn)(frames)
    # One real sequence with its padding, and one without padding whose values reach the flat ends of the gates.
    whole = padded(clip_features(cnn, clip))
    dense = torch.randn(whole.shape, generator=torch.Generator().manual_seed(1)) * 2
    rnn_features = torch.stack([whole, dense])                                  # [2, 30, F]
    rnn_icm, rnn_te = ServedRnn(rnn)(rnn_features)
    clip = clip[:5]                                                             # [5, 3, 224, 224]
    of_clip = clip_features(cnn, clip)
    clip_icm, clip_te = ServedRnn(rnn)(padded(of_clip)[None])
    tensors = {
        "cropper_picture": pictures, "cropper_embryo": ServedCropper(cropper)(pictures),
        "cnn_frames": frames, "cnn_features": features, "cnn_icm": icm, "cnn_te": te,
        "clip_frames": clip, "clip_features": of_clip, "clip_icm": clip_icm[0], "clip_te": clip_te[0],
        "rnn_features": rnn_features, "rnn_icm": rnn_icm, "rnn_te": rnn_te,
    }
    return {name: tensor.numpy() for name, tensor in tensors.items()}


@torch.no_grad()
def random_grader(width: float, seed: int) -> "tuple[CnnGrader, LstmGrader]":
    """Random weights whose activations stay of ordinary size, so that the bench does not time denormal numbers."""
    torch.manual_seed(seed)
    cnn, rnn = CnnGrader(width), LstmGrader(CnnGrader(width).xception.features)
    for module in cnn.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None                                              # take the statistics as they are
    cnn.train()(torch.randint(256, (4, 3, 224, 224), dtype=torch.uint8))
    return cnn.eval(), rnn.eval()


def main(arguments: "list[str] | None" = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["cropper", "grader", "golden", "random-full"])
    parser.add_argument("--run", type=Path, help="folder with cropper, cnn and rnn, each with a best.pt")
    parser.add_argument("--data", type=Path, help="dataset folder (golden)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1, help="of the random weights (random-full)")
    parser.add_argument("--width", type=float, default=1.0, help="Xception's width (random-full)")
    options = parser.parse_args(arguments)
    if options.what != "random-full" and options.run is None:
        parser.error(f"{options.what} needs --run")
    if options.what == "golden" and options.data is None:
        parser.error("golden needs --data")

    options.out.mkdir(parents=True, exist_ok=True)
    if options.what == "cropper":
        write_cropper(options.out, load_cropper(options.run / "cropper" / "best.pt"))
    elif options.what == "grader":
        write_grader(options.out, *load_grader(options.run / "cnn" / "best.pt", options.run / "rnn" / "best.pt"))
    elif options.what == "golden":
        cropper = load_cropper(options.run / "cropper" / "best.pt")
        grader = load_grader(options.run / "cnn" / "best.pt", options.run / "rnn" / "best.pt")
        write_atomically(options.out / "golden.npz", npz_bytes(golden_arrays(cropper, *grader, options.data)))
        print(f"wrote {options.out / 'golden.npz'}", file=sys.stderr)
    else:
        cnn, rnn = random_grader(options.width, options.seed)
        write_grader(options.out, cnn, rnn)
        recipe = {"width": options.width, "seed": options.seed}
        save_checkpoint(options.out / "cnn.pt", {"kind": "cnn", "recipe": recipe, "model": cnn.state_dict()})
        recipe = {"features": rnn.features, "cnn_digest": weights_digest(cnn)}
        save_checkpoint(options.out / "rnn.pt", {"kind": "rnn", "recipe": recipe, "model": rnn.state_dict()})


if __name__ == "__main__":
    main()
