"""Lists every training run under a folder: what it is, how far it has come, how good it is.

    /usr/bin/python3 model-container/training/runs.py DIR [--json]

ICM and TE are a grader's accuracies and a segmenter's Dice coefficients, Dice a cropper's, AUC a pregnancy network's.
Settings are those that differ from the paper's recipe. Needs Python only, and may be asked while a training runs.
"""

import argparse
import json
import math
import os
import sys
from pathlib import Path

HEADINGS = (
    "run", "network", "trained on", "epochs", "best", "val loss", "ICM", "TE", "Dice", "AUC", "seconds", "", "settings",
)
LEFT = {"run", "network", "", "settings"}


class RunUnreadable(Exception):
    """A run's notes are missing or damaged; the message names the folder."""


def read_run(folder: Path) -> dict:
    """One run, as `--json` prints it, from its run.json and metrics.jsonl; loss and all figures are the best epoch's.

    Raises RunUnreadable.
    """
    try:
        note = json.loads((folder / "run.json").read_text())
        metrics = folder / "metrics.jsonl"
        history = [json.loads(line) for line in metrics.read_text().splitlines()] if metrics.exists() else []
        wanted = max(note["epochs"], len(history))
        # As the run itself chooses: the first of the least, and NaN is worse than any number.
        best = min(history, key=lambda line: finite(line["val_loss"], math.inf), default={})
        seconds = sum(line["seconds"] for line in history)
        return {
            "folder": str(folder), "kind": note["kind"], "settings": note["differs"],
            "trainedOn": note["recipe"]["trained_on"],
            "epochs": len(history), "epochsWanted": wanted, "finished": len(history) >= wanted,
            "bestEpoch": best.get("epoch"), "valLoss": finite(best.get("val_loss")),
            "icmAccuracy": best.get("val_icm_accuracy"), "teAccuracy": best.get("val_te_accuracy"),
            "icmDice": best.get("val_icm_dice"), "teDice": best.get("val_te_dice"), "dice": best.get("val_dice"),
            "auc": best.get("val_auc"), "seconds": round(seconds, 2),
        }
    except OSError as cause:
        name = Path(cause.filename).name
        raise RunUnreadable(f"{folder} holds no run that can be read ({name}: {cause.strerror}).") from cause
    except (ValueError, KeyError, TypeError, AttributeError) as cause:
        raise RunUnreadable(f"{folder}: run.json or metrics.jsonl is damaged; move it away, or train again.") from cause


def finite(number: "float | None", otherwise: "float | None" = None) -> "float | None":
    return number if number is not None and math.isfinite(number) else otherwise


def find_runs(root: Path) -> "list[Path]":
    found = []
    for folder, below, files in os.walk(root):
        # A run's features are thousands of files, and no run.
        below[:] = sorted(name for name in below if name != "features")
        if "run.json" in files:
            found.append(Path(folder))
    return sorted(found)


def row(run: dict, root: Path) -> "list[str]":
    def number(value: "float | None", digits: int) -> str:
        return "" if value is None else f"{value:.{digits}f}"

    def of_tissue(name: str) -> str:
        return number(run[f"{name}Dice"] if run["kind"] == "segmenter" else run[f"{name}Accuracy"], 3)

    settings = " ".join(f"{name.replace('_', '-')}={value}" for name, value in run["settings"].items())
    return [
        os.path.relpath(run["folder"], root), run["kind"], str(run["trainedOn"]), f"{run['epochs']}/{run['epochsWanted']}",
        "" if run["bestEpoch"] is None else str(run["bestEpoch"]), number(run["valLoss"], 4),
        of_tissue("icm"), of_tissue("te"), number(run["dice"], 3), number(run["auc"], 3), number(run["seconds"], 0),
        "finished" if run["finished"] else "unfinished", settings,
    ]


def table(rows: "list[list[str]]") -> str:
    widths = [max(len(line[column]) for line in rows) for column in range(len(HEADINGS))]
    lines = []
    for line in rows:
        cells = [
            cell.ljust(width) if heading in LEFT else cell.rjust(width)
            for cell, width, heading in zip(line, widths, HEADINGS)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def main(arguments: "list[str] | None" = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON array instead of a table")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        sys.exit(f"There is no folder {options.folder}.")
    runs, faults = [], []
    for folder in find_runs(options.folder):
        try:
            runs.append(read_run(folder))
        except RunUnreadable as fault:
            faults.append(str(fault))
    if options.json:
        print(json.dumps(runs, indent=1))
    elif runs:
        print(table([list(HEADINGS), *(row(run, options.folder) for run in runs)]))
    elif not faults:
        faults.append(f"No run lies under {options.folder}.")
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
