"""Writes trained networks as ONNX, and golden inputs and outputs that the model server is held to.

    export.py cropper --run RUN --out OUTDIR                    cropper.onnx of RUN/cropper/best.pt
    export.py grader --run RUN --out OUTDIR                     cnn.onnx and rnn.onnx of RUN/cnn and RUN/rnn
    export.py golden --run RUN --data DATASET --out OUTDIR      golden.npz
    export.py segmenter --run RUN --out OUTDIR                  segmenter.onnx of RUN/segmenter
    export.py pregnancy --run RUN --served NAME --data DATASET --out OUTDIR
                                                                pregnancy.onnx of RUN/pregnancy/outcome/NAME, golden-pregnancy.npz
    export.py pregnancy-networks --runs DIR --out OUTDIR        pregnancy-networks.json and all of DIR (Kim's Tables 2 and 3)
    export.py networks --runs DIR --out OUTDIR                  networks.json and all runs cnn-* and rnn-* (Tables 3, 4, 7)
    export.py random-full --out OUTDIR --seed 1                 all of them at full width with random weights, for the bench
"""

import require_torch  # noqa: F401  isort: skip

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from clip_features import clip_features
from comparison import export_networks
from cropper import Cropper
from dataset import clip_file, npz_bytes, open_stills, read_clip_frames, read_cropper_pictures, read_embryos
from lstm import LstmGrader, padded
from pregnancy import PregnancyNetwork
from pregnancy_networks import export_pregnancy_networks, golden_pregnancy
from run_folder import make_folder, save_checkpoint, weights_digest, write_atomically
from segmenter import Segmenter
from served import (
    ServedCnn, ServedCropper, ServedRnn, write_cnn, write_cropper, write_pregnancy, write_rnn, write_segmenter,
)
from trained import load_cropper, load_grader, load_pregnancy, load_segmenter
from xception import CnnGrader


NEEDED = {
    "cropper": ("run",), "grader": ("run",), "golden": ("run", "data"), "networks": ("runs",), "random-full": (),
    "segmenter": ("run",), "pregnancy": ("run", "served", "data"), "pregnancy-networks": ("runs",),
}


def write_grader(out: Path, cnn: CnnGrader, rnn: LstmGrader) -> None:
    write_cnn(out / "cnn.onnx", cnn)
    write_rnn(out / "rnn.onnx", rnn)


@torch.no_grad()
def golden_arrays(cropper: Cropper, cnn: CnnGrader, rnn: LstmGrader, data: Path) -> "dict[str, np.ndarray]":
    """Test pictures, stills and a clip of five frames with what PyTorch makes of them."""
    embryos = read_embryos(data, "test", 2, moment="tA", clips=True)
    pictures = read_cropper_pictures(data, "test", 2).pictures
    frames = torch.from_numpy(open_stills(data, "tA")[embryos.row.numpy(), 0])        # [2, 3, 224, 224]
    clip = read_clip_frames(clip_file(data, embryos.embryo_id[0]))
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


@torch.no_grad()
def random_pregnancy(width: float, seed: int) -> "tuple[Segmenter, PregnancyNetwork]":
    """The pregnancy branch with random weights, ResNet50 as the paper's best; statistics as in `random_grader`."""
    torch.manual_seed(seed)
    segmenter, pregnancy = Segmenter(), PregnancyNetwork("resnet50", width)
    for module in [*segmenter.modules(), *pregnancy.modules()]:
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    segmenter.train()(torch.randint(256, (4, 1, 224, 224), dtype=torch.uint8))
    pregnancy.train()(torch.randint(256, (4, 3, 224, 224), dtype=torch.uint8), torch.full((4,), 35.0))
    return segmenter.eval(), pregnancy.eval()


def main(arguments: "list[str] | None" = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=[*NEEDED])
    parser.add_argument("--run", type=Path, help="folder with cropper, cnn, rnn, segmenter, each with a best.pt")
    parser.add_argument("--runs", type=Path, help="folder with the runs to compare (networks)")
    parser.add_argument("--data", type=Path, help="dataset folder (golden, pregnancy)")
    parser.add_argument("--served", help="name of the run in RUN/pregnancy/outcome that is served (pregnancy)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1, help="of the random weights (random-full)")
    parser.add_argument("--width", type=float, default=1.0, help="Xception's width (random-full)")
    options = parser.parse_args(arguments)
    for name in NEEDED[options.what]:
        if getattr(options, name) is None:
            parser.error(f"{options.what} needs --{name}")

    make_folder(options.out)
    if options.what == "cropper":
        write_cropper(options.out / "cropper.onnx", load_cropper(options.run / "cropper" / "best.pt"))
    elif options.what == "grader":
        write_grader(options.out, *load_grader(options.run / "cnn" / "best.pt", options.run / "rnn" / "best.pt"))
    elif options.what == "golden":
        cropper = load_cropper(options.run / "cropper" / "best.pt")
        grader = load_grader(options.run / "cnn" / "best.pt", options.run / "rnn" / "best.pt")
        write_atomically(options.out / "golden.npz", npz_bytes(golden_arrays(cropper, *grader, options.data)))
        print(f"wrote {options.out / 'golden.npz'}", file=sys.stderr)
    elif options.what == "networks":
        export_networks(options.runs, options.out)
    elif options.what == "segmenter":
        write_segmenter(options.out / "segmenter.onnx", load_segmenter(options.run / "segmenter" / "best.pt"))
    elif options.what == "pregnancy":
        segmenter = load_segmenter(options.run / "segmenter" / "best.pt")
        model, recipe = load_pregnancy(options.run / "pregnancy" / "outcome" / options.served / "best.pt")
        write_pregnancy(options.out / "pregnancy.onnx", model)
        golden = golden_pregnancy(segmenter, model, recipe, options.data)
        write_atomically(options.out / "golden-pregnancy.npz", npz_bytes(golden))
    elif options.what == "pregnancy-networks":
        export_pregnancy_networks(options.runs, options.out)
    else:
        cnn, rnn = random_grader(options.width, options.seed)
        write_grader(options.out, cnn, rnn)
        segmenter, pregnancy = random_pregnancy(options.width, options.seed)
        write_segmenter(options.out / "segmenter.onnx", segmenter)
        write_pregnancy(options.out / "pregnancy.onnx", pregnancy)
        recipe = {"task": "both", "loss": "ordinal", "without_clinic": None}
        described = {"kind": "cnn", "recipe": {**recipe, "width": options.width, "moment": "tA"}}
        save_checkpoint(options.out / "cnn.pt", {**described, "model": cnn.state_dict()})
        described = {"kind": "rnn", "recipe": {**recipe, "features": rnn.features, "cnn_digest": weights_digest(cnn)}}
        save_checkpoint(options.out / "rnn.pt", {**described, "model": rnn.state_dict()})


if __name__ == "__main__":
    main()
