"""What the trunk of a pregnancy network begins with: ImageNet's weights, another run's, or nothing."""

import sys
from pathlib import Path
from typing import Optional

import torch
from torch import nn

from pregnancy import PregnancyNetwork
from run_folder import load_checkpoint, weights_digest

# torchvision's, ImageNet-1k, first version: what "pretrained" meant in 2022. The name's end is the file's SHA-256.
IMAGENET = {
    "vgg16": "https://download.pytorch.org/models/vgg16-397923af.pth",
    "resnet50": "https://download.pytorch.org/models/resnet50-0676ba61.pth",
    "densenet121": "https://download.pytorch.org/models/densenet121-a639ec97.pth",
}


def begin_trunk(options, model: PregnancyNetwork) -> "Optional[str]":
    """Gives the trunk its first weights, as --weights and --from say. Returns their digest, for the recipe."""
    if options.weights != "none" and options.start_from is not None:
        sys.exit("--weights and --from both say what to begin with: give one.")
    if options.start_from is not None:
        checkpoint = load_checkpoint(options.start_from, "pregnancy")
        for name in ("network", "width", "input"):
            theirs, ours = checkpoint["recipe"][name], getattr(options, name)
            if theirs != ours:
                sys.exit(f"{options.start_from} was trained with {name} {theirs}, and this run has {name} {ours}.")
        trunk = {name[6:]: value for name, value in checkpoint["model"].items() if name.startswith("trunk.")}
        model.trunk.load_state_dict(trunk)
        return weights_digest(model.trunk)
    if options.weights == "none":
        return None
    if options.width != 1:
        sys.exit(f"ImageNet's weights are of width 1, and this run has width {options.width}: begin without --weights.")
    if options.weights == "imagenet":
        weights = torch.hub.load_state_dict_from_url(IMAGENET[options.network], map_location="cpu", check_hash=True)
    else:
        weights = read_weights(Path(options.weights))
    load_imagenet(model.trunk, weights, options.weights)
    return weights_digest(model.trunk)


def read_weights(path: Path) -> dict:
    if not path.exists():
        sys.exit(f"--weights {path} is missing: give imagenet, none or a file in torchvision's names.")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as cause:  # PyTorch raises whatever its zip reader and unpickler happen to raise.
        sys.exit(f"--weights {path} cannot be read ({type(cause).__name__}).")


def load_imagenet(trunk: nn.Module, weights: dict, said: str) -> None:
    """torchvision's names, without its classifier; older DenseNet files have a dot within `norm1` and the like."""
    renamed = {}
    for name, value in weights.items():
        for part in ("norm", "conv"):
            for number in "12":
                name = name.replace(f".{part}.{number}.", f".{part}{number}.")
        renamed[name] = value
    wanted = trunk.state_dict()
    # Files older than PyTorch 0.4.1 do not count the batches that their statistics saw.
    missing = [name for name in wanted if name not in renamed and not name.endswith("num_batches_tracked")]
    if missing:
        sys.exit(f"--weights {said} lacks {missing[0]} and {len(missing) - 1} more: they are of another network.")
    trunk.load_state_dict({name: renamed.get(name, value) for name, value in wanted.items()})
