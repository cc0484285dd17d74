"""The command-line options that all training scripts share."""

import argparse
from pathlib import Path

import torch


def training_options(description: str, *, epochs: int, batch: int) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="dataset folder prepared by TypeScript")
    options.add_argument("--out", type=Path, required=True, help="run folder; a run that lies there is resumed")
    options.add_argument("--epochs", type=int, default=epochs)
    options.add_argument("--batch", type=int, default=batch)
    options.add_argument("--lr", type=float, default=1e-3, help="Adam's first learning rate")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--limit", type=int, default=0, help="at most so many examples per split, 0 for all")
    options.add_argument("--threads", type=int, default=0, help="CPU threads, 0 for PyTorch's choice")
    options.add_argument("--device", default="cpu", help="cpu or cuda")
    return options


def prepare_torch(options: argparse.Namespace) -> None:
    if options.threads:
        torch.set_num_threads(options.threads)
    # Tiny values late in training would otherwise slow a CPU down many times over.
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
