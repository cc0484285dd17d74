"""A training run's folder: best.pt, last.pt and metrics.jsonl. Killed at any moment, a run goes on as if it had not been."""

import hashlib
import io
import json
import math
import os
import sys
from pathlib import Path

import torch
from torch import nn


def write_atomically(path: Path, content: bytes) -> None:
    """The file is the old one or the new one, never a part of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# What is no tensor is kept as JSON: the safe reader of PyTorch 1.13 knows neither fractions nor lists.
AS_JSON = ("recipe", "epoch", "val_loss", "history", "optimizer_groups", "schedule")


def save_checkpoint(path: Path, checkpoint: dict) -> None:
    """checkpoint: "kind", "recipe", "model" and whatever else a run needs to go on; see `save_epoch`."""
    checkpoint = {name: json.dumps(value) if name in AS_JSON else value for name, value in checkpoint.items()}
    # Through a buffer: given a path, PyTorch puts the file's name into the bytes.
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    write_atomically(path, buffer.getvalue())


def load_checkpoint(path: Path, kind: str) -> dict:
    """Reads tensors, strings and whole numbers only, no pickled code. kind: "cropper", "cnn" or "rnn"."""
    if not path.exists():
        sys.exit(f"{path} is missing: train the {kind} first.")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as cause:  # PyTorch raises whatever its zip reader and unpickler happen to raise.
        sys.exit(f"{path} cannot be read as a checkpoint ({type(cause).__name__}): delete it and train again.")
    if checkpoint.get("kind") != kind:
        sys.exit(f"{path} is a checkpoint of the {checkpoint.get('kind')}, not of the {kind}.")
    return {name: json.loads(value) if name in AS_JSON else value for name, value in checkpoint.items()}


def weights_digest(model: nn.Module) -> str:
    """SHA-256 over names, shapes and values of the weights, whatever file they lie in."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def is_best(history: "list[dict]") -> bool:
    """Whether the last epoch has the least val_loss so far. NaN counts as infinity: any finite loss is better."""
    *earlier, last = (math.inf if math.isnan(line["val_loss"]) else line["val_loss"] for line in history)
    return all(last < loss for loss in earlier)


def save_epoch(out: Path, kind: str, recipe: dict, model, optimizer, schedule, history: "list[dict]") -> None:
    """After each epoch: best.pt if it was the best so far, then last.pt, then the metrics.

    In this order a run killed in between repeats the epoch from the older last.pt and writes the same files again.
    """
    metrics = history[-1]
    described = {"kind": kind, "recipe": recipe, "model": model.state_dict(), "epoch": metrics["epoch"]}
    if is_best(history):
        save_checkpoint(out / "best.pt", {**described, "val_loss": metrics["val_loss"]})
    optimizer_state = optimizer.state_dict()
    going_on = {
        "optimizer": optimizer_state["state"], "optimizer_groups": optimizer_state["param_groups"],
        "schedule": schedule.state_dict(), "history": history, "random": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        going_on["random_cuda"] = torch.cuda.get_rng_state()
    save_checkpoint(out / "last.pt", {**described, **going_on})
    write_atomically(out / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in history).encode())
    print(" ".join(f"{name} {value:.4g}" for name, value in metrics.items()), file=sys.stderr, flush=True)


def resume(out: Path, kind: str, recipe: dict, model, optimizer, schedule) -> "list[dict]":
    """Puts everything back as last.pt has it, and returns the metrics of the epochs done: [] in a new folder."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "last.pt").exists():
        return []
    checkpoint = load_checkpoint(out / "last.pt", kind)
    for name, value in recipe.items():
        if checkpoint["recipe"].get(name) != value:
            sys.exit(
                f"{out} holds a run with {name} {checkpoint['recipe'].get(name)}, and this one has {name} {value}: "
                "use the same options to go on with it, or another --out to start anew."
            )
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict({"state": checkpoint["optimizer"], "param_groups": checkpoint["optimizer_groups"]})
    schedule.load_state_dict(checkpoint["schedule"])
    torch.set_rng_state(checkpoint["random"])
    if "random_cuda" in checkpoint and torch.cuda.is_available():
        torch.cuda.set_rng_state(checkpoint["random_cuda"])
    print(f"going on after epoch {checkpoint['epoch']} of {out}", file=sys.stderr, flush=True)
    return checkpoint["history"]
