"""Which embryos, ages, outcomes, votes and images a pregnancy network learns from; and what is refused."""

import numpy as np
import pytest
import torch
from tiny_dataset import with_transfers
from tiny_runs import pregnancy_options

import train_pregnancy
from pregnancy_dataset import FOLDS, images_of, open_images, read_fold, read_voted, transfers_digest


@pytest.mark.parametrize(
    ("fold", "train", "validation"),
    [
        (0, [4, 5, 7, 8, 10, 11], [0, 1, 2, 3, 12, 13, 14, 15]),
        (1, [0, 1, 2, 3, 8, 10, 11, 12, 13, 14, 15], [4, 5, 7]),
        (2, [0, 1, 2, 3, 4, 5, 7, 12, 13, 14, 15], [8, 10, 11]),
    ],
)
def test_a_fold_validates_and_the_others_train_with_ages_and_outcomes_and_without_the_test_split(
    dataset, fold, train, validation
):
    found = [read_fold(dataset, fold, validation=which) for which in (False, True)]

    assert [transfers.row.tolist() for transfers in found] == [train, validation]
    assert all(transfers.age_years.isfinite().all() and transfers.outcome.isfinite().all() for transfers in found)


def test_a_test_embryo_with_a_fold_is_learnt_from_by_nobody(dataset, tmp_path):
    data = with_transfers(
        dataset, tmp_path / "data", lambda row, line: {**line, "fold": "1"} if line["split"] == "test" else line
    )

    for fold in range(FOLDS):
        for validation in (False, True):
            assert max(read_fold(data, fold, validation=validation).row) < 16


def test_ages_and_outcomes_are_read_for_their_rows(dataset):
    transfers = read_fold(dataset, 2, validation=False)

    rows = transfers.row.tolist()
    assert transfers.embryo_id == [f"embryo-{row}" for row in rows]
    assert transfers.age_years.tolist() == [28 + (row // 4) ** 2 for row in rows]
    assert transfers.outcome.tolist() == [1 - row % 2 for row in rows]


def test_votes_are_their_mean_and_embryos_without_votes_on_both_are_left_out(dataset, tmp_path):
    votes = {1: ("AAB", "BC"), 2: ("", "AAA"), 3: ("C", "")}

    def change(row, line):
        icm, te = votes.get(row, (line["icm_votes"], line["te_votes"]))
        return {**line, "icm_votes": icm, "te_votes": te}

    data = with_transfers(dataset, tmp_path / "data", change)

    found = read_voted(data, "train")

    assert found.row.tolist() == [0, 1, *range(4, 12)]
    assert torch.allclose(found.votes[1], torch.tensor([2.5 / 3, 0.25]))
    assert torch.allclose(found.votes[0], torch.tensor([1.0, 0.6]))
    assert read_voted(data, "validation").row.tolist() == [12, 13, 14, 15]


def test_the_limit_counts_usable_embryos(dataset):
    assert read_fold(dataset, 0, validation=False, limit=3).row.tolist() == [4, 5, 7]


def test_plain_images_are_three_times_the_still_and_enhanced_ones_as_they_are(dataset):
    images, rows = open_images(dataset), torch.tensor([5, 2])

    enhanced, plain = (images_of(images, rows, kind).numpy() for kind in ("enhanced", "plain"))

    assert np.array_equal(enhanced, np.load(dataset / "enhanced.npy")[[5, 2]])
    assert all(np.array_equal(plain[:, channel], enhanced[:, 0]) for channel in range(3))
    assert not np.array_equal(enhanced[:, 1], enhanced[:, 0])


def test_what_is_plain_does_not_depend_on_the_outlines(dataset):
    images, transfers = np.load(dataset / "enhanced.npy"), read_fold(dataset, 0, validation=False)
    outlined = images.copy()
    outlined[:, 2] //= 2

    digests = [[transfers_digest(array, kind, transfers) for array in (images, outlined)] for kind in ("plain", "enhanced")]

    assert digests[0][0] == digests[0][1] and digests[1][0] != digests[1][1]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"age_years": "old"}, "age_years of embryo-0 is 'old', and it has to be from 18 to 55, or empty"),
        ({"age_years": "-34"}, "age_years of embryo-0 is '-34'"),
        ({"age_years": "17"}, "age_years of embryo-0 is '17'"),
        ({"age_years": "55.5"}, "age_years of embryo-0 is '55.5'"),
        ({"age_years": "nan"}, "age_years of embryo-0 is 'nan'"),
        ({"outcome": "yes"}, "outcome of embryo-0 is 'yes', and it has to be 0, 1 or empty"),
        ({"fold": "3"}, "fold of embryo-0 is '3', and it has to be 0, 1, 2 or empty"),
        ({"split": "holdout"}, "split of embryo-0 is 'holdout'"),
        ({"te_votes": "ABD"}, "te_votes of embryo-0 is 'ABD', and it has to be letters A, B and C, or empty"),
        ({"fold": "1"}, "has cycle-0 in several folds"),
        ({"split": "test"}, "has cycle-0 in several folds"),
    ],
)
def test_a_line_that_makes_no_sense_is_named_in_a_sentence(dataset, tmp_path, change, sentence):
    data = with_transfers(dataset, tmp_path / "data", lambda row, line: {**line, **change} if row == 0 else line)

    with pytest.raises(SystemExit, match=f"pregnancy.csv.*{sentence}"):
        train_pregnancy.main(pregnancy_options(data, tmp_path / "run"))


