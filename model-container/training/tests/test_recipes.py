"""Which embryos, stills, grades and loss a run learns from; and what it refuses."""

import numpy as np
import pytest
import torch
from tiny_dataset import with_embryos
from tiny_runs import cnn_options, cropper_options, history, rnn_options

import train_cnn
import train_cropper
import train_rnn
from dataset import read_embryos
from grading_metrics import grading_metrics
from losses import inverse_frequency_weights
from run_folder import load_checkpoint
from trained import load_cnn


@pytest.mark.parametrize("loss", ["categorical", "linear", "binary"])
@pytest.mark.parametrize("task", ["both", "te"])
def test_every_loss_trains_both_networks_to_finite_weights_though_c_never_occurs(dataset, tmp_path, task, loss):
    which = ["--task", task, "--loss", loss]
    train_cnn.main([*cnn_options(dataset, tmp_path / "cnn", epochs=1), *which])

    train_rnn.main([*rnn_options(dataset, tmp_path / "rnn", tmp_path / "cnn" / "best.pt", epochs=1), *which])

    for kind in ("cnn", "rnn"):
        weights = load_checkpoint(tmp_path / kind / "best.pt", kind)["model"]
        assert all(tensor.isfinite().all() for tensor in weights.values())
        line = history(tmp_path / kind)[0]
        assert np.isfinite(line["val_loss"]) and 0 <= line["val_te_accuracy"] <= 1
        assert ("val_icm_accuracy" in line) == (task == "both")
        assert (tmp_path / kind / "thresholds.json").exists() == (loss == "linear")


def test_another_loss_and_a_shortening_learn_something_else_from_the_same_start(dataset, cnn_run, tmp_path):
    plain, changed = [*rnn_options(dataset, tmp_path / "plain", cnn_run / "best.pt", epochs=2)], []
    train_rnn.main(plain)
    for name, option in (("loss", ["--loss", "categorical"]), ("shorten", ["--shorten", "0.5"])):
        train_rnn.main([*rnn_options(dataset, tmp_path / name, cnn_run / "best.pt", epochs=2), *option])
        changed.append((tmp_path / name / "best.pt").read_bytes())

    assert len({(tmp_path / "plain" / "best.pt").read_bytes(), *changed}) == 3


@pytest.mark.parametrize("patience", [1, 3])
def test_the_learning_rate_halves_once_so_many_epochs_passed_without_a_smaller_loss(dataset, cnn_run, tmp_path, patience):
    options = [*rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=16), "--lr", "0.05", "--patience", str(patience)]
    train_rnn.main(options)

    lines = history(tmp_path)
    rate, best, passed, rates = 0.05, float("inf"), 0, []
    for loss in [line["val_loss"] for line in lines]:
        passed = 0 if loss < best else passed + 1
        best = min(best, loss)
        if passed == patience:
            rate, passed = rate / 2, 0
        rates.append(rate)
    assert [line["lr"] for line in lines] == pytest.approx(rates)
    assert rates[-1] < 0.05


def test_the_stills_of_the_moment_and_the_first_variants_are_read(dataset, tmp_path, monkeypatch):
    opened = []
    open_stills = train_cnn.open_stills
    monkeypatch.setattr(train_cnn, "open_stills", lambda *asked: opened.append(open_stills(*asked)) or opened[-1])

    train_cnn.main([*cnn_options(dataset, tmp_path / "105", epochs=1), "--moment", "105"])
    train_cnn.main([*cnn_options(dataset, tmp_path / "tA", epochs=1), "--variants", "1"])

    assert [stills.shape[1] for stills in opened] == [1, 1]
    assert np.array_equal(opened[0], np.load(dataset / "stills" / "105.npy"))
    assert np.array_equal(opened[1], np.load(dataset / "stills" / "tA.npy")[:, :1])


def test_embryos_without_the_label_or_the_moment_are_left_out_and_keep_their_rows(dataset, tmp_path):
    def change(row, line):
        return {**line, "te": "" if row == 1 else line["te"], "moments": "tA" if row == 2 else line["moments"]}

    data = with_embryos(dataset, tmp_path / "data", change)

    both = read_embryos(data, "train", tasks=("icm", "te"), moment="105")
    icm = read_embryos(data, "train", tasks=("icm",), moment="tA")
    assert both.row.tolist() == [0, *range(3, 12)] and icm.row.tolist() == list(range(12))
    assert both.grades["te"].tolist() == [row % 2 for row in both.row.tolist()]


def test_the_limit_counts_usable_embryos(dataset, tmp_path):
    data = with_embryos(dataset, tmp_path / "data", lambda row, line: {**line, "icm": "" if row < 2 else line["icm"]})

    assert read_embryos(data, "train", 3, tasks=("icm",)).row.tolist() == [2, 3, 4]


