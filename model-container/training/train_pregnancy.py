"""Trains one pregnancy network on one fold (Kim et al. 2024, Methods), or first on the votes on other embryos.

    /usr/bin/python3 model-container/training/train_pregnancy.py --data DATASET --fold 0 --out RUN/resnet50-0
"""

import require_torch  # noqa: F401  isort: skip

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from dataset import batches
from distributed import (
    by_first_process, leave_processes, process_count, replicated, seed_epoch, share_of, share_weight, summed,
)
from options import above_zero, add_bfloat16, arithmetic, positive, start, training_options
from pregnancy import PregnancyNetwork
from pregnancy_dataset import (
    FOLDS, INPUTS, Transfers, images_of, open_images, read_fold, read_voted, transfers_digest,
)
from pretrained import begin_trunk
from run_folder import recipe_of, resume, save_epoch
from trunks import TRUNKS


def side(text: str) -> int:
    """Of a square that leaves at least a pixel of it when the networks have halved it five times."""
    if positive(text) < 32:
        raise argparse.ArgumentTypeError(f"{text} is less than the 32 pixels that the networks need")
    return int(text)


def augmented(images: Tensor) -> Tensor:
    """Brightness, contrast and flips both ways, as in the paper; saturation means nothing on grey channels.

    images: uint8 [N, 3, 224, 224] -> float in 0..255. What lies outside a tissue stays empty in its channel.
    """
    count = len(images)
    mirror_x, mirror_y = torch.randint(2, (2, count, 1, 1, 1)).bool()
    images = torch.where(mirror_x, images.flip(3), images)
    images = torch.where(mirror_y, images.flip(2), images)
    contrast, brightness = (0.8 + 0.4 * torch.rand(count)), 30 * (2 * torch.rand(count) - 1)
    there = images > 0
    grey = images.float()
    mean = grey[:, :1].mean(dim=(2, 3), keepdim=True)
    toned = (grey - mean) * contrast[:, None, None, None] + mean + brightness[:, None, None, None]
    return toned.clamp(0, 255) * there


def resized(images: Tensor, side: int) -> Tensor:
    """images: float [N, 3, 224, 224] -> [N, 3, side, side]."""
    if side == images.shape[3]:
        return images
    return F.interpolate(images, size=(side, side), mode="bilinear", align_corners=False, antialias=True)


def weighted_cross_entropy(logits: Tensor, outcome: Tensor, weights: Tensor) -> Tensor:
    """Each outcome weighs as much as the other. logits, outcome: [N]; weights: [2], of negatives and of positives."""
    return F.binary_cross_entropy_with_logits(logits, outcome, weights[outcome.long()])


@torch.no_grad()
def outputs_of(model: PregnancyNetwork, images: np.ndarray, of: Transfers, options):
    """What the network answers to unchanged images, on the CPU."""
    model.eval()
    parts = [
        model(
            resized(images_of(images, of.row[some], options.input).float(), options.side).to(options.device),
            of.age_years[some].to(options.device),
        )
        for some in torch.arange(len(of.row)).split(options.batch)
    ]
    return torch.cat(parts).cpu()


def area_under_curve(logits: Tensor, outcome: Tensor) -> float:
    """Share of pairs in which the positive has the higher logit, of ties half."""
    above = logits[outcome == 1][:, None] - logits[outcome == 0][None]
    return ((above > 0).double().mean() + (above == 0).double().mean() / 2).item()


