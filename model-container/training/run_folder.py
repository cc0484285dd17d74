"""A training run's folder: run.json, best.pt, last.pt and metrics.jsonl. Killed at any moment, it can be gone on with.

With several processes the first one alone reads and writes; what it reads goes to the others.
"""

import contextlib
import hashlib
import io
import json
import math
import os
import sys
from pathlib import Path
from typing import NoReturn, Optional

import torch
from torch import nn

from distributed import by_first_process, is_first_process, process_count

# Checkpoints of another format are refused: their names and recipes mean something else.
FORMAT = 2


def write_atomically(path: Path, content: bytes) -> None:
    """The file is the old one or the new one, never a part of it; where it cannot be written the script ends."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as cause:
        sys.exit(
            f"{path} cannot be written ({cause.strerror}); what lay there before is unharmed. "
            "Run the same command again once there is room: a training goes on from its last whole epoch."
        )
    finally:
        remove_torn(temporary)


def make_folder(path: Path) -> None:
    """Makes a folder and those above it, unless it is there; where it cannot be made the script ends."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        sys.exit(
            f"{path} cannot be made ({cause.strerror}): run the same command again once there is room and it may be "
            "written to, or choose another --out."
        )


def remove_torn(temporary: Path) -> None:
    """Removes a half-written file, of use to nobody. Where that fails, what is written next says why."""
    with contextlib.suppress(OSError):
        temporary.unlink()


KINDS = ("cropper", "cnn", "rnn", "segmenter", "pregnancy")

# What is no tensor is kept as JSON: the safe reader of PyTorch 1.13 knows neither fractions nor lists.
AS_JSON = ("recipe", "epoch", "val_loss", "history", "optimizer_groups", "schedule")


def save_checkpoint(path: Path, checkpoint: dict) -> None:
    """checkpoint: "kind", "recipe", "model" and whatever else a run needs to go on; see `save_epoch`."""
    checkpoint = {name: json.dumps(value) if name in AS_JSON else value for name, value in checkpoint.items()}
    # Through a buffer: given a path, PyTorch puts the file's name into the bytes.
    buffer = io.BytesIO()
    torch.save({**checkpoint, "format": FORMAT}, buffer)
    write_atomically(path, buffer.getvalue())


def load_checkpoint(path: Path, kind: str, content: "Optional[bytes]" = None) -> dict:
    """Reads tensors, strings and whole numbers only, no pickled code. kind: one of KINDS.

    content: the file's bytes where they have been read already.
    """
    if content is None and not path.exists():
        sys.exit(f"{path} is missing: train the {kind} first.")
    try:
        content = path.read_bytes() if content is None else content
        checkpoint = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as cause:  # PyTorch raises whatever its zip reader and unpickler happen to raise.
        refuse_unreadable(path, cause)
    if not isinstance(checkpoint, dict) or checkpoint.get("kind") not in KINDS:
        sys.exit(f"{path} is no checkpoint of this program.")
    if checkpoint.get("format") != FORMAT:
        sys.exit(f"{path} is a checkpoint of an earlier format than this version reads: train again.")
    if checkpoint["kind"] != kind:
        sys.exit(f"{path} is a checkpoint of the {checkpoint['kind']}, not of the {kind}.")
    return {name: json.loads(value) if name in AS_JSON else value for name, value in checkpoint.items()}


def refuse_unreadable(path: Path, cause: Exception) -> NoReturn:
    sentence = f"{path} cannot be read as a checkpoint ({type(cause).__name__}): delete it and train again."
    if path.name == "last.pt" and (path.parent / "best.pt").exists():
        sentence += " The best epoch's best.pt beside it can be exported as it is; training again will replace it."
    sys.exit(sentence)


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
    if not is_first_process():
        return
    metrics = history[-1]
    described = {"kind": kind, "recipe": recipe, "model": model.state_dict(), "epoch": metrics["epoch"]}
    if is_best(history):
        save_checkpoint(out / "best.pt", {**described, "val_loss": metrics["val_loss"]})
    optimizer_state = optimizer.state_dict()
    going_on = {
        "optimizer": optimizer_state["state"], "optimizer_groups": optimizer_state["param_groups"],
        "schedule": schedule.state_dict(), "history": history,
    }
    save_checkpoint(out / "last.pt", {**described, **going_on})
    write_atomically(out / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in history).encode())
    print(" ".join(f"{name} {value:.4g}" for name, value in metrics.items()), file=sys.stderr, flush=True)


def recipe_of(options, *names: str) -> dict:
    """What a run may not change when it goes on: the options of these names, and the number of processes."""
    return {**{name: getattr(options, name) for name in names}, "processes": process_count()}


def begin_with(options, kind: str, model, *alike: str) -> "Optional[str]":
    """Gives a model the weights of `--from`, where it was given. Returns their digest, for the recipe.

    alike: the options in which that checkpoint's run has to be as this one. The weights' shapes alone would let another
    loss pass, and weights that have seen the clinic which is left out here.
    """
    if options.start_from is None:
        return None
    checkpoint = load_checkpoint(options.start_from, kind)
    for name in alike:
        theirs, ours = checkpoint["recipe"].get(name), getattr(options, name)
        if theirs != ours:
            sys.exit(
                f"{options.start_from} was trained with {name} {theirs}, and this run has {name} {ours}: "
                f"begin with a checkpoint that has the same {', '.join(alike)}, or without --from."
            )
    model.load_state_dict(checkpoint["model"])
    return weights_digest(model)


def resume(options, kind: str, recipe: dict, model, optimizer, schedule) -> "list[dict]":
    """Puts everything back as last.pt has it, and returns the metrics of the epochs done: [] in a new folder.

    Notes in run.json what the run is and how many epochs are wanted of it, for those who list runs.
    """
    out, path = options.out, options.out / "last.pt"
    content = by_first_process(lambda: path.read_bytes() if path.exists() else None)
    checkpoint = {"history": []} if content is None else load_checkpoint(path, kind, content)
    for name, value in recipe.items():
        if content is not None and checkpoint["recipe"].get(name) != value:
            sys.exit(
                f"{out} holds a run with {name} {checkpoint['recipe'].get(name)}, and this one has {name} {value}: "
                "use the same options and the same data to go on with it, or another --out to start anew."
            )
    if content is not None:
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict({"state": checkpoint["optimizer"], "param_groups": checkpoint["optimizer_groups"]})
        schedule.load_state_dict(checkpoint["schedule"])
    if is_first_process():
        make_folder(out)
        for torn in out.glob(".*.tmp"):
            remove_torn(torn)                   # a killed process's, and as large as a checkpoint
        note = {"kind": kind, "epochs": options.epochs, "differs": options.differs, "recipe": recipe}
        write_atomically(out / "run.json", (json.dumps(note, indent=1) + "\n").encode())
        if content is not None:
            print(f"going on after epoch {checkpoint['epoch']} of {out}", file=sys.stderr, flush=True)
    return checkpoint["history"]