def test_embryos_without_a_clip_are_left_out(dataset, cnn_run, tmp_path):
    data = with_embryos(dataset, tmp_path / "data", lambda row, line: {**line, "embryo_id": line["embryo_id"] + "-lost" * (row < 3)})

    assert len(read_embryos(data, "train", clips=True).row) == 9


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_clinic_is_left_out_of_both_splits(dataset, split):
    north = read_embryos(dataset, split, without_clinic="south")
    everybody = read_embryos(dataset, split)

    assert north.row.tolist() == [row for row in everybody.row.tolist() if row // 2 % 2 == 0]


def test_a_clinic_that_the_cnn_has_seen_is_no_left_out_clinic(dataset, cnn_run, tmp_path):
    with pytest.raises(SystemExit, match="the same clinic has to be left out of both"):
        train_rnn.main([*rnn_options(dataset, tmp_path, cnn_run / "best.pt"), "--without-clinic", "south"])


def test_both_networks_train_without_a_clinic(dataset, tmp_path):
    without = ["--without-clinic", "south"]
    train_cnn.main([*cnn_options(dataset, tmp_path / "cnn", epochs=1), *without])

    train_rnn.main([*rnn_options(dataset, tmp_path / "rnn", tmp_path / "cnn" / "best.pt", epochs=1), *without])

    assert load_checkpoint(tmp_path / "rnn" / "best.pt", "rnn")["recipe"]["without_clinic"] == "south"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--width", "0.125"], "width 0.0625, and this one has width 0.125"),
        (["--loss", "binary"], "loss ordinal, and this one has loss binary"),
        (["--task", "te"], "task both, and this one has task te"),
        (["--moment", "105"], "moment tA, and this one has moment 105"),
        (["--variants", "1"], "variants 0, and this one has variants 1"),
        (["--without-clinic", "south"], "without_clinic None, and this one has without_clinic south"),
    ],
)
def test_a_run_of_another_recipe_is_refused(dataset, cnn_run, options, sentence):
    with pytest.raises(SystemExit, match=sentence):
        train_cnn.main([*cnn_options(dataset, cnn_run), *options])


@pytest.mark.parametrize("option", [["--loss", "linear"], ["--task", "icm"], ["--shorten", "0.5"]])
def test_an_rnn_run_of_another_recipe_is_refused(dataset, cnn_run, rnn_run, option):
    with pytest.raises(SystemExit, match=f"and this one has {option[0][2:]} {option[1]}"):
        train_rnn.main([*rnn_options(dataset, rnn_run, cnn_run / "best.pt"), *option])


def test_a_checkpoint_of_another_network_is_refused(dataset, cropper_run, tmp_path):
    with pytest.raises(SystemExit, match="is a checkpoint of the cropper, not of the cnn"):
        train_rnn.main(rnn_options(dataset, tmp_path, cropper_run / "best.pt"))


@pytest.mark.parametrize("kind", ["cropper", "cnn", "rnn"])
def test_fewer_examples_than_a_batch_are_one_batch(dataset, cnn_run, tmp_path, kind):
    train, options = {
        "cropper": (train_cropper.main, cropper_options(dataset, tmp_path, epochs=1)),
        "cnn": (train_cnn.main, cnn_options(dataset, tmp_path, epochs=1)),
        "rnn": (train_rnn.main, rnn_options(dataset, tmp_path, cnn_run / "best.pt", epochs=1)),
    }[kind]

    train([*options, "--limit", "2", "--batch", "24"])

    assert 0 < history(tmp_path)[0]["loss"] < np.inf
    assert load_checkpoint(tmp_path / "last.pt", kind)["recipe"]["trained_on"] == 2


def test_a_still_is_learnt_with_its_own_embryos_grade_where_an_earlier_embryo_is_left_out(dataset, tmp_path, monkeypatch):
    data = with_embryos(dataset, tmp_path / "data", lambda row, line: {**line, "icm": "" if row == 0 else line["icm"]})
    (data / "stills").unlink()
    (data / "stills").mkdir()
    rows = np.arange(18, dtype=np.uint8)[:, None, None, None, None]
    np.save(data / "stills" / "tA.npy", np.broadcast_to(rows, (18, 1, 3, 224, 224)))    # every pixel names its row
    stills, grades, loss_of = [], [], train_cnn.grading_loss

    def noted_loss(loss, outputs, truth, weights):
        grades.extend(truth["icm"].tolist())
        return loss_of(loss, outputs, truth, weights)

    monkeypatch.setattr(train_cnn, "flipped", lambda frames: stills.extend(frames[:, 0, 0, 0].tolist()) or frames)
    monkeypatch.setattr(train_cnn, "grading_loss", noted_loss)

    train_cnn.main(cnn_options(data, tmp_path / "run", epochs=1))

    assert sorted(stills) == list(range(1, 12))
    assert grades == [row % 2 for row in stills]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda row, line: {**line, "split": "test" if row else "train"}, "holds 1 train embryos .* takes at least 2"),
        (lambda row, line: {**line, "split": "train"}, "holds 0 validation embryos with an ICM grade"),
        (lambda row, line: {**line, "te": ""}, "holds 0 train embryos with .* a TE grade and a still at tA"),
        (lambda row, line: {**line, "te": "D"}, "icm and te of embryo-0 must be A, B, C or empty"),
        (lambda row, line: {**line, "embryo_id": "../x"}, "'../x' in row 0 is no embryo id that can name a file"),
        (lambda row, line: {"embryo_id": line["embryo_id"], "split": line["split"]}, "has no column clinic, icm, moments, te"),
    ],
)
def test_a_dataset_that_nothing_can_be_learnt_from_is_named_in_a_sentence(dataset, tmp_path, change, sentence):
    with pytest.raises(SystemExit, match=sentence):
        train_cnn.main(cnn_options(with_embryos(dataset, tmp_path / "data", change), tmp_path / "run"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--without-clinic", "west"], "has no clinic 'west'; it has north, south"),
        (["--variants", "3"], "holds 2 variants of each still, not 3"),
        (["--moment", "110"], "holds 0 train embryos with .* a still at 110"),
    ],
)
def test_what_the_dataset_does_not_have_is_named_in_a_sentence(dataset, tmp_path, options, sentence):
    with pytest.raises(SystemExit, match=sentence):
        train_cnn.main([*cnn_options(dataset, tmp_path), *options])


