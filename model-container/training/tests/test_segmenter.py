"""The segmenter learns outlines: still and tissues move together, lamps do not matter, Dice is each still's own."""

import math

import numpy as np
import pytest
import torch
from tiny_runs import history, segmenter_options

import train_segmenter
from dataset import read_segmentation_pictures
from segmenter import TISSUES, Segmenter
from train_segmenter import augmented, evaluate
from trained import load_segmenter


class Answers(torch.nn.Module):
    """Says of every still what its grey values name: the place of a tissue."""

    def forward(self, stills):
        return 10 * torch.nn.functional.one_hot(stills[:, 0].long(), 3).permute(0, 3, 1, 2).float()


def outlined(count):
    """Tissues [N, 64, 64]: a bar of ICM and one of TE, in other places each."""
    tissues = torch.zeros(count, 64, 64, dtype=torch.uint8)
    for number, one in enumerate(tissues):
        one[20 + number : 30 + number, 18:36], one[40:46, 20 + number : 50] = 1, 2
    return tissues


def test_tissues_are_numbered_as_serving_numbers_them():
    assert TISSUES == ("other", "icm", "te")


def test_a_still_is_answered_in_its_own_size_whatever_its_lamp():
    torch.manual_seed(1)
    model, seen = Segmenter().eval(), []
    model.contractions[0].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    still = torch.randint(40, 120, (1, 1, 224, 224), dtype=torch.uint8)

    with torch.no_grad():
        logits, brighter = model(still), model(2 * still + 10)
        black = model(torch.zeros_like(still))

    assert logits.shape == (1, 3, 224, 224)
    assert seen[0].mean().abs() < 1e-5 and seen[0].std() == pytest.approx(1, abs=1e-2)
    assert torch.allclose(logits, brighter, atol=0.02) and black.isfinite().all()


@pytest.mark.parametrize("tissue", [1, 2])
def test_still_and_outlines_move_together_and_labels_stay_labels(tissue):
    torch.manual_seed(1)
    tissues = outlined(8)
    stills = 255.0 * (tissues == tissue)[:, None]

    found, moved = augmented(stills, tissues)

    assert set(moved.unique().tolist()) == {0, 1, 2} and moved.dtype == torch.int64
    # Black and white stay what they are under any gamma; noise and blur hardly matter at half the way.
    assert all(((one[0] > 127) == (other == tissue)).float().mean() > 0.97 for one, other in zip(found, moved))
    assert all((one != other).float().mean() > 0.02 for one, other in zip(tissues, moved))


def test_no_icm_appears_about_a_te():
    torch.manual_seed(1)
    tissues = 2 * (outlined(8) == 2)

    _, moved = augmented(255.0 * (tissues > 0)[:, None], tissues)

    assert set(moved.unique().tolist()) == {0, 2}


