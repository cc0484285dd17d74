"""The networks that the paper's Tables 3, 4 and 7 compare, exported from their runs with a list: networks.json."""

import json
import sys
from pathlib import Path

from run_folder import make_folder, weights_digest, write_atomically
from runs import RunUnreadable, read_run
from served import write_cnn, write_rnn
from thresholds import load_thresholds
from trained import load_cnn, load_rnn

GRADE_NAMES = {"icm": "ICM", "te": "TE"}
LOSS_NAMES = {
    "linear": "Linear regression (thresholded)",
    "categorical": "Categorical cross-entropy",
    "binary": "Ordinal binary decomposition",
}


def cnn_name(recipe: dict) -> str:
    """The row's name in the first of the paper's tables that has it, or one made in the same way."""
    task, moment = recipe["task"], recipe["moment"]
    at = f"t={moment} hpi" if moment.isdecimal() else f"t={moment}"
    which = [GRADE_NAMES[task]] if task != "both" else []
    if recipe["loss"] == "ordinal":
        return f"CNN ({', '.join(which + [at] * (moment != 'tA' or not which))})"
    special = ", ".join(which + [at] * (moment != "tA"))
    return LOSS_NAMES[recipe["loss"]] + (f", CNN ({special})" if special else "")


def cnn_tables(recipe: dict) -> "list[str]":
    task, loss, at_annotation = recipe["task"], recipe["loss"], recipe["moment"] == "tA"
    if recipe["without_clinic"] is not None:
        return []
    if task != "both":
        return ["4"] if loss == "ordinal" and at_annotation else []
    if loss != "ordinal":
        return ["7"] if at_annotation else []
    return ["3", "4", "7"] if at_annotation else ["3"]


def rnn_name(recipe: dict, cnn: dict) -> str:
    """As in Table 4; what is not the paper's, another loss or the features of a CNN trained otherwise, is said."""
    name = f"RNN ({GRADE_NAMES.get(recipe['task'], 'multi-task')})"
    if recipe["loss"] != "ordinal":
        name = f"{LOSS_NAMES[recipe['loss']]}, {name}"
    alike = cnn["moment"] == "tA" and cnn["loss"] == "ordinal" and cnn["task"] == recipe["task"]
    return name if alike else f"{name} on {cnn_name(cnn)}"


def rnn_tables(recipe: dict, cnn: dict) -> "list[str]":
    papers = recipe["loss"] == cnn["loss"] == "ordinal" and cnn["moment"] == "tA" and recipe["without_clinic"] is None
    if not papers:
        return []
    return ["3", "4"] if recipe["task"] == "both" else ["4"]


def export_networks(runs: Path, out: Path) -> None:
    """Exports every run in a folder whose name begins with cnn- or rnn-; an RNN's CNN has to lie beside it."""
    folders = [path for path in sorted(runs.glob("[cr]nn-*")) if path.is_dir()] if runs.is_dir() else []
    if not folders:
        sys.exit(f"{runs} holds no run whose folder begins with cnn- or rnn-.")
    for folder in folders:
        refuse_unfinished(folder)
    make_folder(out)
    networks, cnns = [], {}
    for folder in (path for path in folders if path.name.startswith("cnn-")):
        cnn, recipe = load_cnn(folder / "best.pt")
        sha256 = write_cnn(out / f"{folder.name}.onnx", cnn, load_thresholds(folder, cnn))
        cnns[weights_digest(cnn)] = {"file": f"{folder.name}.onnx", "sha256": sha256, "recipe": recipe}
        entry = described(folder, "cnn", cnn_name(recipe), cnn_tables(recipe), recipe, sha256)
        networks.append({**entry, "moment": recipe["moment"]})
    for folder in (path for path in folders if path.name.startswith("rnn-")):
        rnn, recipe = load_rnn(folder / "best.pt")
        cnn = cnns.get(recipe["cnn_digest"])
        if cnn is None:
            sys.exit(f"{folder} was trained on the features of a CNN that no cnn-* folder of {runs} holds: train it again.")
        sha256 = write_rnn(out / f"{folder.name}.onnx", rnn, load_thresholds(folder, rnn))
        name, tables = rnn_name(recipe, cnn["recipe"]), rnn_tables(recipe, cnn["recipe"])
        entry = described(folder, "rnn", name, tables, recipe, sha256)
        networks.append({**entry, "cnnFile": cnn["file"], "cnnSha256": cnn["sha256"]})
    names = [network["name"] for network in networks]
    for network in networks:
        if names.count(network["name"]) > 1:
            network["name"] += f", {Path(network['file']).stem}"
    # Last, so that a list never names a file that is not there yet.
    content = json.dumps({"schema": "blastograde/networks@1", "networks": networks}, indent=1) + "\n"
    write_atomically(out / "networks.json", content.encode())


def described(folder: Path, kind: str, name: str, tables: "list[str]", recipe: dict, sha256: str) -> dict:
    clinic, run = recipe["without_clinic"], read_run(folder)
    return {
        "name": name if clinic is None else f"{name} without {clinic}",
        "table": tables, "kind": kind, "task": recipe["task"], "loss": recipe["loss"],
        "file": f"{folder.name}.onnx", "sha256": sha256, "withoutClinic": clinic,
        "settings": {**recipe, "epochs": run["epochs"], "best_epoch": run["bestEpoch"]},
    }


def refuse_unfinished(folder: Path) -> None:
    try:
        run = read_run(folder)
    except RunUnreadable as fault:
        sys.exit(str(fault))
    if not run["finished"]:
        sys.exit(f"{folder} has {run['epochs']} of {run['epochsWanted']} epochs: finish it, or move it elsewhere.")
