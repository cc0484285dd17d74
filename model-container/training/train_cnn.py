"""Trains Xception and its heads on one still per embryo (Kragh et al. 2019, sections 2.2 and 2.5; Tables 3, 4 and 7).

    /usr/bin/python3 model-container/training/train_cnn.py --data DATASET --out RUN/cnn --width 0.25
"""

import require_torch  # noqa: F401  isort: skip

import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dataset import MOMENTS, batches, open_stills, read_embryos, stills_digest
from distributed import (
    by_first_process, leave_processes, process_count, replicated, seed_epoch, share_of, share_weight, summed,
)
from grading_metrics import grading_metrics
from heads import TASKS, grading_loss
from losses import inverse_frequency_weights
from options import above_zero, add_bfloat16, arithmetic, grader_options, start, whole
from run_folder import begin_with, recipe_of, resume, save_epoch
from thresholds import keep_thresholds
from xception import CnnGrader


def flipped(frames: Tensor) -> Tensor:
    """Each still mirrored and transposed at random: a well has no up and no left. frames: [N, 3, 224, 224]."""
    mirror_x, mirror_y, transpose = torch.randint(2, (3, len(frames), 1, 1, 1)).bool()
    frames = torch.where(mirror_x, frames.flip(3), frames)
    frames = torch.where(mirror_y, frames.flip(2), frames)
    return torch.where(transpose, frames.transpose(2, 3), frames)


@torch.no_grad()
def outputs_of(model: CnnGrader, stills: np.ndarray, rows: Tensor, batch: int, device: str) -> "dict[str, Tensor]":
    """What each head makes of the unshifted stills of these rows, on the CPU."""
    model.eval()
    parts = [model(torch.from_numpy(stills[some.numpy(), 0]).to(device))[1] for some in rows.split(batch)]
    return {task: torch.cat([part[task].cpu() for part in parts]) for task in model.heads.tasks}


def main(arguments: "list[str] | None" = None) -> None:
    parser = grader_options(__doc__.splitlines()[0], epochs=30, batch=24)
    parser.add_argument("--moment", choices=MOMENTS, default="tA", help="which still of each embryo (Table 3)")
    parser.add_argument("--width", type=above_zero, default=1.0, help="scales Xception's channels; 1.0 is the paper's")
    parser.add_argument("--variants", type=whole, default=0, help="focal and time shifts to draw from, 0 for all prepared")
    parser.add_argument("--flips", action="store_true", help="mirror and transpose at random (not in the paper)")
    parser.add_argument("--from", dest="start_from", type=Path, metavar="CHECKPOINT", help="begin with these weights")
    add_bfloat16(parser)
    options = start(parser, arguments)
    tasks, loss_name, device = TASKS[options.task], options.loss, options.device
    asked = {"tasks": tasks, "moment": options.moment, "without_clinic": options.without_clinic}
    train = read_embryos(options.data, "train", options.limit, **asked, at_least=max(2, process_count()))
    validation = read_embryos(options.data, "validation", options.limit, **asked)
    stills = open_stills(options.data, options.moment, options.variants)        # [E, V, 3, 224, 224]
    weights = {task: inverse_frequency_weights(train.grades[task]) for task in tasks}
    weights_there = {task: weight.to(device) for task, weight in weights.items()}

    model = CnnGrader(options.width, tasks, loss_name)
    began_with = begin_with(options, "cnn", model, "width", "task", "loss", "without_clinic")
    # Channels last: a quarter less time on two cores, and what tensor cores want.
    model.to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    # PyTorch's patience counts the epochs that are let pass, the paper's the epochs until it halves: 4 is its 5.
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=options.patience - 1, threshold=0)
    recipe = recipe_of(
        options, "width", "moment", "task", "loss", "variants", "without_clinic",
        "batch", "lr", "patience", "seed", "limit", "flips", "bfloat16",
    )
    recipe.update({"began_with": began_with, "trained_on": len(train.row), "validated_on": len(validation.row)})
    recipe["data_sha256"] = stills_digest(stills, train, validation)
    history = resume(options, "cnn", recipe, model, optimizer, schedule)
    replica = replicated(model)

    for epoch in range(len(history) + 1, options.epochs + 1):
        started, total, alike = time.monotonic(), 0.0, seed_epoch(options.seed, epoch)
        model.train()
        order = torch.randperm(len(train.row), generator=alike)
        variant = torch.randint(stills.shape[1], (len(order),), generator=alike)    # focal and time shift, TypeScript's
        for batch in batches(order, options.batch, max(2, process_count())):
            chosen = share_of(batch)
            frames = torch.from_numpy(stills[train.row[chosen].numpy(), variant[chosen].numpy()])
            frames = flipped(frames) if options.flips else frames
            with arithmetic(options):
                _, outputs = replica(frames.to(device, memory_format=torch.channels_last))
            grades = {task: train.grades[task][chosen].to(device) for task in tasks}
            loss = grading_loss(loss_name, outputs, grades, weights_there)
            optimizer.zero_grad()
            (loss * share_weight(chosen, batch)).backward()
            optimizer.step()
            total += loss.item() * len(chosen)
            if sys.stderr.isatty():
                print(f"\repoch {epoch} loss {loss.item():.3f} ", end="", file=sys.stderr)

        metrics = {"epoch": epoch, "loss": summed(total) / len(order)}
        metrics.update(by_first_process(lambda: grading_metrics(
            loss_name, outputs_of(model, stills, validation.row, options.batch, device), validation.grades, weights
        )))
        schedule.step(metrics["val_loss"])
        metrics.update({"lr": optimizer.param_groups[0]["lr"], "seconds": round(time.monotonic() - started, 2)})
        history.append(metrics)
        save_epoch(options.out, "cnn", recipe, model, optimizer, schedule, history)

    if loss_name == "linear":
        by_first_process(lambda: keep_thresholds(
            options.out, "cnn", model, lambda: outputs_of(model, stills, train.row, options.batch, device), train.grades
        ))
    leave_processes()


if __name__ == "__main__":
    main()
