"""Trains Xception and its two heads on one still per embryo at tA (Kragh et al. 2019, sections 2.2 and 2.5).

    /usr/bin/python3 model-container/training/train_cnn.py --data DATASET --out RUN/cnn --width 0.25
"""

import require_torch  # noqa: F401  isort: skip

import sys
import time

import torch
from torch import Tensor

from dataset import batches, open_stills, read_embryos
from grading_metrics import grading_metrics
from losses import grading_loss, inverse_frequency_weights
from options import prepare_torch, training_options
from run_folder import resume, save_epoch
from xception import CnnGrader


def flipped(frames: Tensor) -> Tensor:
    """Each still mirrored and transposed at random: a well has no up and no left. frames: [N, 3, 224, 224]."""
    mirror_x, mirror_y, transpose = torch.randint(2, (3, len(frames), 1, 1, 1)).bool()
    frames = torch.where(mirror_x, frames.flip(3), frames)
    frames = torch.where(mirror_y, frames.flip(2), frames)
    return torch.where(transpose, frames.transpose(2, 3), frames)


def main(arguments: "list[str] | None" = None) -> None:
    parser = training_options(__doc__.splitlines()[0], epochs=30, batch=24)
    parser.add_argument("--width", type=float, default=1.0, help="scales Xception's channels; 1.0 is the paper's")
    parser.add_argument("--flips", action="store_true", help="mirror and transpose at random (not in the paper)")
    options = parser.parse_args(arguments)
    prepare_torch(options)
    train = read_embryos(options.data, "train", options.limit)
    validation = read_embryos(options.data, "validation", options.limit)
    stills = open_stills(options.data)                                          # [E, V, 3, 224, 224]
    icm_weights, te_weights = inverse_frequency_weights(train.icm), inverse_frequency_weights(train.te)
    device = options.device
    icm_weights, te_weights = icm_weights.to(device), te_weights.to(device)

    # Channels last: a quarter less time on two cores, and what tensor cores want.
    model = CnnGrader(options.width).to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    # PyTorch's patience counts the epochs that are let pass, the paper's the epochs until it halves: 4 is its 5.
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=4, threshold=0)
    recipe = {name: getattr(options, name) for name in ("width", "batch", "lr", "seed", "limit", "flips")}
    history = resume(options.out, "cnn", recipe, model, optimizer, schedule)

    for epoch in range(len(history) + 1, options.epochs + 1):
        started, losses = time.monotonic(), []
        model.train()
        order = torch.randperm(len(train.row))
        variant = torch.randint(stills.shape[1], (len(order),))                 # focal and time shift, TypeScript's
        for chosen in batches(order, options.batch):
            frames = torch.from_numpy(stills[train.row[chosen].numpy(), variant[chosen].numpy()])
            frames = flipped(frames) if options.flips else frames
            _, icm_logits, te_logits = model(frames.to(device, memory_format=torch.channels_last))
            icm, te = train.icm[chosen].to(device), train.te[chosen].to(device)
            loss = grading_loss(icm_logits, te_logits, icm, te, icm_weights, te_weights)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item() * len(chosen))
            if sys.stderr.isatty():
                print(f"\repoch {epoch} loss {loss.item():.3f} ", end="", file=sys.stderr)

        model.eval()
        with torch.no_grad():
            chunks = list(batches(torch.arange(len(validation.row)), options.batch))
            logits = [model(torch.from_numpy(stills[validation.row[some].numpy(), 0]).to(device))[1:] for some in chunks]
        icm_logits, te_logits = (torch.cat(parts).cpu() for parts in zip(*logits))
        metrics = {"epoch": epoch, "loss": sum(losses) / len(order)}
        metrics.update(grading_metrics(icm_logits, te_logits, validation, icm_weights.cpu(), te_weights.cpu()))
        schedule.step(metrics["val_loss"])
        metrics.update({"lr": optimizer.param_groups[0]["lr"], "seconds": round(time.monotonic() - started, 2)})
        history.append(metrics)
        save_epoch(options.out, "cnn", recipe, model, optimizer, schedule, history)


if __name__ == "__main__":
    main()
