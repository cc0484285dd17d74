"""The pregnancy network: the age in its last layer, where it looked, and what its training does to images and outcomes."""

import math

import numpy as np
import pytest
import torch
from tiny_dataset import with_transfers
from tiny_runs import history, pregnancy_options

import train_pregnancy
from pregnancy import PregnancyNetwork
from pregnancy_dataset import images_of, open_images, read_fold
from pregnancy_networks import attention_by_autograd
from run_folder import load_checkpoint
from served import ServedPregnancy
from train_pregnancy import area_under_curve, augmented, resized, weighted_cross_entropy
from trunks import TRUNKS

WIDTH = 0.0625


def random_network(name="resnet50", seed=1):
    """Statistics as they are after training, and a last layer that half of the places speak for, by about 1 in attention."""
    torch.manual_seed(seed)
    network = PregnancyNetwork(name, WIDTH)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        network.train()(random_images(4), torch.full((4,), 35.0))
        maps = network.eval().maps(random_images(4))
        common, weight = maps.mean(dim=(0, 2, 3)), torch.randn(network.trunk.channels)
        weight -= (weight @ common) / (common @ common) * common
        network.head.weight[0, :-1] = weight * 49 / torch.einsum("c,nchw->nhw", weight, maps).std()
    return network


def random_images(count):
    """Of nothing that a network's first layer would average away."""
    return torch.nn.functional.interpolate(torch.randint(256, (count, 3, 14, 14)).float(), scale_factor=16).byte()


@pytest.fixture(scope="module", params=list(TRUNKS))
def network(request):
    return random_network(request.param)


def enhanced(count):
    """Images without a black pixel in the still, with a square of ICM and one of TE."""
    image = torch.randint(20, 236, (count, 1, 24, 24), dtype=torch.uint8).repeat(1, 3, 1, 1)
    tissues = torch.zeros(24, 24)
    tissues[2:8, 3:12], tissues[14:17, 15:22] = 1, 2
    return image * torch.stack([tissues >= 0, tissues == 1, tissues == 2]), tissues


@torch.no_grad()
def test_the_age_is_a_feature_of_the_last_layer_in_the_training_folds_deviations():
    model, images = random_network(), random_images(2)
    model.age_mean, model.age_deviation = torch.tensor(36.5), torch.tensor(2.5)

    logit = model(images, torch.tensor([34.0, 41.5]))

    pooled = model.maps(images).mean(dim=(2, 3))
    features = torch.cat([pooled, torch.tensor([[(34 - 36.5) / 2.5], [2.0]])], dim=1)
    assert torch.allclose(logit, (features @ model.head.weight[0]) + model.head.bias, atol=1e-5)
    assert model.head.weight.shape == (1, pooled.shape[1] + 1)
    older = model(images, torch.tensor([35.0, 42.5]))
    assert torch.allclose(older - logit, (model.head.weight[0, -1] / 2.5).expand(2), atol=1e-5)
    assert (older - logit).abs().min() > 1e-3


def test_the_age_is_standardised_by_the_training_fold_alone(dataset, pregnancy_run):
    weights = load_checkpoint(pregnancy_run / "best.pt", "pregnancy")["model"]

    ages = [29.0, 29.0, 29.0, 32.0, 32.0, 32.0]                                 # rows 4, 5, 7, 8, 10, 11
    assert weights["age_mean"].item() == pytest.approx(np.mean(ages))
    assert weights["age_deviation"].item() == pytest.approx(np.std(ages, ddof=1))


def test_equal_ages_are_not_divided_by_nothing(dataset, tmp_path):
    train_pregnancy.main([*pregnancy_options(dataset, tmp_path, epochs=1), "--limit", "2"])

    weights = load_checkpoint(tmp_path / "best.pt", "pregnancy")["model"]
    assert (weights["age_mean"], weights["age_deviation"]) == (29, 1)


def test_a_head_for_votes_looks_at_no_age():
    torch.manual_seed(1)
    model, images = PregnancyNetwork("resnet50", WIDTH, votes=True).eval(), random_images(2)

    votes = model(images, torch.tensor([torch.nan, 40.0]))

    assert votes.shape == (2, 2) and votes.isfinite().all()


@torch.no_grad()
def test_the_trunk_sees_imagenets_mean_and_deviation():
    model, images, seen = random_network(), random_images(1), []
    model.trunk.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))

    model(images, torch.tensor([35.0]))

    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    assert torch.allclose(seen[0].permute(0, 2, 3, 1), (images.permute(0, 2, 3, 1) / 255 - mean) / deviation, atol=1e-6)


