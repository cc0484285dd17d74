"""Training learns and repeats exactly, and keeps its best epoch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tiny_runs import assert_same_run, cnn_options, history, rnn_options

import clip_features
import train_cnn
import train_cropper
import train_rnn
from dataset import batches
from run_folder import load_checkpoint, save_epoch

TRAINING = Path(train_cnn.__file__).parent


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
    extract = clip_features.clip_features
    monkeypatch.setattr(clip_features, "clip_features", lambda cnn, frames: extracted.append(len(frames)) or extract(cnn, frames))

    train_rnn.main([*rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=1), "--limit", "3"])
    first = len(extracted)
    train_rnn.main([*rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=2), "--limit", "3"])
    again = len(extracted) - first
    monkeypatch.setattr(clip_features, "frames_checksum", lambda path: "00000000")
    train_rnn.main([*rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=2), "--limit", "3"])

    assert (first, again, len(extracted)) == (6, 0, 12)


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
