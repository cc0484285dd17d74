"""The trunks are the paper's, in torchvision's names and shapes, so that ImageNet's weights fit; and what else does not."""

import hashlib
import urllib.error
from argparse import Namespace
from collections import OrderedDict

import pytest
import torch
from tiny_runs import pregnancy_options

import train_pregnancy
from pregnancy import PregnancyNetwork
from pretrained import begin_trunk, load_imagenet
from run_folder import load_checkpoint, save_checkpoint, weights_digest
from trunks import TRUNKS

PARAMETERS = {"vgg16": 14_714_688, "resnet50": 23_508_032, "densenet121": 6_953_856}
# Of `name [shape]` of every weight and statistic of torchvision 0.14.1's networks, in its order, without their classifiers.
TORCHVISION = {
    "vgg16": "b6a2a4fab7ebbd3da92b007e7c4cc8d26feab318ed2342b9955c68397a8eefda",
    "resnet50": "df1c5747d7655533d7faa5930e273fabf4ba1cf2c8ec642b7f87ed72d9703ae1",
    "densenet121": "04fd28777e3df300817f0536850537944ef277987ac98cc8a2b629153dc531e7",
}
WIDE = ["--width", "1", "--limit", "2", "--lr", "1e-9"]


@pytest.fixture(scope="module")
def whole():
    """Each trunk at width 1."""
    torch.manual_seed(1)
    return {name: trunk(1.0) for name, trunk in TRUNKS.items()}


def of_torchvision(trunk, classifier="fc"):
    """The trunk's weights as torchvision's file has them, with a classifier."""
    return OrderedDict([*trunk.state_dict().items(), (f"{classifier}.weight", torch.zeros(1000, 8))])


def patterned(name, tensor):
    """Weights and statistics of ordinary size that need no random generator."""
    wave = torch.sin(torch.arange(tensor.numel(), dtype=torch.float64) % 997 * 1.3).to(tensor.dtype).reshape(tensor.shape)
    if tensor.ndim == 4:
        return wave * (3 / tensor[0].numel()) ** 0.5
    return 1 + wave / 3 if name.endswith(("weight", "running_var")) else wave / 10


@pytest.mark.parametrize("name", TRUNKS)
def test_a_trunk_of_width_1_has_the_papers_parameters_in_torchvisions_names_and_shapes(whole, name):
    trunk = whole[name]

    lines = "".join(f"{name} {list(tensor.shape)}\n" for name, tensor in trunk.state_dict().items())
    assert sum(parameter.numel() for parameter in trunk.parameters()) == PARAMETERS[name]
    assert hashlib.sha256(lines.encode()).hexdigest() == TORCHVISION[name]


@pytest.mark.parametrize(
    ("name", "mean", "deviation"),
    [("vgg16", 0.03399, 0.0403), ("resnet50", 0.23345, 0.31408), ("densenet121", 0.01288, 0.02985)],
)
@torch.no_grad()
def test_a_trunk_answers_as_torchvisions_with_the_same_weights(name, mean, deviation):
    trunk = TRUNKS[name](1.0).eval()
    trunk.load_state_dict({name: patterned(name, tensor) for name, tensor in trunk.state_dict().items()})

    maps = trunk(10 * patterned("", torch.zeros(1, 3, 64, 64)))

    # What torchvision 0.14.1 made of them.
    assert maps.shape[2:] == (2, 2)
    assert (maps.mean().item(), maps.std().item()) == pytest.approx((mean, deviation), rel=1e-3)


@pytest.mark.parametrize("name", TRUNKS)
@torch.no_grad()
def test_a_trunk_of_any_width_ends_in_7_by_7(name):
    trunk = TRUNKS[name](0.0625).eval()

    maps = trunk(torch.randn(2, 3, 224, 224))

    assert maps.shape == (2, trunk.channels, 7, 7) and maps.min() >= 0


