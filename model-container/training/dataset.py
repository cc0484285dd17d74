"""Readers of the dataset folder that TypeScript prepares (see README.md for its formats)."""

import csv
import hashlib
import io
import re
import sys
import zipfile
from pathlib import Path
from typing import Iterable, Iterator, NamedTuple, Optional, Sequence

import numpy as np
import torch
from torch import Tensor

GRADES = "ABC"
SPLITS = ("train", "validation", "test")
MOMENTS = ("tA", "tMEB", "105", "110", "115", "120")
COLUMNS = {"embryo_id", "clinic", "split", "icm", "te", "moments"}
GRADE_ARTICLES = {"icm": "an ICM", "te": "a TE"}


class CropperPictures(NamedTuple):
    pictures: Tensor        # uint8 [N, 3, 64, 64]
    masks: Tensor           # uint8 [N, 64, 64], 1 where the embryo is


class SegmentationPictures(NamedTuple):
    stills: Tensor          # uint8 [N, 1, 224, 224]
    tissues: Tensor         # uint8 [N, 224, 224], places in segmenter.TISSUES


class Embryos(NamedTuple):
    """Embryos of one split. `row` is the embryo's row in embryos.csv and in every file of stills."""

    row: Tensor                     # [N]
    embryo_id: "list[str]"
    grades: "dict[str, Tensor]"     # of each task asked for, [N] in 0..2 for A, B, C


def read_cropper_pictures(dataset: Path, split: str, limit: int = 0) -> CropperPictures:
    """Pictures and masks of one split; `limit` > 0 takes the first ones only."""
    with np.load(existing(dataset / "cropper.npz")) as arrays:
        chosen = np.flatnonzero(arrays["split"] == SPLITS.index(split))[: limit or None]
        pictures, masks = arrays["images"][chosen], arrays["masks"][chosen]
    if len(chosen) == 0:
        sys.exit(f"{dataset / 'cropper.npz'} holds no {split} picture.")
    if pictures.shape[1:] != (3, 64, 64) or pictures.dtype != np.uint8 or masks.max() > 1:
        sys.exit(f"{dataset / 'cropper.npz'} must hold images uint8 [N,3,64,64] and masks of 0 and 1.")
    return CropperPictures(torch.from_numpy(pictures), torch.from_numpy(masks))


def read_segmentation_pictures(dataset: Path, split: str, limit: int = 0, at_least: int = 1) -> SegmentationPictures:
    """Outlined stills of one split; `limit` > 0 takes the first ones only, and fewer than `at_least` end the script."""
    with np.load(existing(dataset / "segmentation.npz")) as arrays:
        chosen = np.flatnonzero(arrays["split"] == SPLITS.index(split))[: limit or None]
        stills, tissues = arrays["images"][chosen], arrays["masks"][chosen]
    if len(chosen) < at_least:
        sys.exit(
            f"{dataset / 'segmentation.npz'} holds {len(chosen)} {split} pictures, and it takes at least {at_least}."
        )
    if stills.shape[1:] != (224, 224) or stills.dtype != np.uint8 or tissues.shape != stills.shape or tissues.max() > 2:
        sys.exit(f"{dataset / 'segmentation.npz'} must hold images uint8 [N,224,224] and masks of 0, 1 and 2.")
    return SegmentationPictures(torch.from_numpy(stills)[:, None], torch.from_numpy(tissues))


