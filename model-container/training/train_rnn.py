"""Trains the LSTM and its heads on the frozen CNN's features of every clip (Kragh et al. 2019, sections 2.3 and 2.5).

    /usr/bin/python3 model-container/training/train_rnn.py --data DATASET --cnn RUN/cnn/best.pt --out RUN/rnn

The features are extracted once and kept in RUN/rnn/features, named after the CNN's weights and the clip's frames.
"""

import require_torch  # noqa: F401  isort: skip

import sys
import time
from pathlib import Path

import torch
from torch import Tensor

from clip_features import sequences
from dataset import batches, clips_digest, read_embryos
from distributed import (
    by_first_process, leave_processes, process_count, replicated, seed_epoch, share_of, share_weight, summed,
)
from grading_metrics import grading_metrics
from heads import TASKS, grading_loss
from losses import inverse_frequency_weights
from lstm import LstmGrader, shortened
from options import grader_options, probability, start
from run_folder import recipe_of, resume, save_epoch, weights_digest
from thresholds import keep_thresholds
from trained import load_cnn


@torch.no_grad()
def outputs_of(model: LstmGrader, features: Tensor, device: str) -> "dict[str, Tensor]":
    """What each head makes of the sequences [N, 30, F], on the CPU."""
    model.eval()
    return {task: output.cpu() for task, output in model(features.to(device)).items()}


def main(arguments: "list[str] | None" = None) -> None:
    parser = grader_options(__doc__.splitlines()[0], epochs=30, batch=32)
    parser.add_argument("--cnn", type=Path, required=True, help="checkpoint of the trained CNN")
    parser.add_argument(
        "--shorten", type=probability, default=0.0, metavar="P",
        help="with this probability a training sequence begins later, any time up to its last frame (not in the paper)",
    )
    options = start(parser, arguments)
    tasks, loss_name, device = TASKS[options.task], options.loss, options.device
    cnn, cnn_recipe = load_cnn(options.cnn)
    if cnn_recipe["without_clinic"] != options.without_clinic:
        sys.exit(
            f"{options.cnn} was trained without clinic {cnn_recipe['without_clinic']}, and this run leaves out "
            f"{options.without_clinic}: the same clinic has to be left out of both, or the RNN's features have seen it."
        )
    cnn, cnn_digest = cnn.to(device), weights_digest(cnn)
    asked = {"tasks": tasks, "clips": True, "without_clinic": options.without_clinic}
    train = read_embryos(options.data, "train", options.limit, **asked, at_least=max(2, process_count()))
    validation = read_embryos(options.data, "validation", options.limit, **asked)
    weights = {task: inverse_frequency_weights(train.grades[task]) for task in tasks}
    weights_there = {task: weight.to(device) for task, weight in weights.items()}

    torch.manual_seed(options.seed)
    model = LstmGrader(cnn.xception.features, tasks, loss_name).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    # PyTorch's patience counts the epochs that are let pass, the paper's the epochs until it halves: 4 is its 5.
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=options.patience - 1, threshold=0)
    recipe = recipe_of(options, "task", "loss", "shorten", "without_clinic", "batch", "lr", "patience", "seed", "limit")
    recipe.update({"trained_on": len(train.row), "validated_on": len(validation.row)})
    recipe.update({"features": cnn.xception.features, "cnn_digest": cnn_digest})
    recipe["data_sha256"] = clips_digest(options.data, train, validation)
    history = resume(options, "rnn", recipe, model, optimizer, schedule)
    # After `resume`: extracting takes longer than training, and a run that cannot be gone on with is refused before it.
    cache = options.out / "features" / cnn_digest[:16]
    train_features, train_frames = sequences(options.data, train, cnn, cache)   # [N, 30, F], [N]
    validation_features, _ = sequences(options.data, validation, cnn, cache)
    replica = replicated(model)

    for epoch in range(len(history) + 1, options.epochs + 1):
        started, total, alike = time.monotonic(), 0.0, seed_epoch(options.seed, epoch)
        model.train()
        for batch in batches(torch.randperm(len(train.row), generator=alike), options.batch, max(2, process_count())):
            chosen = share_of(batch)
            features = train_features[chosen]
            if options.shorten > 0:
                features = shortened(features, train_frames[chosen], options.shorten)
            outputs = replica(features.to(device))
            grades = {task: train.grades[task][chosen].to(device) for task in tasks}
            loss = grading_loss(loss_name, outputs, grades, weights_there)
            optimizer.zero_grad()
            (loss * share_weight(chosen, batch)).backward()
            optimizer.step()
            total += loss.item() * len(chosen)

        metrics = {"epoch": epoch, "loss": summed(total) / len(train.row)}
        metrics.update(by_first_process(lambda: grading_metrics(
            loss_name, outputs_of(model, validation_features, device), validation.grades, weights
        )))
        schedule.step(metrics["val_loss"])
        metrics.update({"lr": optimizer.param_groups[0]["lr"], "seconds": round(time.monotonic() - started, 2)})
        history.append(metrics)
        save_epoch(options.out, "rnn", recipe, model, optimizer, schedule, history)

    if loss_name == "linear":
        by_first_process(lambda: keep_thresholds(
            options.out, "rnn", model, lambda: outputs_of(model, train_features, device), train.grades
        ))
    leave_processes()


if __name__ == "__main__":
    main()