@pytest.mark.parametrize("name", TRUNKS)
def test_weights_of_torchvisions_names_are_taken_without_their_classifier(whole, name):
    trunk = TRUNKS[name](1.0)

    load_imagenet(trunk, of_torchvision(whole[name], {"resnet50": "fc"}.get(name, "classifier")), "--weights FILE")

    assert weights_digest(trunk) == weights_digest(whole[name])


def test_an_old_densenets_dots_within_its_names_are_read_though_it_counts_no_batches(whole):
    old, trunk = {}, TRUNKS["densenet121"](1.0)
    for name, value in of_torchvision(whole["densenet121"], "classifier").items():
        if not name.endswith("num_batches_tracked"):
            for part in ("norm1", "norm2", "conv1", "conv2"):
                name = name.replace(f".{part}.", f".{part[:-1]}.{part[-1]}.")
            old[name] = value

    load_imagenet(trunk, old, "--weights FILE")

    assert "features.denseblock4.denselayer16.norm.2.running_var" in old
    assert weights_digest(trunk) == weights_digest(whole["densenet121"])


def test_a_run_begins_with_the_weights_of_a_file_and_notes_which(dataset, whole, tmp_path):
    torch.save(of_torchvision(whole["densenet121"], "classifier"), tmp_path / "densenet121.pth")
    options = pregnancy_options(dataset, tmp_path / "run", epochs=1, network="densenet121")

    train_pregnancy.main([*options, *WIDE, "--weights", str(tmp_path / "densenet121.pth")])

    best = load_checkpoint(tmp_path / "run" / "best.pt", "pregnancy")
    assert best["recipe"]["began_with"] == weights_digest(whole["densenet121"])
    for name, value in whole["densenet121"].named_parameters():
        assert torch.allclose(best["model"][f"trunk.{name}"], value, atol=1e-6), name


def test_imagenets_weights_are_downloaded_by_the_networks_name(whole, monkeypatch):
    asked, model = [], PregnancyNetwork("densenet121", 1.0)

    def load(url, **options):
        asked.append((url.rpartition("/")[2], options["check_hash"]))
        return of_torchvision(whole["densenet121"], "classifier")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", load)
    began_with = begin_trunk(Namespace(weights="imagenet", start_from=None, width=1.0, network="densenet121"), model)

    assert asked == [("densenet121-a639ec97.pth", True)]
    assert began_with == weights_digest(model.trunk) == weights_digest(whole["densenet121"])


@pytest.mark.parametrize("cause", [urllib.error.URLError("no route"), RuntimeError("invalid hash value")])
def test_a_download_that_fails_is_named_in_a_sentence(dataset, tmp_path, monkeypatch, cause):
    def fail(*_, **__):
        raise cause

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", fail)

    with pytest.raises(SystemExit, match="--weights imagenet cannot be downloaded .*(no route|invalid hash).*: give a file"):
        train_pregnancy.main([*pregnancy_options(dataset, tmp_path), *WIDE, "--weights", "imagenet"])


