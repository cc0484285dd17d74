"""The list of runs says what each is, how far it came and how good it is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import runs
import train_rnn
from tiny_runs import history, rnn_options


def write_run(folder: Path, note: dict, lines: "list[str]") -> Path:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(note))
    (folder / "metrics.jsonl").write_text("".join(line + "\n" for line in lines))
    return folder


def test_a_run_is_summed_up_by_its_best_epoch_and_what_is_not_the_papers(cnn_run):
    run = runs.read_run(cnn_run)

    best = min(history(cnn_run), key=lambda line: line["val_loss"])
    assert (run["kind"], run["epochs"], run["epochsWanted"], run["finished"]) == ("cnn", 2, 2, True)
    assert (run["bestEpoch"], run["valLoss"], run["icmAccuracy"]) == (best["epoch"], best["val_loss"], best["val_icm_accuracy"])
    assert run["settings"] == {"epochs": 2, "batch": 6, "width": 0.0625, "flips": True}
    assert run["seconds"] == pytest.approx(sum(line["seconds"] for line in history(cnn_run)), abs=0.01)


def test_a_prolonged_run_is_unfinished_until_the_longer_wish_is_met(dataset, cnn_run, tmp_path, monkeypatch):
    options = rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=1)
    train_rnn.main(options)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(train_rnn, "seed_epoch", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        train_rnn.main([*options, "--epochs", "3"])

    run = runs.read_run(tmp_path)

    assert (run["epochs"], run["epochsWanted"], run["finished"]) == (1, 3, False)


def test_the_table_is_aligned_and_skips_what_is_no_run(tmp_path, capsys):
    differs = {"task": "te", "without_clinic": "north"}
    line = {"epoch": 1, "val_loss": 1.25, "val_te_accuracy": 0.5, "seconds": 61.4}
    write_run(tmp_path / "a" / "cnn-te", {"kind": "cnn", "epochs": 30, "differs": differs, "recipe": {"trained_on": 1200}}, [json.dumps(line)])
    outlined = {"epoch": 1, "val_loss": 0.5, "val_icm_dice": 0.91, "val_te_dice": 0.87, "seconds": 9}
    scored = {"epoch": 1, "val_loss": 0.625, "val_auc": 0.741, "seconds": 5}
    for name, figures in (("segmenter", outlined), ("pregnancy", scored)):
        note = {"kind": name, "epochs": 1, "differs": {}, "recipe": {"trained_on": 7}}
        write_run(tmp_path / "a" / name, note, [json.dumps(figures)])
    write_run(tmp_path / "b", {"kind": "cropper", "epochs": 1, "differs": {}, "recipe": {"trained_on": 40}}, [])
    (tmp_path / "features" / "run.json").mkdir(parents=True)

    runs.main([str(tmp_path)])

    assert capsys.readouterr().out.splitlines() == [
        "run          network    trained on  epochs  best  val loss    ICM     TE  Dice    AUC  seconds              settings",
        "a/cnn-te     cnn              1200    1/30     1    1.2500         0.500                    61  unfinished  task=te without-clinic=north",
        "a/pregnancy  pregnancy           7     1/1     1    0.6250                      0.741        5  finished",
        "a/segmenter  segmenter           7     1/1     1    0.5000  0.910  0.870                     9  finished",
        "b            cropper            40     0/1                                                   0  unfinished",
    ]


def test_a_run_that_outlines_or_scores_is_summed_up_by_what_it_is_judged_by(segmenter_run, pregnancy_run):
    segmenter, pregnancy = runs.read_run(segmenter_run), runs.read_run(pregnancy_run)

    outlined, scored = (min(history(run), key=lambda line: line["val_loss"]) for run in (segmenter_run, pregnancy_run))
    assert (segmenter["icmDice"], segmenter["teDice"]) == (outlined["val_icm_dice"], outlined["val_te_dice"])
    assert pregnancy["auc"] == scored["val_auc"] and pregnancy["settings"]["side"] == 32
    assert segmenter["icmAccuracy"] is segmenter["auc"] is pregnancy["dice"] is None


def test_json_stays_json_where_a_loss_is_no_number(tmp_path, capsys):
    lines = ['{"epoch": 1, "val_loss": NaN, "seconds": 1}', '{"epoch": 2, "val_loss": NaN, "seconds": 1}']
    write_run(tmp_path / "cnn", {"kind": "cnn", "epochs": 2, "differs": {}, "recipe": {"trained_on": 40}}, lines)

    runs.main([str(tmp_path), "--json"])

    (run,) = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert run["bestEpoch"] == 1 and run["valLoss"] is None and run["finished"]


def test_damage_and_absence_are_named_in_a_sentence_beside_the_other_runs(cnn_run, tmp_path, capsys):
    (tmp_path / "whole").mkdir()
    for name in ("run.json", "metrics.jsonl"):
        (tmp_path / "whole" / name).write_bytes((cnn_run / name).read_bytes())
    write_run(tmp_path / "cnn", {"kind": "cnn", "epochs": 2, "differs": {}, "recipe": {"trained_on": 40}}, ["{torn"])

    with pytest.raises(SystemExit, match="cnn: run.json or metrics.jsonl is damaged"):
        runs.main([str(tmp_path)])
    assert "whole" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="There is no folder"):
        runs.main([str(tmp_path / "nowhere")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="No run lies under"):
        runs.main([str(tmp_path / "empty")])


def test_runs_are_listed_without_pytorch(cnn_run, tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError(name='torch')")

    command = [sys.executable, Path(runs.__file__), cnn_run, "--json"]
    done = subprocess.run(command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)

    assert done.returncode == 0 and json.loads(done.stdout)[0]["kind"] == "cnn"
