"""Export of the pregnancy branch: the served network with its golden values, and all that Kim's Table 2 compares."""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from comparison import refuse_unfinished
from pregnancy import PregnancyNetwork
from pregnancy_dataset import images_of, open_images, read_transfers
from run_folder import make_folder, write_atomically
from runs import RunUnreadable, read_run
from segmenter import Segmenter
from served import ServedPregnancy, ServedSegmenter, write_pregnancy
from trained import load_pregnancy

# Every fourth pixel of the tissues' probabilities: all of them would be most of the bundle.
GOLDEN_STRIDE = 4


def export_pregnancy_networks(runs: Path, out: Path) -> None:
    """Exports every pregnancy run in a folder that learnt outcomes, and lists them in pregnancy-networks.json."""
    folders = [path for path in sorted(runs.iterdir()) if (path / "run.json").exists()] if runs.is_dir() else []
    learnt = [folder for folder in folders if learnt_outcomes(folder)]
    if not learnt:
        sys.exit(f"{runs} holds no run that learnt outcomes.")
    for folder in learnt:
        refuse_unfinished(folder)
    make_folder(out)
    networks = []
    for folder in learnt:
        model, recipe = load_pregnancy(folder / "best.pt")
        run = read_run(folder)
        networks.append({
            "network": recipe["network"], "input": recipe["input"], "fold": recipe["fold"],
            "file": f"{folder.name}.onnx", "sha256": write_pregnancy(out / f"{folder.name}.onnx", model),
            "settings": {**recipe, "epochs": run["epochs"], "best_epoch": run["bestEpoch"]},
        })
    # Last, so that a list never names a file that is not there yet.
    content = json.dumps({"schema": "blastograde/pregnancy-networks@1", "networks": networks}, indent=1) + "\n"
    write_atomically(out / "pregnancy-networks.json", content.encode())


def learnt_outcomes(folder: Path) -> bool:
    try:
        run = read_run(folder)
    except RunUnreadable as fault:
        sys.exit(str(fault))
    return run["kind"] == "pregnancy" and run["settings"].get("target") != "votes"


def attention_by_autograd(model: PregnancyNetwork, image: Tensor, age_years: Tensor) -> "tuple[Tensor, Tensor]":
    """Grad-CAM as Selvaraju et al. 2017 define it, by the backward pass: logit [N], attention [N, 7, 7]."""
    maps = model.maps(image).detach().requires_grad_(True)
    logit = model.logit(maps, age_years)
    (gradient,) = torch.autograd.grad(logit.sum(), maps)
    weight = gradient.mean(dim=(2, 3), keepdim=True)                            # [N, C, 1, 1], Eq. 1
    return logit.detach(), torch.relu((weight * maps).sum(dim=1)).detach()      # Eq. 2


def golden_pregnancy(
    segmenter: Segmenter, model: PregnancyNetwork, recipe: dict, data: Path
) -> "dict[str, np.ndarray]":
    """Two held-out stills with what PyTorch makes of them; the attention by autograd, not by the served formula."""
    transfers = read_transfers(
        data, "test embryos with an age", lambda line: line["split"] == "test" and line["age_years"], limit=2
    )
    rows, age_years = transfers.row, transfers.age_years
    images = open_images(data)
    still = torch.from_numpy(images[rows.numpy(), :1])
    image = images_of(images, rows, recipe["input"])
    logit, attention = attention_by_autograd(model, image, age_years)
    with torch.no_grad():
        tissues = ServedSegmenter(segmenter)(still)
        served = ServedPregnancy(model)(image, age_years)
    for ours, theirs in zip(served, (logit, attention)):
        if not (ours - theirs).abs().max() <= 1e-4:                             # NaN is refused too
            sys.exit("The closed form of Grad-CAM differs from autograd's by more than 1e-4.")
    tensors = {
        "still": still, "tissues": tissues[:, :, ::GOLDEN_STRIDE, ::GOLDEN_STRIDE],
        "image": image, "age_years": age_years, "logit": logit, "attention": attention,
    }
    return {name: tensor.contiguous().numpy() for name, tensor in tensors.items()}