def test_grad_cam_in_closed_form_is_autograds(network):
    images, age_years = random_images(3), torch.tensor([30.0, 35.0, 40.0])
    maps = network.maps(images)
    maps.retain_grad()
    network.logit(maps, age_years).sum().backward()
    by_autograd = (maps.grad.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1).clamp(min=0)

    logit, attention = ServedPregnancy(network)(images, age_years)

    assert attention.shape == (3, 7, 7) and attention.min() >= 0
    # The greatest is far above the tolerance, and neither everything nor nothing speaks for a pregnancy.
    assert attention.max() > 1e-2 and 0 < (attention > 0).float().mean() < 1
    assert torch.allclose(attention, by_autograd, atol=1e-4 * by_autograd.max().item())
    assert torch.equal(logit, network(images, age_years))


def test_the_golden_values_attention_is_autograds_too(network):
    images, age_years = random_images(2), torch.tensor([30.0, 40.0])

    golden, served = attention_by_autograd(network, images, age_years), ServedPregnancy(network)(images, age_years)

    for theirs, ours in zip(golden, served):
        assert torch.allclose(ours, theirs, atol=1e-4 * theirs.abs().max().item())


@torch.no_grad()
def test_the_map_is_empty_where_nothing_speaks_for_a_pregnancy(network):
    weight = network.head.weight.clone()
    network.head.weight[:] = -weight.abs()

    _, attention = ServedPregnancy(network)(random_images(2), torch.tensor([30.0, 40.0]))

    network.head.weight[:] = weight
    assert not attention.any()


def test_augmentation_flips_all_channels_together_and_tones_them_alike():
    torch.manual_seed(1)
    images, tissues = enhanced(64)

    found = augmented(images)

    positions = [tissues.flip(axes) for axes in ([], [0], [1], [0, 1])]
    seen = []
    for image in found:
        at = [
            position for position, turned in enumerate(positions)
            if not image[1][turned != 1].any() and not image[2][turned != 2].any()
        ]
        seen += at
        assert len(at) == 1, "the channels of tissues were filled, or turned by themselves"
        for channel, tissue in ((1, 1), (2, 2)):
            within = positions[at[0]] == tissue
            assert torch.equal(image[channel][within], image[0][within])
    assert set(seen) == {0, 1, 2, 3}


def test_augmentation_changes_contrast_about_the_stills_mean_and_brightness_within_bounds():
    torch.manual_seed(1)
    still = torch.full((300, 3, 8, 8), 100, dtype=torch.uint8)
    still[:, :, :, :4], still[:, 1:, :4] = 140, 0                               # symmetrical enough: the mean is 120

    found = augmented(still)

    contrast = (found[:, 0].amax(dim=(1, 2)) - found[:, 0].amin(dim=(1, 2))) / 40
    brightness = found[:, 0].mean(dim=(1, 2)) - 120
    assert 0.8 <= contrast.min() < 0.85 and 1.15 < contrast.max() <= 1.2
    assert -30 <= brightness.min() < -25 and 25 < brightness.max() <= 30
    assert abs(np.corrcoef(contrast, brightness)[0, 1]) < 0.2


def test_augmentation_keeps_to_eight_bits_and_to_its_seed():
    images, _ = enhanced(16)

    found = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        found.append(augmented(images))

    assert torch.equal(found[0], found[1]) and not torch.equal(found[0], found[2])
    assert found[0].min() == 0 and found[0].max() == 255


def test_images_of_another_side_show_the_same():
    images = torch.zeros(1, 3, 224, 224)
    images[:, :, 56:112, 112:168] = 200

    small = resized(images, 32)

    expected = torch.zeros(1, 3, 32, 32)
    expected[:, :, 8:16, 16:24] = 200
    assert (small - expected).abs().mean() < 5 and small.max() <= 200.001
    assert resized(images, 224) is images


def test_a_case_weighs_by_its_outcome():
    logits, outcome = torch.tensor([0.0, math.log(3)]), torch.tensor([1.0, 0.0])

    loss = weighted_cross_entropy(logits, outcome, torch.tensor([0.5, 2.0]))

    assert loss.item() == pytest.approx((2 * math.log(2) + 0.5 * math.log(4)) / 2)


def test_both_outcomes_weigh_alike_however_rare_one_is(dataset, tmp_path, monkeypatch):
    seen = []

    def recorded(logits, outcome, weights):
        seen.append((outcome, weights))
        return weighted_cross_entropy(logits, outcome, weights)

    monkeypatch.setattr(train_pregnancy, "weighted_cross_entropy", recorded)
    train_pregnancy.main([*pregnancy_options(dataset, tmp_path, epochs=1), "--fold", "1"])

    # Rows 0 to 3, 8, 10, 11 and 12 to 15: six of eleven positive.
    assert all(torch.allclose(weights, torch.tensor([11 / 10, 11 / 12])) for _, weights in seen)
    learnt = torch.cat([outcome for outcome, _ in seen[:-1]])
    assert learnt.sum() == 6 and len(learnt) == 11


def test_the_area_under_the_curve_counts_ties_half():
    area = area_under_curve(torch.tensor([1.0, 2.0, 2.0, 3.0]), torch.tensor([0.0, 1.0, 0.0, 1.0]))

    assert area == 3.5 / 4


