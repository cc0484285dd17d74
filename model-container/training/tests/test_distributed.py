"""Two processes train together: one run folder, the gradients of the whole batch, and the same again after a stop."""

import math
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.multiprocessing import spawn

import distributed
import train_cnn
from run_folder import load_checkpoint
from tiny_runs import assert_same_run, cnn_options, history, pregnancy_options, rnn_options

TRAINING = Path(train_cnn.__file__).parent
BATCH = torch.arange(5)                                                         # shares of three and two


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def world(rank: int, port: str) -> "dict[str, str]":
    """What a launcher tells each of two processes on one host."""
    return {
        "WORLD_SIZE": "2", "RANK": str(rank), "LOCAL_RANK": str(rank), "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1",
    }


def train_together(script: str, options: "list[str]") -> None:
    port = free_port()
    command = [sys.executable, TRAINING / script, *options]
    both = [
        subprocess.Popen(command, env={**os.environ, **world(rank, port)}, stderr=subprocess.PIPE, text=True) for rank in (0, 1)
    ]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert "epoch 1 " not in said[1], "the second process prints what the first one has to say"


def loss_of(model, chosen):
    example = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 4.0], [-2.0, 1.0], [1.5, 0.5]])
    return model(example[chosen]).square().mean()


def fixed_model():
    torch.manual_seed(1)
    return torch.nn.Linear(2, 1)


def gradients_of_a_share(rank, port, out):
    os.environ.update(world(rank, port))
    distributed.join_processes("cpu")
    model = fixed_model()
    replica, chosen = distributed.replicated(model), distributed.share_of(BATCH)
    (loss_of(replica, chosen) * distributed.share_weight(chosen, BATCH)).backward()
    answer = {
        "gradient": model.weight.grad, "sum": distributed.summed(rank + 1.0),
        "first": distributed.by_first_process(lambda: f"rank {rank}"),
        "alike": torch.randperm(10, generator=distributed.seed_epoch(3, 1)), "own": torch.rand(1),
    }
    torch.save(answer, f"{out}/{rank}.pt")
    distributed.leave_processes()


def test_shares_of_uneven_size_give_the_gradients_of_the_whole_batch(tmp_path):
    model = fixed_model()
    loss_of(model, BATCH).backward()

    spawn(gradients_of_a_share, (free_port(), str(tmp_path)), nprocs=2)

    one, two = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    assert torch.allclose(one["gradient"], model.weight.grad) and torch.equal(one["gradient"], two["gradient"])
    assert one["sum"] == two["sum"] == 3 and one["first"] == two["first"] == "rank 0"
    assert torch.equal(one["alike"], two["alike"]) and not torch.equal(one["own"], two["own"])


@pytest.fixture(scope="module")
def cnn_of_two(dataset, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("cnn-of-two")
    train_together("train_cnn.py", [*cnn_options(dataset, out, epochs=2), "--loss", "linear"])
    return out


def test_two_processes_leave_one_run_folder_with_finite_metrics(cnn_of_two):
    assert {path.name for path in cnn_of_two.iterdir()} == {"run.json", "best.pt", "last.pt", "metrics.jsonl", "thresholds.json"}
    assert [line["epoch"] for line in history(cnn_of_two)] == [1, 2]
    assert all(math.isfinite(line[name]) for line in history(cnn_of_two) for name in ("loss", "val_loss"))
    assert load_checkpoint(cnn_of_two / "last.pt", "cnn")["recipe"]["processes"] == 2


def test_two_processes_go_on_as_if_they_had_not_been_stopped(dataset, cnn_of_two, tmp_path):
    for name, steps in (("whole", [3]), ("stopped", [1, 3])):
        for epochs in steps:
            train_together("train_rnn.py", rnn_options(dataset, tmp_path / name, cnn_of_two / "best.pt", epochs=epochs))

    assert_same_run(tmp_path / "whole", tmp_path / "stopped", "rnn")


def test_two_processes_train_a_pregnancy_network_on_all_of_its_fold(dataset, tmp_path):
    # Each process normalises by its own share: a batch of three leaves one of them a single image.
    train_together("train_pregnancy.py", [*pregnancy_options(dataset, tmp_path), "--side", "64", "--lr", "1e-9"])

    assert {path.name for path in tmp_path.iterdir()} == {"run.json", "best.pt", "last.pt", "metrics.jsonl"}
    assert [line["epoch"] for line in history(tmp_path)] == [1, 2]
    assert all(0.3 < line["loss"] < 1.1 and math.isfinite(line["val_loss"]) for line in history(tmp_path))
    assert all(0 <= line["val_auc"] <= 1 for line in history(tmp_path))
    recipe = load_checkpoint(tmp_path / "last.pt", "pregnancy")["recipe"]
    assert (recipe["processes"], recipe["trained_on"], recipe["validated_on"]) == (2, 6, 8)


def test_a_run_of_two_processes_is_not_gone_on_with_by_one(dataset, cnn_of_two):
    with pytest.raises(SystemExit, match="processes 2, and this one has processes 1"):
        train_cnn.main([*cnn_options(dataset, cnn_of_two, epochs=3), "--loss", "linear"])


def test_a_batch_smaller_than_the_number_of_processes_is_refused(dataset, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "8")

    with pytest.raises(SystemExit):
        train_cnn.main(cnn_options(dataset, tmp_path))

    assert "--batch 6 cannot be shared by 8 processes" in capsys.readouterr().err