def test_augmentation_turns_mirrors_zooms_and_shifts_within_its_bounds():
    torch.manual_seed(1)
    tissues = torch.zeros(200, 64, 64, dtype=torch.uint8)
    tissues[:, 28:36, 28:36] = 1                                                # in the middle
    tissues[:, 29:35, 44:48] = 2                                                # to its right
    lamp = torch.zeros(200, 1, 64, 64)
    lamp[:, :, 44:48, 29:35] = 255                                              # below it

    found, moved = augmented(lamp, tissues)

    area = (moved == 1).sum(dim=(1, 2)) / 64
    assert 1 / 1.2**2 - 0.15 < area.min() < 0.85 and 1.9 < area.max() < 1 / 0.65**2 + 0.3
    y, x = ((moved == 1).nonzero()[:, axis] for axis in (1, 2))
    assert abs(y.float().mean() - 31.5) < 2 and abs(x.float().mean() - 31.5) < 2
    sectors, hands = set(), set()
    for still, one in zip(found[:, 0], moved):
        icm, te, bright = (at.nonzero().float().mean(dim=0) for at in (one == 1, one == 2, still > 127))
        (down, right), (lamp_down, lamp_right) = te - icm, bright - icm
        sectors.add(int(torch.atan2(down, right) / math.pi * 6 // 1) % 12)             # of 30 degrees
        hands.add(bool(right * lamp_down > down * lamp_right))
    assert sectors == set(range(12)) and hands == {False, True}


def test_augmentation_keeps_to_its_seed():
    tissues, found = outlined(4), []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        found.append(augmented(255.0 * (tissues > 0)[:, None], tissues))

    assert all(torch.equal(one, again) for one, again in zip(found[0], found[1]))
    assert not torch.equal(found[0][1], found[2][1])


def test_dice_and_jaccard_are_means_over_the_stills_that_have_the_tissue():
    truth = torch.zeros(3, 4, 4, dtype=torch.uint8)
    truth[0, 0], truth[1, 0], truth[1, 1] = 1, 1, 2                             # the third has nothing
    said = torch.zeros(3, 1, 4, 4)
    said[0, 0, 0, :2], said[1, 0, 0], said[2, 0, 3] = 1, 1, 1                   # half, all, and where there is none

    metrics = evaluate(Answers(), said, truth, 2, "cpu")

    assert metrics["val_icm_dice"] == pytest.approx((2 * 2 / 6 + 1) / 2)
    assert metrics["val_icm_jaccard"] == pytest.approx((2 / 4 + 1) / 2)
    assert metrics["val_te_dice"] == metrics["val_te_jaccard"] == 0


def test_a_split_without_a_tissue_has_no_dice_of_it():
    metrics = evaluate(Answers(), torch.zeros(2, 1, 4, 4), torch.zeros(2, 4, 4, dtype=torch.uint8), 2, "cpu")

    assert metrics.keys() == {"val_loss"}


def test_training_lowers_the_loss(dataset, tmp_path):
    train_segmenter.main([*segmenter_options(dataset, tmp_path, epochs=10), "--lr", "0.003", "--limit", "3"])

    lines = history(tmp_path)
    assert lines[-1]["loss"] < 0.9 * lines[0]["loss"] and lines[-1]["lr"] == 0
    assert load_segmenter(tmp_path / "best.pt")(torch.zeros(1, 1, 224, 224, dtype=torch.uint8)).shape == (1, 3, 224, 224)


def test_pictures_of_a_split_are_read_with_their_outlines(dataset):
    with np.load(dataset / "segmentation.npz") as arrays:
        images, masks = arrays["images"], arrays["masks"]

    train, validation = (read_segmentation_pictures(dataset, split) for split in ("train", "validation"))

    assert np.array_equal(train.stills, images[:5, None]) and np.array_equal(train.tissues, masks[:5])
    assert np.array_equal(validation.stills, images[5:7, None])
    assert len(read_segmentation_pictures(dataset, "train", 2).stills) == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"split": np.full(8, 2, np.uint8)}, "holds 0 train pictures, and it takes at least 2"),
        ({"split": np.zeros(8, np.uint8)}, "holds 0 validation pictures, and it takes at least 1"),
        ({"masks": np.full((8, 224, 224), 3, np.uint8)}, "must hold images uint8 .* and masks of 0, 1 and 2"),
        ({"images": np.zeros((8, 64, 64), np.uint8)}, "must hold images uint8"),
    ],
)
def test_what_the_segmenter_cannot_learn_from_is_named_in_a_sentence(dataset, tmp_path, change, sentence):
    with np.load(dataset / "segmentation.npz") as arrays:
        np.savez(tmp_path / "segmentation.npz", **{**arrays, **change})

    with pytest.raises(SystemExit, match=f"segmentation.npz {sentence}"):
        train_segmenter.main(segmenter_options(tmp_path, tmp_path / "run"))


def test_a_missing_file_is_named_in_a_sentence(tmp_path):
    with pytest.raises(SystemExit, match="segmentation.npz is missing: prepare the dataset first"):
        train_segmenter.main(segmenter_options(tmp_path, tmp_path / "run"))
