"""The comparison networks: their names and tables, and ONNX Runtime's answers against PyTorch's for every loss."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import export
import train_cnn
import train_rnn
from comparison import cnn_name, cnn_tables, rnn_name, rnn_tables
from heads import TASKS
from losses import fit_grade_thresholds
from lstm import LstmGrader
from onnx_runtime import needs_node, run_in_onnx_runtime
from served import ServedCnn, ServedRnn, write_cnn, write_rnn
from tiny_runs import cnn_options, rnn_options
from xception import CnnGrader

PAPERS = {"moment": "tA", "task": "both", "loss": "ordinal", "without_clinic": None}


def thresholds_between(outputs: "dict[str, torch.Tensor]") -> "dict[str, torch.Tensor]":
    """Fitted so that random scores get all three grades, half a gap away from any of them."""
    fitted = {}
    for task, score in outputs.items():
        rank = score.squeeze(1).argsort(descending=True).argsort()
        fitted[task] = fit_grade_thresholds(score, rank * 3 // len(rank))
    return fitted


@needs_node
@pytest.mark.parametrize(("loss", "task"), [("ordinal", "both"), ("categorical", "te"), ("linear", "both"), ("binary", "icm")])
@torch.no_grad()
def test_onnx_runtime_scores_stills_as_pytorch_does(tmp_path, loss, task):
    torch.manual_seed(3)
    cnn = CnnGrader(0.0625, TASKS[task], loss)
    frames = torch.randint(256, (6, 3, 224, 224), dtype=torch.uint8)
    frames[1::2] //= 3
    cnn.train()(frames)
    thresholds = thresholds_between(cnn.eval()(frames)[1]) if loss == "linear" else None
    write_cnn(tmp_path / "cnn.onnx", cnn, thresholds)

    found = run_in_onnx_runtime(tmp_path / "cnn.onnx", {"frames": frames.numpy()}, ["features", *TASKS[task]])

    features, *scores = ServedCnn(cnn, thresholds)(frames)
    assert np.allclose(found["features"], features, atol=1e-4)
    for name, expected in zip(TASKS[task], scores):
        assert np.allclose(found[name], expected, atol=1e-5) and np.allclose(found[name].sum(axis=1), 1, atol=1e-5)
        assert loss != "linear" or sorted(found[name].argmax(axis=1)) == [0, 0, 1, 1, 2, 2]


@needs_node
@pytest.mark.parametrize(("loss", "task"), [("ordinal", "te"), ("linear", "icm"), ("binary", "both")])
@torch.no_grad()
def test_onnx_runtime_scores_sequences_as_pytorch_does(tmp_path, loss, task):
    torch.manual_seed(3)
    rnn, features = LstmGrader(16, TASKS[task], loss).eval(), torch.randn(6, 30, 16) * 2
    thresholds = thresholds_between(rnn(features)) if loss == "linear" else None
    write_rnn(tmp_path / "rnn.onnx", rnn, thresholds)

    found = run_in_onnx_runtime(tmp_path / "rnn.onnx", {"features": features.numpy()}, list(TASKS[task]))

    for name, expected in zip(TASKS[task], ServedRnn(rnn, thresholds)(features)):
        assert np.allclose(found[name], expected, atol=1e-5) and np.allclose(found[name].sum(axis=1), 1, atol=1e-5)


@needs_node
@torch.no_grad()
def test_infinite_thresholds_pass_into_onnx(tmp_path):
    rnn, features = LstmGrader(16, ("icm",), "linear").eval(), torch.randn(3, 30, 16)
    write_rnn(tmp_path / "rnn.onnx", rnn, {"icm": torch.tensor([-torch.inf, torch.inf], dtype=torch.float64)})

    found = run_in_onnx_runtime(tmp_path / "rnn.onnx", {"features": features.numpy()}, ["icm"])

    assert found["icm"].tolist() == [[0, 1, 0]] * 3


@pytest.mark.parametrize(
    ("recipe", "name", "tables"),
    [
        ({}, "CNN (t=tA)", ["3", "4", "7"]),
        ({"moment": "105"}, "CNN (t=105 hpi)", ["3"]),
        ({"moment": "tMEB"}, "CNN (t=tMEB)", ["3"]),
        ({"task": "icm"}, "CNN (ICM)", ["4"]),
        ({"task": "te"}, "CNN (TE)", ["4"]),
        ({"task": "te", "moment": "110"}, "CNN (TE, t=110 hpi)", []),
        ({"loss": "linear"}, "Linear regression (thresholded)", ["7"]),
        ({"loss": "categorical"}, "Categorical cross-entropy", ["7"]),
        ({"loss": "binary"}, "Ordinal binary decomposition", ["7"]),
        ({"loss": "binary", "task": "icm", "moment": "110"}, "Ordinal binary decomposition, CNN (ICM, t=110 hpi)", []),
    ],
)
def test_a_cnn_has_its_row_of_the_papers_tables(recipe, name, tables):
    assert (cnn_name({**PAPERS, **recipe}), cnn_tables({**PAPERS, **recipe})) == (name, tables)


@pytest.mark.parametrize(
    ("recipe", "cnn", "name", "tables"),
    [
        ({}, {}, "RNN (multi-task)", ["3", "4"]),
        ({"task": "icm"}, {"task": "icm"}, "RNN (ICM)", ["4"]),
        ({"task": "te"}, {}, "RNN (TE) on CNN (t=tA)", ["4"]),
        ({}, {"moment": "110"}, "RNN (multi-task) on CNN (t=110 hpi)", []),
        ({"loss": "binary"}, {}, "Ordinal binary decomposition, RNN (multi-task)", []),
    ],
)
def test_an_rnn_has_its_row_of_the_papers_tables(recipe, cnn, name, tables):
    recipe, cnn = {**PAPERS, **recipe}, {**PAPERS, **cnn}

    assert (rnn_name(recipe, cnn), rnn_tables(recipe, cnn)) == (name, tables)


@pytest.fixture(scope="module")
def runs(dataset, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for name, *more in (["cnn-ta"], ["cnn-linear", "--loss", "linear"], ["cnn-te-north", "--task", "te", "--without-clinic", "south"]):
        train_cnn.main([*cnn_options(dataset, folder / name, epochs=1), *more])
    train_rnn.main(rnn_options(dataset, folder / "rnn-both", folder / "cnn-ta" / "best.pt", epochs=1))
    return folder


def test_all_comparison_runs_of_a_folder_are_exported_with_a_list(runs, tmp_path):
    export.main(["networks", "--runs", str(runs), "--out", str(tmp_path)])

    networks = {network["file"]: network for network in json.loads((tmp_path / "networks.json").read_text())["networks"]}
    assert [(network["name"], network["table"]) for network in networks.values()] == [
        ("Linear regression (thresholded)", ["7"]),
        ("CNN (t=tA)", ["3", "4", "7"]),
        ("CNN (TE) without south", []),
        ("RNN (multi-task)", ["3", "4"]),
    ]
    for file, network in networks.items():
        assert hashlib.sha256((tmp_path / file).read_bytes()).hexdigest() == network["sha256"]
    assert networks["cnn-te-north.onnx"]["withoutClinic"] == "south" and networks["cnn-te-north.onnx"]["task"] == "te"
    assert networks["rnn-both.onnx"]["cnnFile"] == "cnn-ta.onnx"
    assert networks["rnn-both.onnx"]["cnnSha256"] == networks["cnn-ta.onnx"]["sha256"]
    assert networks["cnn-ta.onnx"]["settings"]["width"] == 0.0625


def test_networks_of_one_name_are_told_apart_by_their_folders(dataset, runs, tmp_path):
    (tmp_path / "runs").mkdir()
    for name in ("cnn-a", "cnn-b"):
        (tmp_path / "runs" / name).symlink_to(runs / "cnn-ta")

    export.main(["networks", "--runs", str(tmp_path / "runs"), "--out", str(tmp_path)])

    names = [network["name"] for network in json.loads((tmp_path / "networks.json").read_text())["networks"]]
    assert names == ["CNN (t=tA), cnn-a", "CNN (t=tA), cnn-b"]


def test_an_rnn_whose_cnn_is_not_there_is_refused(runs, tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "rnn-both").symlink_to(runs / "rnn-both")

    with pytest.raises(SystemExit, match="features of a CNN that no cnn-"):
        export.main(["networks", "--runs", str(tmp_path / "runs"), "--out", str(tmp_path)])


def test_an_unfinished_run_and_an_empty_folder_are_refused(runs, tmp_path):
    broken = tmp_path / "runs" / "cnn-short"
    broken.mkdir(parents=True)
    for name in ("best.pt", "metrics.jsonl"):
        (broken / name).write_bytes((runs / "cnn-ta" / name).read_bytes())
    note = json.loads((runs / "cnn-ta" / "run.json").read_text())
    (broken / "run.json").write_text(json.dumps({**note, "epochs": 30}))

    with pytest.raises(SystemExit, match="cnn-short has 1 of 30 epochs"):
        export.main(["networks", "--runs", str(tmp_path / "runs"), "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match="holds no run whose folder begins with cnn- or rnn-"):
        export.main(["networks", "--runs", str(tmp_path), "--out", str(tmp_path)])


def test_thresholds_of_other_weights_are_refused(runs, tmp_path):
    folder = tmp_path / "runs" / "cnn-linear"
    folder.mkdir(parents=True)
    for name in ("best.pt", "metrics.jsonl", "run.json"):
        (folder / name).write_bytes((runs / "cnn-linear" / name).read_bytes())
    fitted = json.loads((runs / "cnn-linear" / "thresholds.json").read_text())
    (folder / "thresholds.json").write_text(json.dumps({**fitted, "weights": "0" * 64}))

    with pytest.raises(SystemExit, match="thresholds.json has no thresholds for best.pt"):
        export.main(["networks", "--runs", str(tmp_path / "runs"), "--out", str(tmp_path)])
