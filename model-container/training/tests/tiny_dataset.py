"""A dataset of a few bright discs: size stands for the ICM grade, ring thickness for the TE grade."""

import csv
from pathlib import Path

import numpy as np


def disc(side: int, radius: float, random: np.random.Generator) -> "tuple[np.ndarray, np.ndarray]":
    """uint8 [3, side, side] and its mask [side, side]; radius as a share of the side."""
    centre = side * (0.5 + random.uniform(-0.1, 0.1, 2))
    y, x = np.mgrid[:side, :side]
    mask = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < (radius * side) ** 2
    picture = np.clip(80 + 90 * mask + random.normal(0, 8, (3, side, side)), 0, 255)
    return picture.astype(np.uint8), mask.astype(np.uint8)


def write_tiny_dataset(folder: Path, *, train: int = 12, validation: int = 4, test: int = 2, frames: int = 3, pictures: int = 40) -> Path:
    random = np.random.default_rng(1)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "clips").mkdir(exist_ok=True)
    found = [disc(64, 0 if n % 5 == 4 else random.uniform(0.15, 0.35), random) for n in range(pictures)]
    split = np.array([0 if n % 4 < 2 else n % 4 - 1 for n in range(pictures)], np.uint8)
    np.savez(folder / "cropper.npz", images=np.stack([p for p, _ in found]), masks=np.stack([m for _, m in found]), split=split)
    splits = ["train"] * train + ["validation"] * validation + ["test"] * test
    stills = np.zeros((len(splits), 2, 3, 224, 224), np.uint8)
    with open(folder / "embryos.csv", "w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["embryo_id", "cycle_id", "split", "icm", "te", "icm_votes", "te_votes"])
        for row, name in enumerate(splits):
            grade = row % 2  # A and B only: C never occurs
            letter = "AB"[grade]
            lines.writerow([f"embryo-{row}", f"cycle-{row // 4}", name, letter, letter, letter * 5, letter * 5])
            radius = (0.35, 0.15)[grade]
            for variant in range(2):
                stills[row, variant] = disc(224, radius, random)[0]
            clip = np.stack([disc(224, radius, random)[0] for _ in range(frames + row % 3)])
            meta = np.frombuffer(b"{}", np.uint8)
            np.savez(folder / "clips" / f"embryo-{row}.npz", frames=clip, hpi=np.arange(len(clip), dtype=np.float32) + 100, meta=meta)
    np.save(folder / "stills.npy", stills)
    return folder