@pytest.mark.parametrize(
    ("age", "taken"), [("18", True), ("34.5", True), ("54.99", True), ("55", True), ("55.0", True), ("", False)]
)
def test_ages_from_18_to_55_are_taken(dataset, tmp_path, age, taken):
    data = with_transfers(dataset, tmp_path / "data", lambda row, line: {**line, "age_years": age} if row == 0 else line)

    transfers = read_fold(data, 0, validation=True)

    assert (0 in transfers.row.tolist()) == taken
    assert not taken or transfers.age_years[0].item() == pytest.approx(float(age))


@pytest.mark.parametrize(
    ("change", "options", "sentence"),
    [
        (lambda row, line: {**line, "outcome": ""}, [], "holds 0 embryos outside fold 0 with an age and an outcome"),
        (lambda row, line: {**line, "age_years": ""}, [], "holds 0 embryos outside fold 0 with an age and an outcome"),
        (
            lambda row, line: {**line, "outcome": "" if line["fold"] == "0" else line["outcome"]}, [],
            "holds 0 embryos in fold 0 with an age and an outcome, and it takes at least 1",
        ),
        (lambda row, line: line, ["--limit", "1"], "holds 1 embryos outside fold 0 .* and it takes at least 2"),
        (
            lambda row, line: {**line, "icm_votes": ""}, ["--target", "votes"],
            "holds 0 train embryos with votes on ICM and TE, and it takes at least 2",
        ),
        (
            lambda row, line: {name: value for name, value in line.items() if name != "fold"}, [],
            "has no column fold: prepare it again",
        ),
    ],
)
def test_a_dataset_that_nothing_can_be_learnt_from_is_named_in_a_sentence(dataset, tmp_path, change, options, sentence):
    data = with_transfers(dataset, tmp_path / "data", change)

    with pytest.raises(SystemExit, match=sentence):
        train_pregnancy.main([*pregnancy_options(data, tmp_path / "run"), *options])


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path, images: path.unlink(), "enhanced.npy is missing: prepare the dataset first"),
        (lambda path, images: path.write_bytes(path.read_bytes()[:100_000]), "enhanced.npy cannot be read"),
        (lambda path, images: np.save(path, images[:, :1]), r"enhanced.npy must be uint8 \[E,3,224,224\], and is uint8"),
        (lambda path, images: np.save(path, images[:-1]), "enhanced.npy holds 17 embryos and pregnancy.csv 18"),
    ],
)
def test_damaged_images_are_named_in_a_sentence(dataset, tmp_path, damage, sentence):
    data, images = with_transfers(dataset, tmp_path / "data", lambda row, line: line), np.load(dataset / "enhanced.npy")
    (data / "enhanced.npy").unlink()
    np.save(data / "enhanced.npy", images)
    damage(data / "enhanced.npy", images)

    with pytest.raises(SystemExit, match=sentence):
        train_pregnancy.main(pregnancy_options(data, tmp_path / "run"))