def read_embryos(
    dataset: Path, split: str, limit: int = 0, *, tasks: Sequence[str] = (), moment: Optional[str] = None,
    clips: bool = False, without_clinic: Optional[str] = None, at_least: int = 1,
) -> Embryos:
    """The embryos of a split that have what is asked for; the others are left out.

    limit: > 0 takes the first ones only; tasks: those that must have a grade; moment: that of the still they must have;
    clips: whether they must have one; without_clinic: a clinic that is left out; at_least: fewer embryos end the script.
    """
    path = existing(dataset / "embryos.csv")
    with open(path, newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        missing = sorted(COLUMNS - set(table.fieldnames or ()))
        lines = list(table)
    if missing:
        sys.exit(f"{path} has no column {', '.join(missing)}: another version wrote it, prepare the dataset again.")
    clinics = sorted({line["clinic"] for line in lines} - {""})
    if without_clinic is not None and without_clinic not in clinics:
        sys.exit(f"{path} has no clinic {without_clinic!r}; it has {', '.join(clinics) or 'none'}.")
    for row, line in enumerate(lines):
        if not {line["icm"], line["te"]} <= {*GRADES, ""}:
            sys.exit(f"{path}: icm and te of {line['embryo_id']} must be A, B, C or empty.")
        if not re.fullmatch(r"[A-Za-z0-9._-]+", line["embryo_id"] or ""):
            sys.exit(f"{path}: {line['embryo_id']!r} in row {row} is no embryo id that can name a file.")
    chosen = [
        (row, line) for row, line in enumerate(lines)
        if line["split"] == split
        and all(line[task] for task in tasks)
        and (moment is None or moment in (line["moments"] or "").split())
        and (without_clinic is None or line["clinic"] != without_clinic)
        and (not clips or clip_file(dataset, line["embryo_id"]).exists())
    ][: limit or None]
    if len(chosen) < at_least:
        wanted = [f"{GRADE_ARTICLES[task]} grade" for task in tasks]
        wanted += [f"a still at {moment}"] * (moment is not None) + ["a clip"] * clips
        sys.exit(
            f"{path} holds {len(chosen)} {split} embryos{' with ' * bool(wanted)}{' and '.join(wanted)}"
            f"{f' outside {without_clinic}' if without_clinic else ''}, and it takes at least {at_least}."
        )
    return Embryos(
        torch.tensor([row for row, _ in chosen]),
        [line["embryo_id"] for _, line in chosen],
        {task: torch.tensor([GRADES.index(line[task]) for _, line in chosen]) for task in tasks},
    )


def open_stills(dataset: Path, moment: str, variants: int = 0) -> np.ndarray:
    """uint8 [E, V, 3, 224, 224], left on disk; variant 0 has neither focal nor time shift. variants: > 0 takes the first."""
    path = existing(dataset / "stills" / f"{moment}.npy")
    try:
        stills = np.load(path, mmap_mode="r")
    except ValueError as cause:
        sys.exit(f"{path} cannot be read ({cause}): prepare the dataset again.")
    if stills.dtype != np.uint8 or stills.ndim != 5 or stills.shape[2:] != (3, 224, 224):
        sys.exit(f"{path} must be uint8 [E,V,3,224,224], and is {stills.dtype} {list(stills.shape)}.")
    with open(existing(dataset / "embryos.csv"), newline="", encoding="utf-8") as file:
        embryos = sum(1 for _ in csv.DictReader(file))
    if len(stills) != embryos:
        sys.exit(f"{path} holds {len(stills)} embryos and embryos.csv {embryos}: prepare the dataset again.")
    if variants > stills.shape[1]:
        sys.exit(f"{path} holds {stills.shape[1]} variants of each still, not {variants}.")
    return stills[:, : variants or None]


def clip_file(dataset: Path, embryo_id: str) -> Path:
    return dataset / "clips" / f"{embryo_id}.npz"


def read_clip_frames(path: Path) -> Tensor:
    """uint8 [T, 3, 224, 224], chronological, T in 1..30."""
    with np.load(path) as arrays:
        frames = arrays["frames"]
    if frames.dtype != np.uint8 or not 1 <= len(frames) <= 30 or frames.shape[1:] != (3, 224, 224):
        sys.exit(f"{path}: frames must be uint8 [1..30,3,224,224], and are {frames.dtype} {list(frames.shape)}.")
    return torch.from_numpy(frames)


def frames_checksum(path: Path) -> str:
    """CRC-32 of a clip's frames as its zip directory has it: tells changed clips apart without reading them."""
    try:
        with zipfile.ZipFile(path) as archive:
            return f"{archive.getinfo('frames.npy').CRC:08x}"
    except (zipfile.BadZipFile, KeyError):
        sys.exit(f"{path} is no clip: prepare the dataset again.")


def cropper_digest(*splits: CropperPictures) -> str:
    """SHA-256 over the pictures and masks that a cropper's training reads."""
    return digest_of(array for pictures in splits for array in pictures)


def segmentation_digest(*splits: SegmentationPictures) -> str:
    """SHA-256 over the stills and outlines that a segmenter's training reads."""
    return digest_of(array for pictures in splits for array in pictures)


def stills_digest(stills: np.ndarray, *splits: Embryos) -> str:
    """SHA-256 over what a CNN's training reads: names, grades, and of each unshifted still the middle line.

    Whole stills would be gigabytes, and a line tells one photograph from another. stills: [E, V, 3, 224, 224].
    """
    line = stills.shape[3] // 2
    return digest_of(
        array for embryos in splits for array in (*names_and_grades(embryos), stills[embryos.row.numpy(), 0, 1, line])
    )


def clips_digest(dataset: Path, *splits: Embryos) -> str:
    """SHA-256 over what an RNN's training reads: names, grades, and the checksums of the clips' frames."""
    parts = []
    for embryos in splits:
        checksums = [frames_checksum(clip_file(dataset, embryo_id)) for embryo_id in embryos.embryo_id]
        parts += [*names_and_grades(embryos), checksums]
    return digest_of(parts)


def names_and_grades(embryos: Embryos) -> list:
    return [embryos.embryo_id, *(embryos.grades[task] for task in sorted(embryos.grades))]


def digest_of(parts: Iterable) -> str:
    """SHA-256 over arrays, tensors or lists of names, wherever they were read: a folder may move."""
    digest = hashlib.sha256()
    for part in parts:
        array = np.ascontiguousarray(part)
        digest.update(f"{array.dtype} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def batches(order: Tensor, size: int, at_least: int = 2) -> Iterator[Tensor]:
    """Splits `order` into batches, all used. A last batch with fewer than `at_least` joins its neighbour.

    One example alone would give batch norm no spread, and fewer than there are processes would leave one idle.
    """
    chunks = list(order.split(size))
    if len(chunks) > 1 and len(chunks[-1]) < at_least:
        chunks[-2:] = [torch.cat(chunks[-2:])]
    return iter(chunks)


def npz_bytes(arrays: "dict[str, np.ndarray]") -> bytes:
    """The same arrays give the same bytes: entries in the given order, stored, dated 1980."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), entry.getvalue())
    return buffer.getvalue()


def existing(path: Path) -> Path:
    if not path.exists():
        sys.exit(f"{path} is missing: prepare the dataset first (see model-container/training/README.md).")
    return path
