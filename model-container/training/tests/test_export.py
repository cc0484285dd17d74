"""What is exported: one LSTM node, folded batch norm, golden files that repeat. tests/golden holds the numbers."""

import re

import numpy as np
import pytest
import torch

import export
from cropper import Cropper
from lstm import LstmAsOneNode, LstmGrader, run_lstm
from run_folder import save_checkpoint, weights_digest
from served import ServedCnn, ServedRnn
from trained import load_grader
from xception import CnnGrader


RECIPE = {"task": "both", "loss": "ordinal", "without_clinic": None}
CNN_RECIPE = {**RECIPE, "width": 0.0625, "moment": "tA"}


def node_types(onnx: bytes) -> "list[str]":
    """Operator of each node: field 4 of NodeProto, after the outputs (field 2) and the name (field 3)."""
    return [found.decode() for found in re.findall(rb"\x1a.(?:/[\w./]+)\x22.([A-Z][A-Za-z]+)", onnx, re.DOTALL)]


def save_run(run):
    """A run folder as the training scripts leave it, with random weights."""
    cnn, rnn = export.random_grader(0.0625, seed=1)
    for kind in ("cropper", "cnn", "rnn"):
        (run / kind).mkdir(parents=True)
    save_checkpoint(run / "cropper" / "best.pt", {"kind": "cropper", "recipe": {}, "model": Cropper().state_dict()})
    save_checkpoint(run / "cnn" / "best.pt", {"kind": "cnn", "recipe": CNN_RECIPE, "model": cnn.state_dict()})
    recipe = {**RECIPE, "features": 128, "cnn_digest": weights_digest(cnn)}
    save_checkpoint(run / "rnn" / "best.pt", {"kind": "rnn", "recipe": recipe, "model": rnn.state_dict()})
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return save_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    out = tmp_path_factory.mktemp("exported")
    export.main(["cropper", "--run", str(run), "--out", str(out)])
    export.main(["grader", "--run", str(run), "--out", str(out)])
    return out


def test_the_rnn_is_one_lstm_node_with_hard_sigmoid_gates(exported):
    content = (exported / "rnn.onnx").read_bytes()

    assert node_types(content).count("LSTM") == 1
    assert not {"Sigmoid", "Loop", "Scan", "HardSigmoid"} & set(node_types(content))
    assert re.search(rb"activations.{0,4}HardSigmoid.{0,4}Tanh.{0,4}Tanh", content, re.DOTALL)


def test_xceptions_batch_norm_is_folded_into_its_convolutions(exported):
    types = node_types((exported / "cnn.onnx").read_bytes())

    assert types.count("Conv") == 74 and "BatchNormalization" not in types


@pytest.mark.parametrize("name", ["cropper", "cnn", "rnn"])
def test_inputs_and_outputs_have_their_names(exported, name):
    names = {"cropper": ["picture", "embryo"], "cnn": ["frames", "features", "icm", "te"], "rnn": ["features", "icm", "te"]}
    content = (exported / f"{name}.onnx").read_bytes()

    assert all(re.search(rb"\x0a" + bytes([len(word)]) + word.encode() + b"\x12", content) for word in names[name])


def test_export_repeats_exactly(run, exported, tmp_path):
    export.main(["grader", "--run", str(run), "--out", str(tmp_path)])

    for name in ("cnn.onnx", "rnn.onnx"):
        assert (tmp_path / name).read_bytes() == (exported / name).read_bytes()


def test_golden_arrays_have_their_shapes_and_repeat_exactly(run, dataset, tmp_path):
    for name in ("one", "two"):
        export.main(["golden", "--run", str(run), "--data", str(dataset), "--out", str(tmp_path / name)])

    content = (tmp_path / "one" / "golden.npz").read_bytes()
    assert content == (tmp_path / "two" / "golden.npz").read_bytes() and len(content) < 2_000_000
    with np.load(tmp_path / "one" / "golden.npz") as golden:
        shapes = {name: golden[name].shape for name in golden.files}
        assert golden["cnn_icm"].sum(axis=1) == pytest.approx([1, 1], abs=1e-5)
    frames = shapes["clip_frames"][0]
    assert shapes["cropper_picture"] == (2, 3, 64, 64) and shapes["cropper_embryo"] == (2, 64, 64)
    assert shapes["cnn_features"] == (2, 128) and shapes["clip_features"] == (frames, 128)
    assert shapes["clip_icm"] == (3,) and shapes["rnn_features"] == (2, 30, 128) and shapes["rnn_te"] == (2, 3)


def test_an_rnn_of_another_cnn_is_refused(run, tmp_path):
    save_checkpoint(tmp_path / "cnn.pt", {"kind": "cnn", "recipe": CNN_RECIPE, "model": CnnGrader(0.0625).state_dict()})

    with pytest.raises(SystemExit, match="features of another CNN"):
        load_grader(tmp_path / "cnn.pt", run / "rnn" / "best.pt")


def test_a_bundle_of_one_grade_alone_is_refused(tmp_path):
    cnn, rnn = CnnGrader(0.0625), LstmGrader(128, ("icm",))
    save_checkpoint(tmp_path / "cnn.pt", {"kind": "cnn", "recipe": CNN_RECIPE, "model": cnn.state_dict()})
    recipe = {**RECIPE, "task": "icm", "features": 128, "cnn_digest": weights_digest(cnn)}
    save_checkpoint(tmp_path / "rnn.pt", {"kind": "rnn", "recipe": recipe, "model": rnn.state_dict()})

    with pytest.raises(SystemExit, match="task icm and loss ordinal: it cannot score both grades"):
        load_grader(tmp_path / "cnn.pt", tmp_path / "rnn.pt")


def test_random_weights_repeat_and_keep_activations_of_ordinary_size(tmp_path):
    cnn, rnn = export.random_grader(0.0625, seed=7)
    again, _ = export.random_grader(0.0625, seed=7)

    assert weights_digest(cnn) == weights_digest(again)
    features = cnn.xception(torch.randint(256, (2, 3, 224, 224), dtype=torch.uint8))
    assert 1e-3 < features.abs().mean() < 1e3


@torch.no_grad()
def test_what_is_served_is_what_was_trained_in_the_same_order_of_planes_and_classes():
    cnn, rnn = export.random_grader(0.0625, seed=3)
    frames = torch.randint(256, (2, 3, 224, 224), dtype=torch.uint8)
    sequence = torch.randn(2, 30, rnn.features)

    features, cnn_icm, cnn_te = ServedCnn(cnn)(frames)
    rnn_icm, rnn_te = ServedRnn(rnn)(sequence)

    trained_features, of_cnn = cnn(frames)
    of_rnn = rnn(sequence)
    assert torch.equal(features, trained_features)
    for served, logits in ((cnn_icm, of_cnn["icm"]), (cnn_te, of_cnn["te"]), (rnn_icm, of_rnn["icm"]), (rnn_te, of_rnn["te"])):
        assert torch.allclose(served, logits.softmax(1))
        assert len(set(served[0].tolist())) == 3


def test_the_exported_node_computes_what_training_computed():
    torch.manual_seed(1)
    rnn, x = LstmGrader(8).eval(), torch.randn(30, 2, 8)
    bias = torch.cat([rnn.bias, torch.zeros_like(rnn.bias)])
    exported_state = LstmAsOneNode.apply(x, rnn.kernel[None], rnn.recurrent[None], bias[None])

    assert torch.equal(exported_state[0], run_lstm(x, rnn.kernel, rnn.recurrent, rnn.bias))