@pytest.mark.parametrize("bfloat16", [[], ["--bfloat16"]], ids=["float32", "bfloat16"])
def test_a_run_is_validated_on_unchanged_images_of_its_fold_in_float32(dataset, tmp_path, bfloat16):
    train_pregnancy.main([*pregnancy_options(dataset, tmp_path, epochs=1), *bfloat16])

    best, images = load_checkpoint(tmp_path / "best.pt", "pregnancy"), open_images(dataset)
    validation = read_fold(dataset, 0, validation=True)
    model = PregnancyNetwork("resnet50", WIDTH)
    model.load_state_dict(best["model"])
    with torch.no_grad():
        shown = resized(images_of(images, validation.row, "enhanced").float(), 32)
        logits = model.eval()(shown, validation.age_years)
    weights = torch.tensor([1.0, 1.0])                                          # three of six are positive
    loss = weighted_cross_entropy(logits, validation.outcome, weights).item()
    assert history(tmp_path)[0]["val_loss"] == pytest.approx(loss, rel=1e-4)
    assert history(tmp_path)[0]["val_auc"] == area_under_curve(logits, validation.outcome)


def test_no_area_is_noted_where_all_outcomes_are_alike(dataset, tmp_path):
    alike = with_transfers(
        dataset, tmp_path / "data", lambda row, line: {**line, "outcome": "1" if line["fold"] == "0" else line["outcome"]}
    )

    train_pregnancy.main(pregnancy_options(alike, tmp_path / "run", epochs=1))

    assert "val_auc" not in history(tmp_path / "run")[0] and math.isfinite(history(tmp_path / "run")[0]["val_loss"])


def test_a_first_training_learns_the_mean_votes_on_both_tissues(dataset, voted_run):
    best, images = load_checkpoint(voted_run / "best.pt", "pregnancy"), open_images(dataset)
    model = PregnancyNetwork("resnet50", WIDTH, votes=True)
    model.load_state_dict(best["model"])

    with torch.no_grad():
        shown = resized(images_of(images, torch.arange(12, 16), "enhanced").float(), 32)
        logits = model.eval()(shown, torch.full((4,), torch.nan))
    votes = torch.tensor([[1.0, 0.6], [0.5, 0.2], [1.0, 0.6], [0.5, 0.2]])      # AAAAA BBBBA, BBBBB CCCCA
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, votes).item()
    (line,) = history(voted_run)
    assert line["val_loss"] == pytest.approx(loss, rel=1e-5) and "val_auc" not in line
    assert (best["recipe"]["trained_on"], best["recipe"]["validated_on"]) == (12, 4)


@pytest.mark.parametrize("name", ["vgg16", "densenet121"])
def test_the_other_networks_train_to_finite_weights(dataset, tmp_path, name):
    train_pregnancy.main(pregnancy_options(dataset, tmp_path, epochs=1, network=name))

    weights = load_checkpoint(tmp_path / "best.pt", "pregnancy")["model"]
    assert all(tensor.isfinite().all() for tensor in weights.values())
    assert 0 <= history(tmp_path)[0]["val_auc"] <= 1


def test_training_lowers_the_loss_and_the_learning_rate_to_nothing(dataset, tmp_path):
    options = ["--fold", "1", "--side", "64", "--batch", "11", "--lr", "0.003"]
    train_pregnancy.main([*pregnancy_options(dataset, tmp_path, epochs=15), *options])

    lines = history(tmp_path)
    assert lines[-1]["loss"] < 0.5 * lines[0]["loss"]
    cosine = [0.003 * (1 + math.cos(math.pi * epoch / 15)) / 2 for epoch in range(1, 16)]
    assert [line["lr"] for line in lines] == pytest.approx(cosine, abs=1e-9)


def test_the_trunk_may_learn_more_slowly_than_the_head(dataset, tmp_path):
    for name, rate in (("alike", []), ("slow", ["--trunk-rate", "1e-6"])):
        train_pregnancy.main([*pregnancy_options(dataset, tmp_path / name, epochs=1), *rate])

    alike, slow = (load_checkpoint(tmp_path / name / "best.pt", "pregnancy")["model"] for name in ("alike", "slow"))
    torch.manual_seed(1)
    before = PregnancyNetwork("resnet50", WIDTH).state_dict()
    trunk, slow_trunk = ((weights["trunk.conv1.weight"] - before["trunk.conv1.weight"]).abs().max() for weights in (alike, slow))
    assert trunk > 1e-4 and slow_trunk < 1e-6
    assert (slow["head.weight"] - before["head.weight"]).abs().max() > 1e-4


@pytest.mark.parametrize("options", [["--side", "31"], ["--fold", "3"], ["--input", "colour"], ["--trunk-rate", "0"]])
def test_options_that_make_no_sense_are_refused(dataset, tmp_path, options, capsys):
    with pytest.raises(SystemExit) as refused:
        train_pregnancy.main([*pregnancy_options(dataset, tmp_path), *options])

    assert refused.value.code == 2 and options[0] in capsys.readouterr().err
