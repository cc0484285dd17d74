"""Reader of the stills, ages and outcomes that the pregnancy networks train on (see README.md for the formats)."""

import csv
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from dataset import digest_of, existing

FOLDS = 3
INPUTS = ("enhanced", "plain")
COLUMNS = {"embryo_id", "cycle_id", "age_years", "split", "fold", "icm_votes", "te_votes", "outcome"}
VOTE = {"A": 1.0, "B": 0.5, "C": 0.0}


class Transfers(NamedTuple):
    """Embryos in order of `row`, their row in pregnancy.csv and in enhanced.npy."""

    row: Tensor                     # [N]
    embryo_id: "list[str]"
    age_years: Tensor               # float [N]; NaN where it is not known
    outcome: Tensor                 # float [N], 1 for a gestational sac; NaN where it is not known
    votes: Tensor                   # [N, 2], the mean vote on ICM and on TE, 1 for A, 0.5 for B, 0 for C; NaN where there is none


def read_transfers(dataset: Path, chosen) -> Transfers:
    """The lines of pregnancy.csv for which `chosen` holds; none of them ends the script."""
    path = existing(dataset / "pregnancy.csv")
    with open(path, newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        missing = sorted(COLUMNS - set(table.fieldnames or ()))
        lines = [(row, line) for row, line in enumerate(table) if not missing and chosen(line)]
    if missing:
        sys.exit(f"{path} has no column {', '.join(missing)}: prepare it again.")
    if not lines:
        sys.exit(f"{path} holds no embryo that this training can use.")

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


def read_fold(dataset: Path, fold: int, *, validation: bool, limit: int = 0) -> Transfers:
    """Transfers with an age and an outcome outside a fold, or within it; `limit` > 0 takes the first ones only."""
    wanted = {str(fold)} if validation else {str(other) for other in range(FOLDS)} - {str(fold)}
    return first(read_transfers(
        dataset, lambda line: line["fold"] in wanted and line["outcome"] in ("0", "1") and line["age_years"]
    ), limit)


def read_voted(dataset: Path, split: str, limit: int = 0) -> Transfers:
    """Embryos of a split that have votes on both; `limit` > 0 takes the first ones only."""
    return first(read_transfers(
        dataset, lambda line: line["split"] == split and line["icm_votes"] and line["te_votes"]
    ), limit)


def first(transfers: Transfers, limit: int) -> Transfers:
    if limit == 0:
        return transfers
    return Transfers(*(part[:limit] for part in transfers))


def open_images(dataset: Path) -> np.ndarray:
    """uint8 [E, 3, 224, 224], left on disk: the still, what of it is ICM, what of it is TE."""
    path = existing(dataset / "enhanced.npy")
    try:
        images = np.load(path, mmap_mode="r")
    except ValueError as cause:
        sys.exit(f"{path} cannot be read ({cause}): prepare it again.")
    if images.dtype != np.uint8 or images.shape[1:] != (3, 224, 224):
        sys.exit(f"{path} must be uint8 [E,3,224,224], and is {images.dtype} {list(images.shape)}.")
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
