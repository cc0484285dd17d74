"""Times the grading networks in PyTorch on one clip, for the comparison with the model server; prints one JSON line.

    bench_torch.py --weights DIR --clip CLIP.npz --threads 2 --batch 1 5 10 --repeats 3

DIR holds cnn.pt and rnn.pt, as `export.py random-full` writes them.
"""

import require_torch  # noqa: F401  isort: skip

import argparse
import copy
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Callable

import torch
from torch import Tensor

from dataset import read_clip_frames
from lstm import padded
from served import ServedRnn
from trained import load_grader


def median_seconds(work: "Callable[[], object]", repeats: int) -> float:
    """Median of `repeats` runs after one that is not counted."""
    seconds = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def grade(xception, rnn, frames: Tensor, batch: int) -> "tuple[Tensor, Tensor]":
    return rnn(padded(torch.cat([xception(some) for some in frames.split(batch)]))[None])


def optimized(model, example: Tensor):
    return torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, example).eval()))


@torch.no_grad()
def main(arguments: "list[str] | None" = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="folder with cnn.pt and rnn.pt")
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 5, 10])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--matmul", type=int, default=4096, help="side of the matrices that measure the machine's peak")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    # As the training scripts do, and as ONNX Runtime can be told to.
    torch.set_flush_denormal(True)
    cnn, rnn = load_grader(options.weights / "cnn.pt", options.weights / "rnn.pt")
    xception, rnn = cnn.xception.to(memory_format=torch.contiguous_format), ServedRnn(rnn)
    channels_last = copy.deepcopy(xception).to(memory_format=torch.channels_last)
    frames = read_clip_frames(options.clip)                                     # [T, 3, 224, 224]
    frames_last = frames.contiguous(memory_format=torch.channels_last)

    matrix = torch.randn(options.matmul, options.matmul, generator=torch.Generator().manual_seed(1))
    gflops = 2e-9 * options.matmul**3 / median_seconds(lambda: matrix @ matrix, options.repeats)
    seconds: "dict[str, dict[str, float]]" = {"eager": {}, "eagerChannelsLast": {}, "optimized": {}}
    reference = grade(xception, rnn, frames, 1)
    optimized_rnn = optimized(rnn, torch.zeros(1, 30, cnn.xception.features))
    for batch in options.batch:
        # Frozen for this batch size, which is as fast as PyTorch can be made; a rest of another size still runs.
        ways = {
            "eager": (xception, rnn, frames),
            "eagerChannelsLast": (channels_last, rnn, frames_last),
            "optimized": (optimized(xception, frames[:batch]), optimized_rnn, frames),
        }
        for name, (network, head, clip) in ways.items():
            answer = grade(network, head, clip, batch)
            if max((ours - theirs).abs().max().item() for ours, theirs in zip(answer, reference)) > 1e-4:
                sys.exit(f"{name} answers differently at batch {batch}: there is nothing to compare")
            seconds[name][str(batch)] = median_seconds(lambda: grade(network, head, clip, batch), options.repeats)
            print(f"batch {batch}: {name} {seconds[name][str(batch)]:.2f} s", file=sys.stderr, flush=True)
    icm, te = (scores[0].tolist() for scores in reference)
    result = {
        **seconds, "matmulGflops": gflops, "torch": torch.__version__, "threads": options.threads,
        "frames": len(frames), "scores": {"icm": icm, "te": te},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
