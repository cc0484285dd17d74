"""Trains the LSTM and its two heads on the frozen CNN's features of every clip (Kragh et al. 2019, sections 2.3 and 2.5).

    /usr/bin/python3 model-container/training/train_rnn.py --data DATASET --cnn RUN/cnn/best.pt --out RUN/rnn

The features are extracted once and kept in RUN/rnn/features, named after the CNN's weights and the clip's frames.
"""

import require_torch  # noqa: F401  isort: skip

import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dataset import Embryos, batches, clip_path, frames_checksum, npz_bytes, read_clip_frames, read_embryos
from grading_metrics import grading_metrics
from losses import grading_loss, inverse_frequency_weights
from lstm import LstmGrader, padded
from options import prepare_torch, training_options
from run_folder import load_checkpoint, resume, save_epoch, weights_digest, write_atomically
from xception import CnnGrader


def load_cnn(path: Path) -> CnnGrader:
    """The frozen CNN of a checkpoint, in evaluation mode."""
    checkpoint = load_checkpoint(path, "cnn")
    cnn = CnnGrader(checkpoint["recipe"]["width"])
    cnn.load_state_dict(checkpoint["model"])
    return cnn.eval().requires_grad_(False).to(memory_format=torch.channels_last)


@torch.no_grad()
def clip_features(cnn: CnnGrader, frames: Tensor, batch: int = 10) -> Tensor:
    """frames: uint8 [T, 3, 224, 224] -> [T, F]. Padding never goes through the CNN."""
    device = next(cnn.parameters()).device
    # Twice as fast as channels first on two cores.
    frames = frames.contiguous(memory_format=torch.channels_last)
    return torch.cat([cnn.xception(some.to(device)).cpu() for some in frames.split(batch)])


def sequences(dataset: Path, embryos: Embryos, cnn: CnnGrader, cache: Path) -> Tensor:
    """[N, 30, F]: the features of each embryo's clip, from the cache where they lie there, zeros after the last frame."""
    cache.mkdir(parents=True, exist_ok=True)
    started, extracted, rows = time.monotonic(), 0, []
    for embryo_id in embryos.embryo_id:
        clip = clip_path(dataset, embryo_id)
        cached = cache / f"{embryo_id}-{frames_checksum(clip)}.npz"
        if not cached.exists():
            features = clip_features(cnn, read_clip_frames(clip))
            write_atomically(cached, npz_bytes({"features": features.numpy()}))
            extracted += 1
            if extracted % 20 == 0:
                each = (time.monotonic() - started) / extracted
                print(f"features of {extracted} clips, {each:.2f} s each", file=sys.stderr, flush=True)
        with np.load(cached) as arrays:
            rows.append(padded(torch.from_numpy(arrays["features"])))
    return torch.stack(rows)


def main(arguments: "list[str] | None" = None) -> None:
    parser = training_options(__doc__.splitlines()[0], epochs=30, batch=32)
    parser.add_argument("--cnn", type=Path, required=True, help="checkpoint of the trained CNN")
    options = parser.parse_args(arguments)
    prepare_torch(options)
    device = options.device
    cnn = load_cnn(options.cnn).to(device)
    cnn_digest = weights_digest(cnn)
    cache = options.out / "features" / cnn_digest[:16]
    train = read_embryos(options.data, "train", options.limit)
    validation = read_embryos(options.data, "validation", options.limit)
    train_features = sequences(options.data, train, cnn, cache)                 # [N, 30, F]
    validation_features = sequences(options.data, validation, cnn, cache)
    icm_weights = inverse_frequency_weights(train.icm).to(device)
    te_weights = inverse_frequency_weights(train.te).to(device)

    torch.manual_seed(options.seed)
    model = LstmGrader(cnn.xception.features).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    # PyTorch's patience counts the epochs that are let pass, the paper's the epochs until it halves: 4 is its 5.
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=4, threshold=0)
    recipe = {name: getattr(options, name) for name in ("batch", "lr", "seed", "limit")}
    recipe.update({"features": cnn.xception.features, "cnn_digest": cnn_digest})
    history = resume(options.out, "rnn", recipe, model, optimizer, schedule)

    for epoch in range(len(history) + 1, options.epochs + 1):
        started, losses = time.monotonic(), []
        model.train()
        for chosen in batches(torch.randperm(len(train.row)), options.batch):
            icm_logits, te_logits = model(train_features[chosen].to(device))
            icm, te = train.icm[chosen].to(device), train.te[chosen].to(device)
            loss = grading_loss(icm_logits, te_logits, icm, te, icm_weights, te_weights)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item() * len(chosen))

        model.eval()
        with torch.no_grad():
            icm_logits, te_logits = (logits.cpu() for logits in model(validation_features.to(device)))
        metrics = {"epoch": epoch, "loss": sum(losses) / len(train.row)}
        metrics.update(grading_metrics(icm_logits, te_logits, validation, icm_weights.cpu(), te_weights.cpu()))
        schedule.step(metrics["val_loss"])
        metrics.update({"lr": optimizer.param_groups[0]["lr"], "seconds": round(time.monotonic() - started, 2)})
        history.append(metrics)
        save_epoch(options.out, "rnn", recipe, model, optimizer, schedule, history)


if __name__ == "__main__":
    main()
