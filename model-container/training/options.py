"""The command-line options that training scripts share. Their defaults are the paper's recipe."""

import argparse
from pathlib import Path
from typing import Optional, Sequence

import torch

from distributed import join_processes, process_count
from heads import LOSSES, TASKS

# Where a run lies and what it runs on; the rest is its recipe.
NO_RECIPE = ("start_from", "data", "out", "cnn", "threads", "device")


def whole(text: str) -> int:
    """A whole number from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 0 on")
    return int(text)


def positive(text: str) -> int:
    if whole(text) == 0:
        raise argparse.ArgumentTypeError("0 is too few")
    return int(text)


def above_zero(text: str) -> float:
    if not 0 < float(text) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return float(text)


def probability(text: str) -> float:
    if not 0 <= float(text) <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 1")
    return float(text)


def training_options(description: str, *, epochs: int, batch: int) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="dataset folder prepared by TypeScript")
    options.add_argument("--out", type=Path, required=True, help="run folder; a run that lies there is resumed")
    options.add_argument("--epochs", type=positive, default=epochs)
    options.add_argument("--batch", type=positive, default=batch, help="of all processes together")
    options.add_argument("--lr", type=above_zero, default=1e-3, help="Adam's first learning rate")
    options.add_argument("--seed", type=whole, default=1)
    options.add_argument("--limit", type=whole, default=0, help="at most so many examples per split, 0 for all")
    options.add_argument("--threads", type=whole, default=0, help="CPU threads, 0 for PyTorch's choice")
    options.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    return options


def add_bfloat16(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--bfloat16", action="store_true", help="multiply in bfloat16: twice as fast where the processor can (not in the paper)"
    )


def arithmetic(options: argparse.Namespace) -> torch.autocast:
    """The forward pass runs in this context. Weights, gradients and whatever is validated stay in float32."""
    return torch.autocast(torch.device(options.device).type, dtype=torch.bfloat16, enabled=options.bfloat16)


def grader_options(description: str, *, epochs: int, batch: int) -> argparse.ArgumentParser:
    options = training_options(description, epochs=epochs, batch=batch)
    options.add_argument("--task", choices=TASKS, default="both", help="which grades to learn (Table 4)")
    options.add_argument("--loss", choices=LOSSES, default="ordinal", help="what to minimise (Table 7)")
    options.add_argument(
        "--patience", type=positive, default=5, help="epochs without a smaller validation loss until the learning rate halves"
    )
    options.add_argument("--without-clinic", metavar="NAME", help="leave this clinic's embryos out, validation too")
    return options


def start(parser: argparse.ArgumentParser, arguments: "Optional[Sequence[str]]") -> argparse.Namespace:
    """Reads the options, prepares PyTorch, joins the other processes; `differs`: what is not the paper's recipe."""
    options = parser.parse_args(arguments)
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: PyTorch finds no GPU")
    if options.batch < process_count():
        parser.error(f"--batch {options.batch} cannot be shared by {process_count()} processes")
    options.differs = {
        name: value for name, value in vars(options).items() if name not in NO_RECIPE and value != parser.get_default(name)
    }
    if options.threads:
        torch.set_num_threads(options.threads)
    # Tiny values late in training would otherwise slow a CPU down many times over.
    torch.set_flush_denormal(True)
    options.device = join_processes(options.device)
    torch.manual_seed(options.seed)
    return options
