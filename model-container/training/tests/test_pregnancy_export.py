"""What of the pregnancy branch is exported: ONNX that answers as PyTorch does, golden values, the list of all networks."""

import hashlib
import json
import re

import numpy as np
import pytest
import torch
from test_export import node_types
from test_pregnancy import random_images, random_network

import export
from onnx_runtime import needs_node, run_in_onnx_runtime
from run_folder import save_checkpoint
from segmenter import Segmenter
from served import ServedPregnancy, ServedSegmenter, write_pregnancy, write_segmenter
from trained import load_pregnancy, load_segmenter
from trunks import TRUNKS

AGES = torch.tensor([29.0, 34.5, 41.0])


def save_run(folder, *, epochs=2, **recipe):
    """A finished run of two epochs as the training leaves it, with random weights."""
    served = {"network": "resnet50", "width": 0.0625, "input": "enhanced", "fold": 0, "target": "outcome", "side": 224}
    recipe = {**served, **recipe}
    folder.mkdir(parents=True)
    model = random_network(recipe["network"])
    save_checkpoint(folder / "best.pt", {"kind": "pregnancy", "recipe": recipe, "model": model.state_dict()})
    differs = {name: recipe[name] for name in ("input", "target") if recipe[name] not in ("enhanced", "outcome")}
    note = {"kind": "pregnancy", "epochs": epochs, "differs": differs, "recipe": {**recipe, "trained_on": 6}}
    (folder / "run.json").write_text(json.dumps(note))
    lines = [{"epoch": epoch, "val_loss": 2 / epoch, "seconds": 1} for epoch in (1, 2)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture(scope="module")
def run(segmenter_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    (folder / "segmenter").symlink_to(segmenter_run)
    save_run(folder / "pregnancy" / "outcome" / "plain", input="plain")
    save_run(folder / "pregnancy" / "outcome" / "enhanced")
    return folder


@pytest.fixture(scope="module")
def exported(run, dataset, tmp_path_factory):
    out = tmp_path_factory.mktemp("exported")
    export.main(["segmenter", "--run", str(run), "--out", str(out)])
    export.main(pregnancy_command(run, dataset, out))
    return out


def pregnancy_command(run, dataset, out, served="enhanced"):
    return ["pregnancy", "--run", str(run), "--served", served, "--data", str(dataset), "--out", str(out)]


def networks_command(runs, out):
    return ["pregnancy-networks", "--runs", str(runs), "--out", str(out)]


@needs_node
@torch.no_grad()
def test_onnx_runtime_outlines_as_pytorch_does(segmenter_run, tmp_path):
    segmenter, stills = load_segmenter(segmenter_run / "best.pt"), random_images(3)[:, :1]
    write_segmenter(tmp_path / "segmenter.onnx", segmenter)

    found = run_in_onnx_runtime(tmp_path / "segmenter.onnx", {"still": stills.numpy()}, ["tissues"])

    assert np.allclose(found["tissues"], ServedSegmenter(segmenter)(stills).flatten(1), atol=1e-4)


@torch.no_grad()
def test_what_is_served_of_outlines_is_the_softmax_of_what_was_trained(segmenter_run):
    segmenter, stills = load_segmenter(segmenter_run / "best.pt"), random_images(2)[:, :1]

    tissues = ServedSegmenter(segmenter)(stills)

    assert tissues.shape == (2, 3, 224, 224)
    assert torch.allclose(tissues, segmenter(stills).softmax(dim=1), atol=1e-6)


@needs_node
@pytest.mark.parametrize("name", TRUNKS)
@torch.no_grad()
def test_onnx_runtime_scores_images_as_pytorch_does(tmp_path, name):
    network, images = random_network(name), random_images(3)
    write_pregnancy(tmp_path / "pregnancy.onnx", network)

    given = {"image": images.numpy(), "age_years": AGES.numpy()}
    found = run_in_onnx_runtime(tmp_path / "pregnancy.onnx", given, ["logit", "attention"])

    logit, attention = ServedPregnancy(network)(images, AGES)
    assert np.allclose(found["logit"][:, 0], logit, atol=1e-3) and logit.std() > 1
    assert np.allclose(found["attention"], attention.flatten(1), atol=1e-4 * attention.max().item())
    assert attention.max() > 1e-2


@pytest.mark.parametrize(
    ("file", "names"),
    [("segmenter.onnx", ["still", "tissues"]), ("pregnancy.onnx", ["image", "age_years", "logit", "attention"])],
)
def test_inputs_and_outputs_have_their_names_and_batch_norm_is_folded(exported, file, names):
    content = (exported / file).read_bytes()

    assert all(re.search(rb"\x0a" + bytes([len(word)]) + word.encode() + b"\x12", content) for word in names)
    assert "Conv" in node_types(content) and "BatchNormalization" not in node_types(content)


def test_golden_values_are_of_two_held_out_stills_and_repeat_exactly(run, dataset, exported, tmp_path):
    export.main(pregnancy_command(run, dataset, tmp_path))

    content = (exported / "golden-pregnancy.npz").read_bytes()
    assert content == (tmp_path / "golden-pregnancy.npz").read_bytes() and len(content) < 1_000_000
    images = np.load(dataset / "enhanced.npy")[16:18]
    model, _ = load_pregnancy(run / "pregnancy" / "outcome" / "enhanced" / "best.pt")
    with np.load(exported / "golden-pregnancy.npz") as golden, torch.no_grad():
        assert np.array_equal(golden["image"], images) and np.array_equal(golden["still"], images[:, :1])
        assert golden["age_years"].tolist() == [44, 44] and golden["age_years"].dtype == np.float32
        logit, attention = ServedPregnancy(model)(torch.from_numpy(images), torch.tensor([44.0, 44.0]))
        assert np.allclose(golden["logit"], logit, atol=1e-5) and np.allclose(golden["attention"], attention, atol=1e-4)
        tissues = ServedSegmenter(load_segmenter(run / "segmenter" / "best.pt"))(torch.from_numpy(images[:, :1]))
        assert np.array_equal(golden["tissues"], tissues[:, :, ::4, ::4])


def test_golden_images_are_plain_for_a_network_that_is(run, dataset, tmp_path):
    export.main(pregnancy_command(run, dataset, tmp_path, served="plain"))

    with np.load(tmp_path / "golden-pregnancy.npz") as golden:
        assert all(np.array_equal(golden["image"][:, channel], golden["still"][:, 0]) for channel in range(3))


def test_no_golden_values_are_written_where_the_map_is_not_autograds(run, dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(export.PregnancyNetwork, "attention", lambda self, maps: maps[:, 0] + torch.nan)

    with pytest.raises(SystemExit, match="closed form of Grad-CAM differs from autograd's"):
        export.main(pregnancy_command(run, dataset, tmp_path))

    assert not (tmp_path / "golden-pregnancy.npz").exists()


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        ({"target": "votes"}, "best.pt was trained on votes: it has no pregnancy score"),
        ({"side": 112}, "best.pt was trained on images of 112 pixels, and 224 are served"),
    ],
)
def test_a_network_that_cannot_be_served_is_refused(segmenter_run, dataset, tmp_path, recipe, sentence):
    (tmp_path / "segmenter").symlink_to(segmenter_run)
    save_run(tmp_path / "pregnancy" / "outcome" / "other", **recipe)

    with pytest.raises(SystemExit, match=sentence):
        export.main(pregnancy_command(tmp_path, dataset, tmp_path / "out", served="other"))


def test_all_networks_that_learnt_outcomes_are_exported_with_a_list(cnn_run, tmp_path):
    runs, out = tmp_path / "runs", tmp_path / "out"
    save_run(runs / "vgg16-plain-2", network="vgg16", input="plain", fold=2)
    save_run(runs / "resnet50-enhanced-0")
    save_run(runs / "resnet50-votes", target="votes", epochs=30)                # not even finished
    (runs / "cnn").symlink_to(cnn_run)
    (runs / "notes").mkdir()

    export.main(networks_command(runs, out))

    listed = json.loads((out / "pregnancy-networks.json").read_text())
    assert listed["schema"] == "blastograde/pregnancy-networks@1"
    assert [(entry["network"], entry["input"], entry["fold"], entry["file"]) for entry in listed["networks"]] == [
        ("resnet50", "enhanced", 0, "resnet50-enhanced-0.onnx"), ("vgg16", "plain", 2, "vgg16-plain-2.onnx"),
    ]
    for entry in listed["networks"]:
        assert hashlib.sha256((out / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
        assert (entry["settings"]["width"], entry["settings"]["epochs"], entry["settings"]["best_epoch"]) == (0.0625, 2, 2)
    assert {path.name for path in out.iterdir()} == {
        "pregnancy-networks.json", "resnet50-enhanced-0.onnx", "vgg16-plain-2.onnx",
    }


def test_an_unfinished_run_a_damaged_one_and_a_folder_of_votes_are_refused(tmp_path):
    save_run(tmp_path / "short" / "run", epochs=30)
    save_run(tmp_path / "votes" / "run", target="votes")
    save_run(tmp_path / "torn" / "run")
    (tmp_path / "torn" / "run" / "run.json").write_text("{")

    for folder, sentence in (
        ("short", "short/run has 2 of 30 epochs: finish it"), ("votes", "votes holds no run that learnt outcomes"),
        ("torn", "torn/run: run.json or metrics.jsonl is damaged"), ("nowhere", "nowhere holds no run that learnt outcomes"),
    ):
        with pytest.raises(SystemExit, match=sentence):
            export.main(networks_command(tmp_path / folder, tmp_path / "out"))

    assert not list(tmp_path.glob("out/*"))


def test_the_bench_gets_a_random_pregnancy_branch_beside_its_grader(tmp_path):
    export.main(["random-full", "--out", str(tmp_path), "--seed", "1", "--width", "0.0625"])

    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"cnn.onnx", "rnn.onnx", "segmenter.onnx", "pregnancy.onnx", "cnn.pt", "rnn.pt"}


def test_random_weights_of_the_pregnancy_branch_repeat_and_keep_to_an_ordinary_size():
    (segmenter, network), (_, again) = (export.random_pregnancy(0.0625, seed=7) for _ in range(2))

    assert isinstance(segmenter, Segmenter) and torch.equal(network.head.weight, again.head.weight)
    with torch.no_grad():
        assert 1e-3 < network.maps(random_images(2)).abs().mean() < 1e3
        assert segmenter(random_images(1)[:, :1]).isfinite().all()
