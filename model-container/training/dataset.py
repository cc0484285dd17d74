"""Readers of the dataset folder that TypeScript prepares (see README.md for its formats)."""

import csv
import io
import re
import sys
import zipfile
from pathlib import Path
from typing import Iterator, NamedTuple

import numpy as np
import torch
from torch import Tensor

GRADES = "ABC"
SPLITS = ("train", "validation", "test")


class CropperPictures(NamedTuple):
    pictures: Tensor        # uint8 [N, 3, 64, 64]
    masks: Tensor           # uint8 [N, 64, 64], 1 where the embryo is


class Embryos(NamedTuple):
    """One split of embryos.csv. `row` is the embryo's row in stills.npy."""

    row: Tensor             # [N]
    embryo_id: "list[str]"
    icm: Tensor             # [N] in 0..2 for A, B, C
    te: Tensor              # [N]


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


def read_embryos(dataset: Path, split: str, limit: int = 0) -> Embryos:
    """Embryos and labels of one split; `limit` > 0 takes the first ones only."""
    with open(existing(dataset / "embryos.csv"), newline="", encoding="utf-8") as file:
        chosen = [(row, line) for row, line in enumerate(csv.DictReader(file)) if line["split"] == split][: limit or None]
    if not chosen:
        sys.exit(f"{dataset / 'embryos.csv'} holds no {split} embryo.")
    for row, line in chosen:
        if line["icm"] not in tuple(GRADES) or line["te"] not in tuple(GRADES):
            sys.exit(f"{dataset / 'embryos.csv'}: icm and te of {line['embryo_id']} must be A, B or C.")
        if not re.fullmatch(r"[A-Za-z0-9._-]+", line["embryo_id"]):
            sys.exit(f"{dataset / 'embryos.csv'}: {line['embryo_id']!r} in row {row} is no embryo id that can name a file.")
    return Embryos(
        torch.tensor([row for row, _ in chosen]),
        [line["embryo_id"] for _, line in chosen],
        torch.tensor([GRADES.index(line["icm"]) for _, line in chosen]),
        torch.tensor([GRADES.index(line["te"]) for _, line in chosen]),
    )


def open_stills(dataset: Path) -> np.ndarray:
    """uint8 [E, V, 3, 224, 224], left on disk; variant 0 has neither focal nor time shift."""
    stills = np.load(existing(dataset / "stills.npy"), mmap_mode="r")
    if stills.dtype != np.uint8 or stills.ndim != 5 or stills.shape[2:] != (3, 224, 224):
        sys.exit(f"{dataset / 'stills.npy'} must be uint8 [E,V,3,224,224], and is {stills.dtype} {list(stills.shape)}.")
    return stills


def clip_path(dataset: Path, embryo_id: str) -> Path:
    return existing(dataset / "clips" / f"{embryo_id}.npz")


def read_clip_frames(path: Path) -> Tensor:
    """uint8 [T, 3, 224, 224], chronological, T in 1..30."""
    with np.load(path) as arrays:
        frames = arrays["frames"]
    if frames.dtype != np.uint8 or not 1 <= len(frames) <= 30 or frames.shape[1:] != (3, 224, 224):
        sys.exit(f"{path}: frames must be uint8 [1..30,3,224,224], and are {frames.dtype} {list(frames.shape)}.")
    return torch.from_numpy(frames)


def frames_checksum(path: Path) -> str:
    """CRC-32 of a clip's frames as its zip directory has it: tells changed clips apart without reading them."""
    with zipfile.ZipFile(path) as archive:
        return f"{archive.getinfo('frames.npy').CRC:08x}"


def batches(order: Tensor, size: int) -> Iterator[Tensor]:
    """Splits `order` into batches, all used. A last batch of one would give batch norm no spread: it joins its neighbour."""
    chunks = list(order.split(size))
    if len(chunks) > 1 and len(chunks[-1]) == 1:
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