def main(arguments: "list[str] | None" = None) -> None:
    parser = training_options(__doc__.splitlines()[0], epochs=30, batch=32)
    parser.add_argument("--network", choices=[*TRUNKS], default="resnet50")
    parser.add_argument("--width", type=above_zero, default=1.0, help="scales the channels; 1.0 is the paper's")
    parser.add_argument("--input", choices=INPUTS, default="enhanced", help="the paper's image, or the still alone")
    parser.add_argument("--target", choices=["outcome", "votes"], default="outcome", help="what to learn")
    parser.add_argument(
        "--side", type=side, default=224, help="of the images in pixels; a first training is cheaper on smaller ones"
    )
    parser.add_argument("--fold", type=int, choices=range(FOLDS), default=0, help="the fold that validates (outcome)")
    parser.add_argument(
        "--weights", default="none", metavar="none|imagenet|FILE",
        help="ImageNet weights of width 1: downloaded by PyTorch, or a file in torchvision's names",
    )
    parser.add_argument("--from", dest="start_from", type=Path, metavar="CHECKPOINT", help="take the trunk of this run")
    parser.add_argument("--trunk-rate", type=above_zero, default=1.0, help="of the learning rate, for the trunk")
    add_bfloat16(parser)
    options = start(parser, arguments)
    of_votes, device, at_least = options.target == "votes", options.device, max(2, process_count())
    if of_votes:
        train = read_voted(options.data, "train", options.limit, at_least)
        validation = read_voted(options.data, "validation", options.limit)
    else:
        train = read_fold(options.data, options.fold, validation=False, limit=options.limit, at_least=at_least)
        validation = read_fold(options.data, options.fold, validation=True, limit=options.limit)
        # The paper's sensitivity and specificity at one half are about equal, with a third positive: it weighted them.
        weights = len(train.row) / (2 * torch.bincount(train.outcome.long(), minlength=2).clamp(min=1))
    images = open_images(options.data)                                          # [E, 3, 224, 224]

    model = PregnancyNetwork(options.network, options.width, votes=of_votes)
    began_with = begin_trunk(options, model)
    if not of_votes:
        model.age_mean, model.age_deviation = train.age_years.mean(), train.age_years.std().clamp(min=1)
    model.to(device, memory_format=torch.channels_last)
    head = [value for name, value in model.named_parameters() if not name.startswith("trunk.")]
    groups = [{"params": head}, {"params": model.trunk.parameters(), "lr": options.lr * options.trunk_rate}]
    optimizer = torch.optim.AdamW(groups, lr=options.lr, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.epochs)
    recipe = recipe_of(
        options, "network", "width", "input", "target", "fold", "side",
        "epochs", "batch", "lr", "trunk_rate", "seed", "limit", "bfloat16",
    )
    recipe.update({"began_with": began_with, "trained_on": len(train.row), "validated_on": len(validation.row)})
    recipe["data_sha256"] = transfers_digest(images, options.input, train, validation)
    history = resume(options, "pregnancy", recipe, model, optimizer, schedule)
    replica = replicated(model)

    def loss_of(outputs: Tensor, of: Transfers, chosen: Tensor) -> Tensor:
        if of_votes:
            return F.binary_cross_entropy_with_logits(outputs, of.votes[chosen].to(device))
        return weighted_cross_entropy(outputs, of.outcome[chosen].to(device), weights.to(device))

    for epoch in range(len(history) + 1, options.epochs + 1):
        started, total, alike = time.monotonic(), 0.0, seed_epoch(options.seed, epoch)
        model.train()
        order = torch.randperm(len(train.row), generator=alike)
        for batch in batches(order, options.batch, max(2, process_count())):
            chosen = share_of(batch)
            shown = resized(augmented(images_of(images, train.row[chosen], options.input)), options.side)
            shown = shown.to(device, memory_format=torch.channels_last)
            with arithmetic(options):
                outputs = replica(shown, train.age_years[chosen].to(device))
            loss = loss_of(outputs.float(), train, chosen)
            optimizer.zero_grad()
            (loss * share_weight(chosen, batch)).backward()
            optimizer.step()
            total += loss.item() * len(chosen)

        def judged() -> dict:
            outputs = outputs_of(model, images, validation, options)
            judged_by = {"val_loss": loss_of(outputs.to(device), validation, torch.arange(len(outputs))).item()}
            if not of_votes and len(validation.outcome.unique()) == 2:
                judged_by["val_auc"] = area_under_curve(outputs, validation.outcome)
            return judged_by

        metrics = {"epoch": epoch, "loss": summed(total) / len(order), **by_first_process(judged)}
        schedule.step()
        metrics.update({"lr": optimizer.param_groups[0]["lr"], "seconds": round(time.monotonic() - started, 2)})
        history.append(metrics)
        save_epoch(options.out, "pregnancy", recipe, model, optimizer, schedule, history)
    leave_processes()


if __name__ == "__main__":
    main()
