"""Linear regression's grade thresholds, fitted on the training split (section 2.4) and kept beside the weights."""

import json
import sys
from pathlib import Path
from typing import Callable

import torch
from torch import Tensor, nn

from losses import fit_grade_thresholds
from run_folder import load_checkpoint, weights_digest, write_atomically


def keep_thresholds(
    out: Path, kind: str, model: nn.Module, outputs_of_training: "Callable[[], dict[str, Tensor]]",
    grades: "dict[str, Tensor]",
) -> None:
    """Writes thresholds.json for best.pt, whose weights are loaded into the model for it."""
    model.load_state_dict(load_checkpoint(out / "best.pt", kind)["model"])
    fitted = {task: fit_grade_thresholds(output, grades[task]).tolist() for task, output in outputs_of_training().items()}
    write_atomically(out / "thresholds.json", json.dumps({"weights": weights_digest(model), **fitted}).encode())


def load_thresholds(out: Path, model: nn.Module) -> "dict[str, Tensor]":
    """Of each task, float64 [2], as fitted with these very weights; none where the loss is not linear regression."""
    if model.heads.loss != "linear":
        return {}
    path = out / "thresholds.json"
    # Python writes an infinite threshold as Infinity, and reads it again.
    fitted = json.loads(path.read_text()) if path.exists() else {}
    if fitted.get("weights") != weights_digest(model):
        sys.exit(f"{path} has no thresholds for best.pt: finish the training, which fits them, with the same command.")
    return {task: torch.tensor(fitted[task], dtype=torch.float64) for task in model.heads.tasks}
