"""Trains the cropper's U-Net (Kragh et al. 2019, appendix).

    /usr/bin/python3 model-container/training/train_cropper.py --data DATASET --out RUN/cropper
"""

import require_torch  # noqa: F401  isort: skip

import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from augmentation import uniform
from cropper import Cropper
from dataset import batches, cropper_digest, read_cropper_pictures
from distributed import (
    by_first_process, leave_processes, process_count, replicated, seed_epoch, share_of, share_weight, summed,
)
from losses import dice_loss
from options import add_bfloat16, arithmetic, start, training_options
from run_folder import begin_with, recipe_of, resume, save_epoch


def augmented(pictures: Tensor, masks: Tensor, *, flips: bool, light: bool) -> "tuple[Tensor, Tensor]":
    """Horizontal flip, +-15 degrees, +-10 % shift, zoom 0.8 to 1.1, the same on picture and mask.

    pictures: [N, 3, 64, 64] in 0..255; masks: [N, 64, 64]. Beyond the picture's edge its border goes on.
    flips, light: not in the paper; see the options.
    """
    count = len(pictures)
    angle, zoom = uniform(count, -15, 15) * math.pi / 180, uniform(count, 0.8, 1.1)
    mirror_x = 1 - 2 * torch.randint(2, (count,))
    mirror_y = 1 - 2 * torch.randint(2, (count,)) if flips else torch.ones(count)
    # From output to input coordinates, both from -1 to 1, so that 10 % of the side is 0.2.
    rows = [
        torch.stack([mirror_x * zoom * angle.cos(), -mirror_y * zoom * angle.sin(), uniform(count, -0.2, 0.2)], dim=1),
        torch.stack([mirror_x * zoom * angle.sin(), mirror_y * zoom * angle.cos(), uniform(count, -0.2, 0.2)], dim=1),
    ]
    grid = F.affine_grid(torch.stack(rows, dim=1), list(pictures.shape), align_corners=False)       # [N, 64, 64, 2]
    pictures = F.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)
    masks = F.grid_sample(masks[:, None], grid, mode="nearest", padding_mode="border", align_corners=False)[:, 0]
    if light:
        contrast, brightness = uniform(count, 0.5, 1.5), uniform(count, -50, 50)
        mean = pictures.mean(dim=(1, 2, 3))[:, None, None, None]
        pictures = (pictures - mean) * contrast[:, None, None, None] + mean + brightness[:, None, None, None]
        pictures = pictures.clamp(0, 255)
    return pictures, masks


@torch.no_grad()
def evaluate(model, pictures: Tensor, masks: Tensor, batch: int, device: str) -> dict:
    """Dice of the embryos' masks at 0.5, and the share of empty wells (if any) where 1 % of the pixels are called embryo."""
    model.eval()
    logits = torch.cat([model(pictures[some].to(device)).cpu() for some in batches(torch.arange(len(pictures)), batch)])
    found, truth = logits > 0, masks > 0
    overlap, area = (found & truth).sum(dim=(1, 2)), truth.sum(dim=(1, 2))
    dice = 2 * overlap / (found.sum(dim=(1, 2)) + area).clamp(min=1)            # [N]
    called = found.float().mean(dim=(1, 2)) > 0.01
    metrics = {"val_loss": dice_loss(logits, masks.float()).item()}
    if (area > 0).any():
        metrics["val_dice"] = dice[area > 0].mean().item()
    if (area == 0).any():
        metrics["val_empty_called_embryo"] = called[area == 0].float().mean().item()
    return metrics


def main(arguments: "list[str] | None" = None) -> None:
    parser = training_options(__doc__.splitlines()[0], epochs=200, batch=16)
    parser.add_argument("--flips", action="store_true", help="flip vertically too (the paper flips horizontally only)")
    parser.add_argument("--light", action="store_true", help="vary brightness and contrast (not in the paper)")
    parser.add_argument("--from", dest="start_from", type=Path, metavar="CHECKPOINT", help="begin with these weights")
    add_bfloat16(parser)
    options = start(parser, arguments)
    train = read_cropper_pictures(options.data, "train", options.limit)
    validation = read_cropper_pictures(options.data, "validation", options.limit)
    device = options.device

    model = Cropper()
    began_with = begin_with(options, "cropper", model)
    # Channels last: a fifth less time on two cores.
    model.to(device, memory_format=torch.channels_last)
    # The paper prints a learning rate of 0.5 for Adam, at which this network does not train; 1e-3 does.
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=9, threshold=0)
    recipe = recipe_of(options, "batch", "lr", "seed", "limit", "flips", "light", "bfloat16")
    recipe.update({"began_with": began_with, "trained_on": len(train.pictures), "validated_on": len(validation.pictures)})
    recipe["data_sha256"] = cropper_digest(train, validation)
    history = resume(options, "cropper", recipe, model, optimizer, schedule)
    replica = replicated(model)

    for epoch in range(len(history) + 1, options.epochs + 1):
        started, total, alike = time.monotonic(), 0.0, seed_epoch(options.seed, epoch)
        model.train()
        order = torch.randperm(len(train.pictures), generator=alike)
        for batch in batches(order, options.batch, max(2, process_count())):
            chosen = share_of(batch)
            pictures, masks = augmented(
                train.pictures[chosen].float(), train.masks[chosen].float(), flips=options.flips, light=options.light
            )
            with arithmetic(options):
                logits = replica(pictures.to(device, memory_format=torch.channels_last))
            loss = dice_loss(logits.float(), masks.to(device))
            optimizer.zero_grad()
            (loss * share_weight(chosen, batch)).backward()
            optimizer.step()
            total += loss.item() * len(chosen)

        metrics = {"epoch": epoch, "loss": summed(total) / len(order)}
        metrics.update(by_first_process(
            lambda: evaluate(model, validation.pictures, validation.masks, options.batch, device)
        ))
        schedule.step(metrics["val_loss"])
        metrics.update({"lr": optimizer.param_groups[0]["lr"], "seconds": round(time.monotonic() - started, 2)})
        history.append(metrics)
        save_epoch(options.out, "cropper", recipe, model, optimizer, schedule, history)
    leave_processes()


if __name__ == "__main__":
    main()
