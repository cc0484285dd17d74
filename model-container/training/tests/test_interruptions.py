"""Killed at any moment, out of disk, or with a damaged file: a run goes on, or says in a sentence why it cannot."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from tiny_runs import (
    assert_same_run, cnn_options, cropper_options, history, pregnancy_options, rnn_options, segmenter_options,
)

import clip_features
import run_folder
import train_cnn
import train_cropper
import train_pregnancy
import train_rnn
import train_segmenter
from run_folder import load_checkpoint, save_checkpoint

TRAINING = Path(train_cnn.__file__).parent


class Killed(BaseException):
    """Stands for SIGKILL: no handler of ours catches it."""


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


def test_a_killed_segmenter_run_goes_on_as_if_it_had_not_been(dataset, segmenter_run, tmp_path, monkeypatch):
    killed_at_replace(monkeypatch, 4, train_segmenter.main, segmenter_options(dataset, tmp_path))

    train_segmenter.main(segmenter_options(dataset, tmp_path))

    assert_same_run(segmenter_run, tmp_path, "segmenter")


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_a_killed_pregnancy_run_goes_on_as_if_it_had_not_been(dataset, pregnancy_run, tmp_path, monkeypatch, times):
    killed_at_replace(monkeypatch, times, train_pregnancy.main, pregnancy_options(dataset, tmp_path))

    train_pregnancy.main(pregnancy_options(dataset, tmp_path))

    assert_same_run(pregnancy_run, tmp_path, "pregnancy")


def test_a_killed_pregnancy_run_on_another_trunk_goes_on_as_if_it_had_not_been(
    dataset, voted_run, tmp_path, monkeypatch
):
    for name in ("whole", "killed"):
        trunk = ["--from", str(voted_run / "best.pt"), "--trunk-rate", "0.1"]
        options = [*pregnancy_options(dataset, tmp_path / name, epochs=3), *trunk]
        if name == "killed":
            killed_at_replace(monkeypatch, 5, train_pregnancy.main, options)
        train_pregnancy.main(options)

    assert_same_run(tmp_path / "whole", tmp_path / "killed", "pregnancy")


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


def test_a_torn_write_that_lies_there_changes_nothing_and_is_swept_away(dataset, cnn_run, rnn_run, tmp_path):
    train_rnn.main(rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=1))
    torn = tmp_path / ".last.pt.4711.tmp"
    torn.write_bytes((tmp_path / "last.pt").read_bytes()[:1000])

    train_rnn.main(rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=3))

    assert_same_run(rnn_run, tmp_path, "rnn")
    assert not torn.exists()


def test_a_damaged_last_checkpoint_is_named_beside_the_best_one_that_is_whole(dataset, cnn_run, tmp_path):
    train_rnn.main(rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=1))
    content = bytearray((tmp_path / "last.pt").read_bytes())
    content[:200] = bytes(200)
    (tmp_path / "last.pt").write_bytes(content)
    before = (tmp_path / "best.pt").read_bytes()

    with pytest.raises(SystemExit, match=r"last.pt cannot be read as a checkpoint .* best.pt beside it can be exported"):
        train_rnn.main(rnn_options(dataset, tmp_path, cnn_run / "best.pt"))

    assert (tmp_path / "best.pt").read_bytes() == before and load_checkpoint(tmp_path / "best.pt", "rnn")["epoch"] == 1


def full_at(monkeypatch, module, pattern):
    """The disk is full whenever `module` writes a file of this pattern, as long as the patch stands."""
    write = module.write_atomically

    def full(file_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write_until_full(path, content):
        with monkeypatch.context() as patch:
            if path.match(pattern):
                patch.setattr(run_folder.os, "fsync", full)
            write(path, content)

    monkeypatch.setattr(module, "write_atomically", write_until_full)


def test_a_full_disk_leaves_the_rnns_last_epoch_and_ends_in_a_sentence(dataset, cnn_run, rnn_run, tmp_path, monkeypatch):
    train_rnn.main(rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=1))
    before = (tmp_path / "last.pt").read_bytes()

    with monkeypatch.context() as patch:
        full_at(patch, run_folder, "last.pt")
        with pytest.raises(SystemExit, match=r"last.pt cannot be written \(No space left on device\)"):
            train_rnn.main(rnn_options(dataset, tmp_path, cnn_run / "best.pt"))

    assert (tmp_path / "last.pt").read_bytes() == before and not list(tmp_path.glob(".*.tmp"))
    train_rnn.main(rnn_options(dataset, tmp_path, cnn_run / "best.pt"))
    assert_same_run(rnn_run, tmp_path, "rnn")


def test_a_full_disk_leaves_the_croppers_last_epoch_and_ends_in_a_sentence(dataset, cropper_run, tmp_path, monkeypatch):
    train_cropper.main(cropper_options(dataset, tmp_path, epochs=1))
    before = (tmp_path / "last.pt").read_bytes()

    with monkeypatch.context() as patch:
        full_at(patch, run_folder, "last.pt")
        with pytest.raises(SystemExit, match=r"last.pt cannot be written \(No space left on device\)"):
            train_cropper.main(cropper_options(dataset, tmp_path))

    assert (tmp_path / "last.pt").read_bytes() == before and not list(tmp_path.glob(".*.tmp"))
    train_cropper.main(cropper_options(dataset, tmp_path))
    assert_same_run(cropper_run, tmp_path, "cropper")


def test_a_disk_that_fills_up_with_features_leaves_whole_ones_to_go_on_with(dataset, cnn_run, rnn_run, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        full_at(patch, clip_features, "embryo-7-*.npz")
        with pytest.raises(SystemExit, match=r"embryo-7-\w+.npz cannot be written \(No space left on device\)"):
            train_rnn.main(rnn_options(dataset, tmp_path, cnn_run / "best.pt"))
    kept = {path.name for path in (tmp_path / "features").rglob("*") if path.is_file()}

    train_rnn.main(rnn_options(dataset, tmp_path, cnn_run / "best.pt"))

    assert [name.split("-")[1] for name in sorted(kept)] == ["0", "1", "2", "3", "4", "5", "6"]
    assert_same_run(rnn_run, tmp_path, "rnn")


def test_a_run_folder_that_cannot_be_made_is_named_in_a_sentence(dataset, tmp_path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(SystemExit, match=r"file/cropper cannot be made \(Not a directory\)"):
        train_cropper.main(cropper_options(dataset, tmp_path / "file" / "cropper"))


def test_a_folder_of_features_that_cannot_be_made_is_named_in_a_sentence(dataset, cnn_run, tmp_path):
    (tmp_path / "features").write_bytes(b"")

    with pytest.raises(SystemExit, match=r"features/\w+ cannot be made \(Not a directory\)"):
        train_rnn.main(rnn_options(dataset, tmp_path, cnn_run / "best.pt"))


def test_a_place_where_nothing_can_be_removed_either_is_named_in_a_sentence(tmp_path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(SystemExit, match=r"last.pt cannot be written \(Not a directory\)"):
        run_folder.write_atomically(tmp_path / "file" / "last.pt", b"weights")


def test_a_checkpoint_of_an_earlier_format_is_refused(dataset, cnn_run, tmp_path):
    earlier = torch.load(cnn_run / "last.pt")
    del earlier["format"]
    torch.save(earlier, tmp_path / "last.pt")

    with pytest.raises(SystemExit, match="last.pt is a checkpoint of an earlier format"):
        train_cnn.main(cnn_options(dataset, tmp_path))


def test_a_file_of_tensors_that_is_no_checkpoint_is_refused(tmp_path):
    torch.save(torch.zeros(3), tmp_path / "best.pt")

    with pytest.raises(SystemExit, match="best.pt is no checkpoint of this program"):
        load_checkpoint(tmp_path / "best.pt", "cnn")
