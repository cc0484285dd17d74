"""A dataset of a few bright discs: size stands for the ICM grade, ring thickness for the TE grade; and of blastocysts."""

import csv
import json
from pathlib import Path

import numpy as np


def disc(side: int, radius: float, random: np.random.Generator) -> "tuple[np.ndarray, np.ndarray]":
    """uint8 [3, side, side] and its mask [side, side]; radius as a share of the side."""
    centre = side * (0.5 + random.uniform(-0.1, 0.1, 2))
    y, x = np.mgrid[:side, :side]
    mask = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < (radius * side) ** 2
    picture = np.clip(80 + 90 * mask + random.normal(0, 8, (3, side, side)), 0, 255)
    return picture.astype(np.uint8), mask.astype(np.uint8)


def blastocyst(grade: int, random: np.random.Generator) -> "tuple[np.ndarray, np.ndarray]":
    """A still uint8 [224, 224] and its tissues [224, 224]: a ring of TE, and within it an ICM, large for grade 0."""
    y, x = np.mgrid[:224, :224] - 112 + random.integers(-12, 12, (2, 1, 1))
    tissues = np.where(abs(np.hypot(y, x) - 75) < 6, 2, 0)
    tissues[np.hypot(y - 30, x) < (26, 12)[grade]] = 1
    still = np.clip(90 + 70 * (tissues > 0) + random.normal(0, 8, (224, 224)), 1, 255)
    return still.astype(np.uint8), tissues.astype(np.uint8)


def write_blastocysts(folder: Path, splits: "list[str]", random: np.random.Generator) -> None:
    """segmentation.npz, enhanced.npy and pregnancy.csv; one age and one outcome are not known."""
    pictures = [blastocyst(row % 2, random) for row in range(len(splits))]
    images = np.stack([still * np.stack([tissues >= 0, tissues == 1, tissues == 2]) for still, tissues in pictures])
    np.save(folder / "enhanced.npy", images.astype(np.uint8))
    outlined = pictures[:8]
    np.savez(
        folder / "segmentation.npz", images=np.stack([still for still, _ in outlined]),
        masks=np.stack([tissues for _, tissues in outlined]), split=np.array([0, 0, 0, 0, 0, 1, 1, 2], np.uint8),
    )
    write_table(folder / "pregnancy.csv", [
        {
            "embryo_id": f"embryo-{row}", "cycle_id": f"cycle-{row // 4}",
            "age_years": "" if row == 9 else str(28 + (row // 4) ** 2), "split": split,
            "fold": "" if split == "test" else str(row // 4 % 3),
            "icm_votes": "AB"[row % 2] * 5, "te_votes": "BC"[row % 2] * 4 + "A",
            "outcome": "" if row == 6 else str(1 - row % 2),
        }
        for row, split in enumerate(splits)
    ])


def write_tiny_dataset(
    folder: Path, *, train: int = 12, validation: int = 4, test: int = 2, frames: int = 3, pictures: int = 40, seed: int = 1
) -> Path:
    """Names, splits and grades are the same whatever the seed; the pictures are others."""
    random = np.random.default_rng(seed)
    for below in ("clips", "stills"):
        (folder / below).mkdir(parents=True, exist_ok=True)
    found = [disc(64, 0 if n % 5 == 4 else random.uniform(0.15, 0.35), random) for n in range(pictures)]
    split = np.array([0 if n % 4 < 2 else n % 4 - 1 for n in range(pictures)], np.uint8)
    np.savez(folder / "cropper.npz", images=np.stack([p for p, _ in found]), masks=np.stack([m for _, m in found]), split=split)
    splits = ["train"] * train + ["validation"] * validation + ["test"] * test
    stills = {"tA": np.zeros((len(splits), 2, 3, 224, 224), np.uint8), "105": np.zeros((len(splits), 1, 3, 224, 224), np.uint8)}
    lines = []
    for row, name in enumerate(splits):
        grade = row % 2  # A and B only: C never occurs
        letter = "AB"[grade]
        radius = (0.35, 0.15)[grade]
        lines.append({
            "embryo_id": f"embryo-{row}", "cycle_id": f"cycle-{row // 4}", "clinic": ("north", "south")[row // 2 % 2],
            "split": name, "icm": letter, "te": letter, "icm_votes": letter * 5, "te_votes": letter * 5, "outcome": "",
            "moments": "tA 105",
        })
        for variants in stills.values():
            for variant in variants[row]:
                variant[:] = disc(224, radius, random)[0]
        clip = np.stack([disc(224, radius, random)[0] for _ in range(frames + row % 3)])
        meta = np.frombuffer(b"{}", np.uint8)
        np.savez(folder / "clips" / f"embryo-{row}.npz", frames=clip, hpi=np.arange(len(clip), dtype=np.float32) + 100, meta=meta)
    write_table(folder / "embryos.csv", lines)
    write_blastocysts(folder, splits, random)
    for moment, array in stills.items():
        np.save(folder / "stills" / f"{moment}.npy", array)
    moments = {moment: array.shape[1] for moment, array in stills.items()}
    manifest = {
        "schema": "blastograde/prepared@1", "source": "phantoms", "cropperSha256": "0" * 64, "moments": moments, "sequences": True,
    }
    (folder / "dataset.json").write_text(json.dumps(manifest))
    return folder


def read_table(path: Path) -> "list[dict]":
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def write_table(path: Path, lines: "list[dict]") -> None:
    with open(path, "w", newline="") as file:
        table = csv.DictWriter(file, list(lines[0]))
        table.writeheader()
        table.writerows(lines)


def with_embryos(dataset: Path, folder: Path, change) -> Path:
    """The data set with each line of embryos.csv as change(row, line) makes it; the pictures are the old ones."""
    folder.mkdir()
    for name in ("stills", "clips"):
        (folder / name).symlink_to(dataset / name)
    write_table(folder / "embryos.csv", [change(row, line) for row, line in enumerate(read_table(dataset / "embryos.csv"))])
    return folder


def with_transfers(dataset: Path, folder: Path, change) -> Path:
    """The data set with each line of pregnancy.csv as change(row, line) makes it; the images are the old ones."""
    folder.mkdir()
    (folder / "enhanced.npy").symlink_to(dataset / "enhanced.npy")
    lines = [change(row, line) for row, line in enumerate(read_table(dataset / "pregnancy.csv"))]
    write_table(folder / "pregnancy.csv", lines)
    return folder
