"""What the trunk of a pregnancy network begins with: ImageNet's weights, another run's, or nothing."""

import sys
from pathlib import Path
from typing import Optional

import torch
from torch import Tensor, nn

from pregnancy import PregnancyNetwork
from run_folder import load_checkpoint, weights_digest

# torchvision's, ImageNet-1k, first version: what "pretrained" meant in 2022. The name's end is the file's SHA-256.
IMAGENET = {
    "vgg16": "https://download.pytorch.org/models/vgg16-397923af.pth",
    "resnet50": "https://download.pytorch.org/models/resnet50-0676ba61.pth",
    "densenet121": "https://download.pytorch.org/models/densenet121-a639ec97.pth",
}
# The layers after the trunk, in any of them.
CLASSIFIERS = ("fc.", "classifier.")


def begin_trunk(options, model: PregnancyNetwork) -> "Optional[str]":
    """Gives the trunk its first weights, as --weights and --from say. Returns their digest, for the recipe."""
    if options.weights != "none" and options.start_from is not None:
        sys.exit("--weights and --from both say what to begin with: give one.")
    if options.start_from is not None:
        checkpoint = load_checkpoint(options.start_from, "pregnancy")
        recipe = checkpoint["recipe"]
        # Weights that learnt the outcomes of another fold's training have seen those that validate here.
        for name in ("network", "width", "input", *(["fold"] if recipe["target"] == "outcome" else [])):
            theirs, ours = recipe[name], getattr(options, name)
            if theirs != ours:
                sys.exit(
                    f"{options.start_from} was trained with {name} {theirs}, and this run has {name} {ours}: "
                    f"begin with a checkpoint that has the same {name}, or without --from."
                )
        trunk = {name[6:]: value for name, value in checkpoint["model"].items() if name.startswith("trunk.")}
        model.trunk.load_state_dict(trunk)
        return weights_digest(model.trunk)
    if options.weights == "none":
        return None
    if options.width != 1:
        sys.exit(f"ImageNet's weights are of width 1, and this run has width {options.width}: begin without --weights.")
    said = f"--weights {options.weights}"
    weights = download(options.network) if options.weights == "imagenet" else read_weights(Path(options.weights), said)
    load_imagenet(model.trunk, weights, said)
    return weights_digest(model.trunk)


def download(network: str) -> dict:
    try:
        return torch.hub.load_state_dict_from_url(IMAGENET[network], map_location="cpu", check_hash=True)
    except (OSError, RuntimeError) as cause:
        sys.exit(f"--weights imagenet cannot be downloaded ({cause}): give a file in torchvision's names, or none.")


def read_weights(path: Path, said: str) -> dict:
    if not path.exists():
        sys.exit(f"{said} is missing: give imagenet, none or a file in torchvision's names.")
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as cause:  # PyTorch raises whatever its zip reader and unpickler happen to raise.
        sys.exit(f"{said} cannot be read ({type(cause).__name__}): give imagenet, none or another file.")
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        sys.exit(f"{said} holds something else than weights: give imagenet, none or a file in torchvision's names.")
    return weights


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
    # A deeper network of the same kind has all these names, and more.
    more = [name for name in renamed if name not in wanted and not name.startswith(CLASSIFIERS)]
    unlike = [name for name, value in wanted.items() if name in renamed and renamed[name].shape != value.shape]
    if missing or more or unlike:
        sys.exit(
            f"{said} is of another network: of this one's weights {len(missing)} are missing and {len(unlike)} have "
            f"another shape, and {len(more)} are none of its own. Give the --network that it is of."
        )
    trunk.load_state_dict({name: renamed.get(name, value) for name, value in wanted.items()})