@pytest.mark.parametrize(
    ("change", "missing", "unlike", "more"),
    [
        (lambda weights: {f"features.{name}": value for name, value in weights.items()}, 265, 0, 319),
        (lambda weights: {**weights, "layer3.6.conv1.weight": torch.zeros(1)}, 0, 0, 1),
        (lambda weights: {**weights, "layer1.0.conv2.weight": torch.zeros(128, 128, 3, 3)}, 0, 1, 0),
    ],
    ids=["other-names", "deeper", "wider"],
)
def test_weights_of_another_network_are_refused(whole, change, missing, unlike, more):
    before = weights_digest(whole["resnet50"])
    weights = change(of_torchvision(whole["resnet50"]))

    with pytest.raises(SystemExit) as refused:
        load_imagenet(whole["resnet50"], weights, "--weights FILE")

    assert str(refused.value).startswith(
        f"--weights FILE is of another network: of this one's weights {missing} are missing and {unlike} have another shape, "
        f"and {more} are none of its own"
    )
    assert weights_digest(whole["resnet50"]) == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "is missing: give imagenet, none or a file in torchvision's names"),
        (b"no zip", "cannot be read"),
        (torch.zeros(3), "holds something else than weights"),
        ({"state_dict": {"conv1.weight": torch.zeros(3)}}, "holds something else than weights"),
        ({"conv1.weight": torch.zeros(3)}, "is of another network"),
    ],
)
def test_a_file_without_weights_is_named_in_a_sentence(dataset, tmp_path, content, sentence):
    if isinstance(content, bytes):
        (tmp_path / "file.pth").write_bytes(content)
    elif content is not None:
        torch.save(content, tmp_path / "file.pth")

    with pytest.raises(SystemExit, match=f"--weights .*file.pth {sentence}"):
        train_pregnancy.main([*pregnancy_options(dataset, tmp_path / "run"), *WIDE, "--weights", str(tmp_path / "file.pth")])


def test_imagenets_weights_are_for_width_1_and_not_beside_a_checkpoints(dataset, voted_run, tmp_path):
    options = [*pregnancy_options(dataset, tmp_path / "run"), "--weights", "imagenet"]

    with pytest.raises(SystemExit, match="are of width 1, and this run has width 0.0625"):
        train_pregnancy.main(options)
    with pytest.raises(SystemExit, match="--weights and --from both say what to begin with: give one"):
        train_pregnancy.main([*options, "--from", str(voted_run / "best.pt")])
    assert not (tmp_path / "run").exists()


def test_a_run_on_outcomes_begins_with_the_trunk_of_one_on_votes(dataset, voted_run, tmp_path):
    from_there = ["--from", str(voted_run / "best.pt"), "--lr", "1e-9"]
    train_pregnancy.main([*pregnancy_options(dataset, tmp_path, epochs=1), *from_there])

    begun, given = (load_checkpoint(run / "best.pt", "pregnancy")["model"] for run in (tmp_path, voted_run))
    for name in (name for name in given if name.startswith("trunk.") and name.endswith("weight")):
        assert torch.allclose(begun[name], given[name], atol=1e-6), name
    assert begun["head.weight"].shape == (1, given["head.weight"].shape[1] + 1)


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (["--network", "vgg16"], "trained with network resnet50, and this run has network vgg16"),
        (["--width", "0.125"], "trained with width 0.0625, and this run has width 0.125"),
        (["--input", "plain"], "trained with input enhanced, and this run has input plain"),
        (["--fold", "1"], "trained with fold 0, and this run has fold 1"),
    ],
)
def test_a_run_cannot_begin_with_what_learnt_something_else_or_from_another_folds_outcomes(
    dataset, pregnancy_run, tmp_path, option, sentence
):
    with pytest.raises(SystemExit, match=sentence):
        train_pregnancy.main(
            [*pregnancy_options(dataset, tmp_path, epochs=1), *option, "--from", str(pregnancy_run / "best.pt")]
        )

    assert not list(tmp_path.iterdir())


def test_votes_are_of_no_fold_to_begin_from(dataset, voted_run, tmp_path):
    options = [*pregnancy_options(dataset, tmp_path, epochs=1), "--fold", "2"]

    train_pregnancy.main([*options, "--from", str(voted_run / "best.pt")])

    assert load_checkpoint(tmp_path / "best.pt", "pregnancy")["recipe"]["fold"] == 2


def test_a_checkpoint_of_another_kind_is_refused(dataset, tmp_path):
    save_checkpoint(tmp_path / "cnn.pt", {"kind": "cnn", "recipe": {}, "model": {}})

    with pytest.raises(SystemExit, match="is a checkpoint of the cnn, not of the pregnancy"):
        train_pregnancy.main([*pregnancy_options(dataset, tmp_path / "run"), "--from", str(tmp_path / "cnn.pt")])