@pytest.mark.parametrize("options", [["--batch", "0"], ["--lr", "nan"], ["--loss", "hinge"], ["--moment", "100"], ["--epochs", "x"]])
def test_options_that_make_no_sense_are_refused(dataset, tmp_path, options, capsys):
    with pytest.raises(SystemExit) as refused:
        train_cnn.main([*cnn_options(dataset, tmp_path), *options])

    assert refused.value.code == 2 and options[0] in capsys.readouterr().err


def test_stills_of_another_number_of_embryos_are_refused(dataset, tmp_path):
    data = with_embryos(dataset, tmp_path / "data", lambda row, line: line)
    (data / "stills").unlink()
    (data / "stills").mkdir()
    np.save(data / "stills" / "tA.npy", np.load(dataset / "stills" / "tA.npy")[:-1])

    with pytest.raises(SystemExit, match="tA.npy holds 17 embryos and embryos.csv 18"):
        train_cnn.main(cnn_options(data, tmp_path / "run"))


def test_a_torn_file_of_stills_is_named_in_a_sentence(dataset, tmp_path):
    data = with_embryos(dataset, tmp_path / "data", lambda row, line: line)
    (data / "stills").unlink()
    (data / "stills").mkdir()
    (data / "stills" / "tA.npy").write_bytes((dataset / "stills" / "tA.npy").read_bytes()[:100_000])

    with pytest.raises(SystemExit, match="tA.npy cannot be read"):
        train_cnn.main(cnn_options(data, tmp_path / "run"))


def test_a_missing_dataset_is_named_in_a_sentence(tmp_path):
    with pytest.raises(SystemExit, match="embryos.csv is missing: prepare the dataset first"):
        train_cnn.main(cnn_options(tmp_path, tmp_path))


def test_a_run_does_not_go_on_with_another_number_of_embryos(dataset, cnn_run, tmp_path):
    data = with_embryos(dataset, tmp_path / "data", lambda row, line: {**line, "icm": "" if row == 0 else line["icm"]})

    with pytest.raises(SystemExit, match="trained_on 12, and this one has trained_on 11"):
        train_cnn.main(cnn_options(data, cnn_run))


@pytest.mark.parametrize("kind", ["cnn", "cropper"])
def test_bfloat16_is_for_the_steps_alone_and_a_run_keeps_to_it(dataset, tmp_path, kind):
    train, options = {"cnn": (train_cnn.main, cnn_options), "cropper": (train_cropper.main, cropper_options)}[kind]
    train(options(dataset, tmp_path / "float32", epochs=1))
    train([*options(dataset, tmp_path / "bfloat16", epochs=1), "--bfloat16"])

    exact, rough = (load_checkpoint(tmp_path / name / "best.pt", kind)["model"] for name in ("float32", "bfloat16"))
    assert all(tensor.dtype == exact[name].dtype for name, tensor in rough.items())
    assert any(not torch.equal(tensor, exact[name]) for name, tensor in rough.items())
    losses = [history(tmp_path / name)[0]["loss"] for name in ("float32", "bfloat16")]
    assert losses[1] == pytest.approx(losses[0], rel=0.1)
    with pytest.raises(SystemExit, match="bfloat16 True"):
        train(options(dataset, tmp_path / "bfloat16", epochs=2))


def test_a_run_in_bfloat16_is_validated_in_float32(dataset, tmp_path):
    train_cnn.main([*cnn_options(dataset, tmp_path, epochs=1), "--bfloat16"])

    model, _ = load_cnn(tmp_path / "best.pt")
    validation, train = (read_embryos(dataset, split, tasks=("icm", "te"), moment="tA") for split in ("validation", "train"))
    outputs = train_cnn.outputs_of(model, train_cnn.open_stills(dataset, "tA", 0), validation.row, 6, "cpu")
    weights = {task: inverse_frequency_weights(train.grades[task]) for task in ("icm", "te")}
    metrics = grading_metrics("ordinal", outputs, validation.grades, weights)
    assert history(tmp_path)[0]["val_loss"] == pytest.approx(metrics["val_loss"], rel=1e-5)
