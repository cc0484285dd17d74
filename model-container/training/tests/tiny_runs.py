"""Runs on the tiny dataset: their options, and what is alike in two runs that came out the same."""

import json
from pathlib import Path

import torch

from run_folder import load_checkpoint


def cropper_options(dataset, out, epochs=2):
    return ["--data", str(dataset), "--out", str(out), "--epochs", str(epochs), "--batch", "8", "--flips", "--light"]


def cnn_options(dataset, out, epochs=2, width="0.0625"):
    return ["--data", str(dataset), "--out", str(out), "--epochs", str(epochs), "--batch", "6", "--width", width, "--flips"]


def rnn_options(dataset, out, cnn, epochs=3):
    return ["--data", str(dataset), "--out", str(out), "--epochs", str(epochs), "--batch", "5", "--cnn", str(cnn)]


def segmenter_options(dataset, out, epochs=2):
    return ["--data", str(dataset), "--out", str(out), "--epochs", str(epochs), "--batch", "3"]


def pregnancy_options(dataset, out, epochs=2, network="resnet50"):
    tiny = ["--network", network, "--width", "0.0625", "--side", "32", "--batch", "3"]
    return ["--data", str(dataset), "--out", str(out), "--epochs", str(epochs), *tiny]


def history(out):
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def assert_same_run(one: Path, other: Path, kind: str):
    assert (one / "best.pt").read_bytes() == (other / "best.pt").read_bytes()
    first, second = load_checkpoint(one / "last.pt", kind), load_checkpoint(other / "last.pt", kind)
    assert all(torch.equal(tensor, second["model"][name]) for name, tensor in first["model"].items())
    for state, other_state in zip(first["optimizer"].values(), second["optimizer"].values()):
        assert all(torch.equal(tensor, other_state[name]) for name, tensor in state.items())
    timeless = [{name: value for name, value in line.items() if name != "seconds"} for line in first["history"]]
    assert timeless == [{name: value for name, value in line.items() if name != "seconds"} for line in second["history"]]
