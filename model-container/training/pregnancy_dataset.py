"""Reader of the stills, ages and outcomes that the pregnancy networks train on (see README.md for the formats)."""

import csv
import re
import sys
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np
import torch
from torch import Tensor

from dataset import digest_of, existing

FOLDS = 3
INPUTS = ("enhanced", "plain")
VOTE = {"A": 1.0, "B": 0.5, "C": 0.0}
# What each column of pregnancy.csv may hold, as a pattern and in words.
COLUMNS = {
    "embryo_id": (r".+", "a name"),
    "cycle_id": (r".+", "a name"),
    "age_years": (r"((1[89]|[2-4]\d|5[0-4])(\.\d+)?|55(\.0+)?)?", "from 18 to 55, or empty"),
    "split": (r"train|validation|test", "train, validation or test"),
    "fold": (r"[012]?", "0, 1, 2 or empty"),
    "icm_votes": (r"[ABC]*", "letters A, B and C, or empty"),
    "te_votes": (r"[ABC]*", "letters A, B and C, or empty"),
    "outcome": (r"[01]?", "0, 1 or empty"),
}


class Transfers(NamedTuple):
    """Embryos in order of `row`, their row in pregnancy.csv and in enhanced.npy."""

    row: Tensor                     # [N]
    embryo_id: "list[str]"
    age_years: Tensor               # float [N]; NaN where it is not known
    outcome: Tensor                 # float [N], 1 for a gestational sac; NaN where it is not known
    votes: Tensor                   # [N, 2], mean vote on ICM and on TE: 1 for A, 0.5 for B, 0 for C; NaN without any


def read_lines(dataset: Path) -> "list[dict]":
    """All lines of pregnancy.csv. One that makes no sense, and a cycle in several folds, ends the script."""
    path = existing(dataset / "pregnancy.csv")
    with open(path, newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        missing = sorted(COLUMNS.keys() - set(table.fieldnames or ()))
        if missing:
            sys.exit(f"{path} has no column {', '.join(missing)}: prepare it again.")
        lines = list(table)
    fold_of = {}
    for line in lines:
        for column, (pattern, words) in COLUMNS.items():
            if not re.fullmatch(pattern, line[column] or ""):
                sys.exit(f"{path}: {column} of {line['embryo_id']} is {line[column]!r}, and it has to be {words}.")
        fold = line["split"] == "test", line["fold"]
        if fold_of.setdefault(line["cycle_id"], fold) != fold:
            sys.exit(f"{path} has {line['cycle_id']} in several folds, and one woman's embryos belong together.")
    return lines


def read_transfers(
    dataset: Path, wanted: str, chosen: "Callable[[dict], object]", limit: int = 0, at_least: int = 1
) -> Transfers:
    """The lines of pregnancy.csv for which `chosen` holds. wanted: what they are, in words.

    limit: > 0 takes the first ones only; at_least: fewer embryos end the script.
    """
    lines = [(row, line) for row, line in enumerate(read_lines(dataset)) if chosen(line)][: limit or None]
    if len(lines) < at_least:
        sys.exit(f"{dataset / 'pregnancy.csv'} holds {len(lines)} {wanted}, and it takes at least {at_least}.")

    def numbers(column: str) -> Tensor:
        return torch.tensor([float(line[column] or "nan") for _, line in lines])

    return Transfers(
        torch.tensor([row for row, _ in lines]),
        [line["embryo_id"] for _, line in lines],
        numbers("age_years"),
        numbers("outcome"),
        torch.tensor([[mean_vote(line["icm_votes"]), mean_vote(line["te_votes"])] for _, line in lines]),
    )


def mean_vote(letters: str) -> float:
    return sum(VOTE[letter] for letter in letters) / len(letters) if letters else float("nan")


def read_fold(dataset: Path, fold: int, *, validation: bool, limit: int = 0, at_least: int = 1) -> Transfers:
    """Transfers with an age and an outcome outside a fold, or within it, none of them of the test split."""
    wanted = {str(fold)} if validation else {str(other) for other in range(FOLDS)} - {str(fold)}
    return read_transfers(
        dataset, f"embryos {'in' if validation else 'outside'} fold {fold} with an age and an outcome",
        lambda line: line["split"] != "test" and line["fold"] in wanted and line["outcome"] and line["age_years"],
        limit, at_least,
    )


def read_voted(dataset: Path, split: str, limit: int = 0, at_least: int = 1) -> Transfers:
    """Embryos of a split that have votes on both."""
    return read_transfers(
        dataset, f"{split} embryos with votes on ICM and TE",
        lambda line: line["split"] == split and line["icm_votes"] and line["te_votes"],
        limit, at_least,
    )


def open_images(dataset: Path) -> np.ndarray:
    """uint8 [E, 3, 224, 224], left on disk: the still, what of it is ICM, what of it is TE."""
    path = existing(dataset / "enhanced.npy")
    try:
        images = np.load(path, mmap_mode="r")
    except ValueError as cause:
        sys.exit(f"{path} cannot be read ({cause}): prepare it again.")
    if images.dtype != np.uint8 or images.shape[1:] != (3, 224, 224):
        sys.exit(f"{path} must be uint8 [E,3,224,224], and is {images.dtype} {list(images.shape)}.")
    embryos = len(read_lines(dataset))
    if len(images) != embryos:
        sys.exit(f"{path} holds {len(images)} embryos and pregnancy.csv {embryos}: prepare them again.")
    return images


def images_of(images: np.ndarray, rows: Tensor, kind: str) -> Tensor:
    """uint8 [N, 3, 224, 224]: enhanced as it is, plain as three times the still."""
    if kind == "enhanced":
        return torch.from_numpy(images[rows.numpy()])
    return torch.from_numpy(images[rows.numpy(), :1]).repeat(1, 3, 1, 1)


def transfers_digest(images: np.ndarray, kind: str, *parts: Transfers) -> str:
    """SHA-256 over what a training reads: names, ages, outcomes, votes, and of each image the middle line."""
    channels = 3 if kind == "enhanced" else 1
    return digest_of(
        array
        for row, embryo_id, age_years, outcome, votes in parts
        for array in (embryo_id, age_years, outcome, votes, images[row.numpy(), :channels, 112])
    )
