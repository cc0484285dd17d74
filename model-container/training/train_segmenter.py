"""Trains the segmenter of ICM and TE on outlined stills (the step that Kim et al. 2024 leave to the future).

    /usr/bin/python3 model-container/training/train_segmenter.py --data DATASET --out RUN/segmenter
"""

import require_torch  # noqa: F401  isort: skip

import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from augmentation import uniform
from dataset import batches, read_segmentation_pictures, segmentation_digest
from distributed import (
    by_first_process, leave_processes, process_count, replicated, seed_epoch, share_of, share_weight, summed,
)
from losses import tissue_loss
from options import add_bfloat16, arithmetic, start, training_options
from run_folder import begin_with, recipe_of, resume, save_epoch
from segmenter import TISSUES, Segmenter


def augmented(stills: Tensor, tissues: Tensor) -> "tuple[Tensor, Tensor]":
    """Turned by any angle, mirrored, zoomed and shifted, the same on still and outlines; then other light and a blur.

    stills: float [N, 1, 224, 224] in 0..255; tissues: [N, 224, 224] in 0..2. Beyond the edge the border goes on.
    """
    count = len(stills)
    angle, zoom = uniform(count, -math.pi, math.pi), uniform(count, 0.65, 1.2)
    mirror = 1 - 2 * torch.randint(2, (count,))
    rows = [
        torch.stack([mirror * zoom * angle.cos(), -zoom * angle.sin(), uniform(count, -0.15, 0.15)], dim=1),
        torch.stack([mirror * zoom * angle.sin(), zoom * angle.cos(), uniform(count, -0.15, 0.15)], dim=1),
    ]
    grid = F.affine_grid(torch.stack(rows, dim=1), list(stills.shape), align_corners=False)           # [N, 224, 224, 2]
    stills = F.grid_sample(stills, grid, mode="bilinear", padding_mode="border", align_corners=False)
    tissues = F.grid_sample(tissues[:, None].float(), grid, mode="nearest", padding_mode="border", align_corners=False)
    blurred = F.avg_pool2d(F.pad(stills, (1, 1, 1, 1), mode="replicate"), 3, 1)
    stills = torch.where(torch.rand(count, 1, 1, 1) < 0.3, blurred, stills)
    gamma = uniform(count, 0.6, 1.7)[:, None, None, None]
    noise = torch.randn_like(stills) * uniform(count, 0, 8)[:, None, None, None]
    return 255 * (stills / 255) ** gamma + noise, tissues[:, 0].long()


@torch.no_grad()
def evaluate(model, stills: Tensor, tissues: Tensor, batch: int, device: str) -> dict:
    """Loss, and Dice and Jaccard of ICM and TE: each still's, then their mean over the stills that have any."""
    model.eval()
    logits = torch.cat([model(some.to(device)).cpu() for some in stills.split(batch)])
    metrics = {"val_loss": tissue_loss(logits, tissues.long()).item()}
    found = logits.argmax(dim=1)
    for label, name in enumerate(TISSUES[1:], start=1):
        theirs, ours = tissues == label, found == label
        overlap, both = (theirs & ours).sum(dim=(1, 2)), theirs.sum(dim=(1, 2)) + ours.sum(dim=(1, 2))      # [N]
        there = theirs.any(dim=2).any(dim=1)
        if there.any():
            metrics[f"val_{name}_dice"] = (2 * overlap / both.clamp(min=1))[there].mean().item()
            metrics[f"val_{name}_jaccard"] = (overlap / (both - overlap).clamp(min=1))[there].mean().item()
    return metrics


def main(arguments: "list[str] | None" = None) -> None:
    parser = training_options(__doc__.splitlines()[0], epochs=30, batch=16)
    parser.add_argument("--from", dest="start_from", type=Path, metavar="CHECKPOINT", help="begin with these weights")
    add_bfloat16(parser)
    options = start(parser, arguments)
    train = read_segmentation_pictures(options.data, "train", options.limit, at_least=max(2, process_count()))
    validation = read_segmentation_pictures(options.data, "validation", options.limit)
    device = options.device

    model = Segmenter()
    began_with = begin_with(options, "segmenter", model)
    model.to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    # Down to nothing along a cosine: a ring of a few pixels is learnt to its edge only with small steps at the end.
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.epochs)
    recipe = recipe_of(options, "epochs", "batch", "lr", "seed", "limit", "bfloat16")
    recipe.update({"began_with": began_with, "trained_on": len(train.stills), "validated_on": len(validation.stills)})
    recipe["data_sha256"] = segmentation_digest(train, validation)
    history = resume(options, "segmenter", recipe, model, optimizer, schedule)
    replica = replicated(model)

    for epoch in range(len(history) + 1, options.epochs + 1):
        started, total, alike = time.monotonic(), 0.0, seed_epoch(options.seed, epoch)
        model.train()
        order = torch.randperm(len(train.stills), generator=alike)
        for batch in batches(order, options.batch, max(2, process_count())):
            chosen = share_of(batch)
            stills, tissues = augmented(train.stills[chosen].float(), train.tissues[chosen])
            with arithmetic(options):
                logits = replica(stills.to(device, memory_format=torch.channels_last))
            loss = tissue_loss(logits.float(), tissues.to(device))
            optimizer.zero_grad()
            (loss * share_weight(chosen, batch)).backward()
            optimizer.step()
            total += loss.item() * len(chosen)

        metrics = {"epoch": epoch, "loss": summed(total) / len(order)}
        metrics.update(by_first_process(
            lambda: evaluate(model, validation.stills, validation.tissues, options.batch, device)
        ))
        schedule.step()
        metrics.update({"lr": optimizer.param_groups[0]["lr"], "seconds": round(time.monotonic() - started, 2)})
        history.append(metrics)
        save_epoch(options.out, "segmenter", recipe, model, optimizer, schedule, history)
    leave_processes()


if __name__ == "__main__":
    main()
