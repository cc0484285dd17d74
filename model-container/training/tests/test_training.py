"""Training learns, repeats exactly, survives being killed, and refuses what does not fit."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import run_folder
import train_cnn
import train_cropper
import train_rnn
from dataset import batches
from run_folder import load_checkpoint, save_checkpoint, save_epoch

TRAINING = Path(train_cnn.__file__).parent


class Killed(BaseException):
    """Stands for SIGKILL: no handler of ours catches it."""


def cropper_options(dataset, out, epochs=2):
    return ["--data", str(dataset), "--out", str(out), "--epochs", str(epochs), "--batch", "8", "--flips", "--light"]


def cnn_options(dataset, out, epochs=2, width="0.0625"):
    return ["--data", str(dataset), "--out", str(out), "--epochs", str(epochs), "--batch", "6", "--width", width, "--flips"]


def rnn_options(dataset, out, cnn, epochs=3):
    return ["--data", str(dataset), "--out", str(out), "--epochs", str(epochs), "--batch", "5", "--cnn", str(cnn)]


def history(out):
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="session")
def cnn_run(dataset, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("cnn")
    train_cnn.main(cnn_options(dataset, out))
    return out


@pytest.fixture(scope="session")
def cropper_run(dataset, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("cropper")
    train_cropper.main(cropper_options(dataset, out))
    return out


@pytest.fixture(scope="session")
def rnn_run(dataset, cnn_run, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("rnn")
    train_rnn.main(rnn_options(dataset, out, cnn_run / "best.pt"))
    return out


def assert_same_run(one: Path, other: Path, kind: str):
    assert (one / "best.pt").read_bytes() == (other / "best.pt").read_bytes()
    first, second = load_checkpoint(one / "last.pt", kind), load_checkpoint(other / "last.pt", kind)
    assert all(torch.equal(tensor, second["model"][name]) for name, tensor in first["model"].items())
    for state, other_state in zip(first["optimizer"].values(), second["optimizer"].values()):
        assert all(torch.equal(tensor, other_state[name]) for name, tensor in state.items())
    assert torch.equal(first["random"], second["random"])
    timeless = [{name: value for name, value in line.items() if name != "seconds"} for line in first["history"]]
    assert timeless == [{name: value for name, value in line.items() if name != "seconds"} for line in second["history"]]


def killed_at_replace(monkeypatch, times: int, run, arguments):
    """Runs until the `times`-th file would take its final name."""
    replace, seen = os.replace, []

    def replace_or_die(source, target):
        if Path(target).suffix in (".pt", ".jsonl"):
            seen.append(target)
            if len(seen) == times:
                raise Killed
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(run_folder.os, "replace", replace_or_die)
        with pytest.raises(Killed):
            run(arguments)


# Epoch 1 writes best.pt, last.pt and metrics.jsonl in this order: 2 dies with a best.pt and no last.pt, 4 in epoch 2.
@pytest.mark.parametrize("times", [2, 4])
def test_a_killed_cnn_run_goes_on_as_if_it_had_not_been(dataset, cnn_run, tmp_path, monkeypatch, times):
    killed_at_replace(monkeypatch, times, train_cnn.main, cnn_options(dataset, tmp_path))

    train_cnn.main(cnn_options(dataset, tmp_path))

    assert_same_run(cnn_run, tmp_path, "cnn")


def test_a_killed_cropper_run_goes_on_as_if_it_had_not_been(dataset, cropper_run, tmp_path, monkeypatch):
    killed_at_replace(monkeypatch, 4, train_cropper.main, cropper_options(dataset, tmp_path))

    train_cropper.main(cropper_options(dataset, tmp_path))

    assert_same_run(cropper_run, tmp_path, "cropper")


@pytest.mark.parametrize("times", [1, 2, 3, 5])
def test_a_killed_rnn_run_goes_on_as_if_it_had_not_been(dataset, cnn_run, rnn_run, tmp_path, monkeypatch, times):
    killed_at_replace(monkeypatch, times, train_rnn.main, rnn_options(dataset, tmp_path, cnn_run / "best.pt"))

    train_rnn.main(rnn_options(dataset, tmp_path, cnn_run / "best.pt"))

    assert_same_run(rnn_run, tmp_path, "rnn")


def test_a_run_killed_by_the_system_goes_on_as_if_it_had_not_been(dataset, cnn_run, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    # The batch order, the dropout and the schedule of 25 epochs all have to come back.
    train_rnn.main(rnn_options(dataset, whole, cnn_run / "best.pt", epochs=25))
    command = [sys.executable, TRAINING / "train_rnn.py", *rnn_options(dataset, killed, cnn_run / "best.pt", epochs=25)]

    process = subprocess.Popen([*command, "--threads", "1"], stderr=subprocess.DEVNULL)
    while process.poll() is None and not (killed / "last.pt").exists():
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it was over before it could be killed"
    train_rnn.main(rnn_options(dataset, killed, cnn_run / "best.pt", epochs=25))

    assert_same_run(whole, killed, "rnn")


def test_more_epochs_go_on_with_a_finished_run(dataset, rnn_run, cnn_run, tmp_path):
    train_rnn.main(rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=1))

    train_rnn.main(rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=3))

    assert_same_run(rnn_run, tmp_path, "rnn")


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(dataset, cnn_run, rnn_run, tmp_path):
    train_rnn.main(rnn_options(dataset, tmp_path / "same", cnn_run / "best.pt"))
    train_rnn.main([*rnn_options(dataset, tmp_path / "other", cnn_run / "best.pt"), "--seed", "2"])

    assert (tmp_path / "same" / "best.pt").read_bytes() == (rnn_run / "best.pt").read_bytes()
    assert (tmp_path / "other" / "best.pt").read_bytes() != (rnn_run / "best.pt").read_bytes()


def test_training_lowers_the_cnns_loss(dataset, tmp_path):
    train_cnn.main(cnn_options(dataset, tmp_path, epochs=5))

    losses = [line["loss"] for line in history(tmp_path)]
    assert losses[-1] < 0.7 * losses[0]


def test_training_lowers_the_croppers_loss(dataset, tmp_path):
    train_cropper.main(["--data", str(dataset), "--out", str(tmp_path), "--epochs", "4", "--batch", "8"])

    losses = [line["loss"] for line in history(tmp_path)]
    assert losses[-1] < 0.85 * losses[0]
    assert history(tmp_path)[-1]["val_dice"] > 0.5


def test_training_lowers_the_rnns_loss(rnn_run, dataset, cnn_run, tmp_path):
    train_rnn.main([*rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=30), "--lr", "0.003"])

    losses = [line["loss"] for line in history(tmp_path)]
    assert losses[-1] < 0.9 * losses[0]


def test_the_best_validation_epoch_is_kept(cnn_run):
    best = min(history(cnn_run), key=lambda line: line["val_loss"])

    assert load_checkpoint(cnn_run / "best.pt", "cnn")["epoch"] == best["epoch"]


@pytest.mark.parametrize(
    ("val_losses", "best"),
    [([torch.nan, 2.0, 3.0], 2), ([2.0, torch.nan, 1.0], 3), ([2.0, 1.0, torch.nan], 2), ([torch.nan, torch.nan], 1)],
)
def test_an_epoch_without_a_number_for_a_loss_is_worse_than_any_other(tmp_path, val_losses, best):
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    lines = [{"epoch": epoch, "val_loss": loss} for epoch, loss in enumerate(val_losses, start=1)]

    for epochs in range(1, len(lines) + 1):
        save_epoch(tmp_path, "cnn", {}, model, optimizer, schedule, lines[:epochs])

    assert load_checkpoint(tmp_path / "best.pt", "cnn")["epoch"] == best


def test_features_are_extracted_once_and_again_for_another_clip_or_cnn(dataset, cnn_run, tmp_path, monkeypatch):
    extracted = []
    extract = train_rnn.clip_features
    monkeypatch.setattr(train_rnn, "clip_features", lambda cnn, frames: extracted.append(len(frames)) or extract(cnn, frames))

    train_rnn.main([*rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=1), "--limit", "3"])
    first = len(extracted)
    train_rnn.main([*rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=2), "--limit", "3"])
    again = len(extracted) - first
    monkeypatch.setattr(train_rnn, "frames_checksum", lambda path: "00000000")
    train_rnn.main([*rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=2), "--limit", "3"])

    assert (first, again, len(extracted)) == (6, 0, 12)


def test_a_checkpoint_is_whole_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / "last.pt"
    save_checkpoint(path, {"kind": "cnn", "recipe": {}, "model": {"w": torch.zeros(3)}})
    before = path.read_bytes()

    def torn_write(file_descriptor):
        raise Killed

    monkeypatch.setattr(run_folder.os, "fsync", torn_write)
    with pytest.raises(Killed):
        save_checkpoint(path, {"kind": "cnn", "recipe": {}, "model": {"w": torch.ones(30_000)}})

    assert path.read_bytes() == before


def test_a_truncated_checkpoint_is_named_in_a_sentence(cnn_run, tmp_path):
    content = (cnn_run / "best.pt").read_bytes()
    (tmp_path / "best.pt").write_bytes(content[: len(content) // 2])

    with pytest.raises(SystemExit, match="best.pt cannot be read as a checkpoint"):
        load_checkpoint(tmp_path / "best.pt", "cnn")


def test_a_run_of_another_width_is_refused(dataset, cnn_run):
    with pytest.raises(SystemExit, match="width 0.0625, and this one has width 0.125"):
        train_cnn.main(cnn_options(dataset, cnn_run, width="0.125"))


def test_a_checkpoint_of_another_network_is_refused(dataset, cropper_run, tmp_path):
    with pytest.raises(SystemExit, match="is a checkpoint of the cropper, not of the cnn"):
        train_rnn.main(rnn_options(dataset, tmp_path, cropper_run / "best.pt"))


def test_a_missing_dataset_is_named_in_a_sentence(tmp_path):
    with pytest.raises(SystemExit, match="embryos.csv is missing: prepare the dataset first"):
        train_cnn.main(cnn_options(tmp_path, tmp_path))


@pytest.mark.parametrize(("count", "sizes"), [(12, [5, 5, 2]), (11, [5, 6]), (4, [4]), (1, [1]), (5, [5])])
def test_every_example_is_in_a_batch_and_none_is_left_alone(count, sizes):
    assert [len(some) for some in batches(torch.arange(count), 5)] == sizes


def test_missing_pytorch_is_one_sentence_with_debians_packages(tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError(name='torch')")

    done = subprocess.run(
        [sys.executable, TRAINING / "train_cnn.py"], env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )

    # The script's own folder comes before PYTHONPATH, Debian's packages after it.
    assert done.returncode == 1
    assert "python3-torch libopenblas0-pthread" in done.stderr and "Traceback" not in done.stderr
