"""What a run may begin with, and what it may go on with: weights of another training, and the data that it began on."""

import shutil

import pytest
import torch
from tiny_dataset import with_embryos, with_transfers, write_tiny_dataset
from tiny_runs import (
    assert_same_run, cnn_options, cropper_options, history, pregnancy_options, rnn_options, segmenter_options,
)

import export
import train_cnn
import train_cropper
import train_pregnancy
import train_rnn
import train_segmenter
from run_folder import load_checkpoint, save_checkpoint

TRAIN = {
    "cropper": train_cropper.main, "cnn": train_cnn.main, "rnn": train_rnn.main,
    "segmenter": train_segmenter.main, "pregnancy": train_pregnancy.main,
}
# Their learning rate falls to nothing over as many epochs as are wanted, so that these are in the recipe.
COSINE = ("segmenter", "pregnancy")
CNN_RECIPE = {"task": "both", "loss": "ordinal", "without_clinic": None, "moment": "tA"}


@pytest.fixture(scope="module")
def other_pictures(tmp_path_factory):
    """As many embryos as `dataset` has, with the same names and grades."""
    return write_tiny_dataset(tmp_path_factory.mktemp("other-pictures"), seed=2)


def options_of(kind, data, out, cnn_run):
    return {
        "cropper": lambda: cropper_options(data, out), "cnn": lambda: cnn_options(data, out),
        "rnn": lambda: rnn_options(data, out, cnn_run / "best.pt"),
        "segmenter": lambda: [*segmenter_options(data, out), "--limit", "3"],
        "pregnancy": lambda: pregnancy_options(data, out),
    }[kind]()


def random_cnn(path, width, seed):
    cnn, _ = export.random_grader(width, seed)
    save_checkpoint(path, {"kind": "cnn", "recipe": {**CNN_RECIPE, "width": width}, "model": cnn.state_dict()})
    return path


def test_a_run_that_begins_with_a_checkpoint_learns_on_from_its_weights(dataset, cnn_run, tmp_path):
    from_there = ["--from", str(cnn_run / "best.pt"), "--lr", "1e-9"]
    train_cnn.main([*cnn_options(dataset, tmp_path, epochs=1), *from_there])

    begun, given = (load_checkpoint(run / "best.pt", "cnn")["model"] for run in (tmp_path, cnn_run))
    for name in (name for name in given if name.endswith("weight")):
        assert torch.allclose(begun[name], given[name], atol=1e-6), name


def test_a_cropper_begins_with_the_weights_of_another(dataset, cropper_run, tmp_path):
    from_there = ["--from", str(cropper_run / "best.pt"), "--lr", "1e-9"]
    train_cropper.main([*cropper_options(dataset, tmp_path, epochs=1), *from_there])

    begun, given = (load_checkpoint(run / "best.pt", "cropper")["model"] for run in (tmp_path, cropper_run))
    for name in (name for name in given if name.endswith("weight")):
        assert torch.allclose(begun[name], given[name], atol=1e-6), name


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (["--width", "0.03125"], "trained with width 0.0625, and this run has width 0.03125"),
        (["--task", "te"], "trained with task both, and this run has task te"),
        (["--loss", "categorical"], "trained with loss ordinal, and this run has loss categorical"),
        (["--without-clinic", "north"], "trained with without_clinic None, and this run has without_clinic north"),
    ],
)
def test_a_run_cannot_begin_with_weights_that_learnt_something_else(dataset, cnn_run, tmp_path, option, sentence):
    with pytest.raises(SystemExit, match=sentence):
        train_cnn.main([*cnn_options(dataset, tmp_path, epochs=1), *option, "--from", str(cnn_run / "best.pt")])

    assert not list(tmp_path.iterdir())


def test_a_run_cannot_go_on_from_another_beginning(dataset, cnn_run, tmp_path):
    train_cnn.main(cnn_options(dataset, tmp_path, epochs=1))

    with pytest.raises(SystemExit, match="began_with"):
        train_cnn.main([*cnn_options(dataset, tmp_path), "--from", str(cnn_run / "best.pt")])


@pytest.mark.parametrize(
    ("width", "sentence"), [(0.0625, "with cnn_digest "), (0.03125, "with features 128, and this one has features 64")]
)
def test_an_rnn_run_does_not_go_on_over_another_cnn(dataset, rnn_run, tmp_path, width, sentence):
    shutil.copytree(rnn_run, tmp_path / "run", ignore=shutil.ignore_patterns("features"))
    other = random_cnn(tmp_path / "other.pt", width, seed=5)

    with pytest.raises(SystemExit, match=sentence):
        train_rnn.main(rnn_options(dataset, tmp_path / "run", other))

    assert not (tmp_path / "run" / "features").exists(), "features were extracted for a run that is refused"


@pytest.mark.parametrize("kind", ["cropper", "cnn", "rnn"])
def test_a_run_goes_on_where_its_data_has_moved(dataset, cnn_run, tmp_path, kind):
    TRAIN[kind]([*options_of(kind, dataset, tmp_path / "run", cnn_run), "--epochs", "1"])
    moved = shutil.copytree(dataset, tmp_path / "elsewhere")

    TRAIN[kind]([*options_of(kind, moved, tmp_path / "run", cnn_run), "--epochs", "2"])

    assert [line["epoch"] for line in history(tmp_path / "run")] == [1, 2]


@pytest.mark.parametrize("kind", ["segmenter", "pregnancy"])
def test_a_finished_run_on_data_that_has_moved_is_as_it_was(dataset, segmenter_run, pregnancy_run, tmp_path, kind):
    done = {"segmenter": segmenter_run, "pregnancy": pregnancy_run}[kind]
    options = {"segmenter": segmenter_options, "pregnancy": pregnancy_options}[kind]
    run = shutil.copytree(done, tmp_path / "run")
    moved = shutil.copytree(dataset, tmp_path / "elsewhere")

    TRAIN[kind](options(moved, run))

    assert_same_run(done, run, kind)


@pytest.mark.parametrize("kind", ["segmenter", "pregnancy"])
@pytest.mark.parametrize("option", [["--epochs", "3"], ["--lr", "0.01"], ["--seed", "2"], ["--batch", "4"], ["--bfloat16"]])
def test_a_run_whose_rate_falls_along_a_cosine_keeps_to_its_options(
    dataset, segmenter_run, pregnancy_run, kind, option
):
    run = {"segmenter": segmenter_run, "pregnancy": pregnancy_run}[kind]
    options = {"segmenter": segmenter_options, "pregnancy": pregnancy_options}[kind]

    with pytest.raises(SystemExit, match=f"holds a run with {option[0][2:]} .*, and this one has .*: use the same options"):
        TRAIN[kind]([*options(dataset, run), *option])


@pytest.mark.parametrize(
    "option",
    [
        ["--network", "vgg16"], ["--width", "0.125"], ["--input", "plain"], ["--target", "votes"], ["--fold", "1"],
        ["--side", "64"], ["--trunk-rate", "0.5"],
    ],
)
def test_a_pregnancy_run_keeps_to_its_own_options(dataset, pregnancy_run, option):
    named = option[0][2:].replace("-", "_")

    with pytest.raises(SystemExit, match=f"holds a run with {named} .*, and this one has .*: use the same options"):
        train_pregnancy.main([*pregnancy_options(dataset, pregnancy_run), *option])


@pytest.mark.parametrize("change", [{"outcome": "0"}, {"age_years": "30"}], ids=["outcome", "age"])
@pytest.mark.parametrize("row", [4, 12], ids=["train", "validation"])
def test_a_pregnancy_run_does_not_go_on_with_other_ages_or_outcomes(dataset, pregnancy_run, tmp_path, row, change):
    other = with_transfers(dataset, tmp_path / "data", lambda at, line: {**line, **change} if at == row else line)

    with pytest.raises(SystemExit, match="data_sha256"):
        train_pregnancy.main(pregnancy_options(other, pregnancy_run))


def test_a_segmenter_begins_with_the_weights_of_another(dataset, segmenter_run, tmp_path):
    from_there = ["--from", str(segmenter_run / "best.pt"), "--lr", "1e-9", "--limit", "3"]
    train_segmenter.main([*segmenter_options(dataset, tmp_path, epochs=1), *from_there])

    begun, given = (load_checkpoint(run / "best.pt", "segmenter")["model"] for run in (tmp_path, segmenter_run))
    for name in (name for name in given if name.endswith("weight")):
        assert torch.allclose(begun[name], given[name], atol=1e-6), name


@pytest.mark.parametrize("kind", ["cropper", "cnn", "rnn", "segmenter", "pregnancy"])
def test_a_run_does_not_go_on_with_as_many_other_pictures(dataset, other_pictures, cnn_run, tmp_path, kind):
    TRAIN[kind]([*options_of(kind, dataset, tmp_path, cnn_run), *([] if kind in COSINE else ["--epochs", "1"])])

    with pytest.raises(SystemExit, match=r"holds a run with data_sha256 \w+, .* the same data to go on with it"):
        TRAIN[kind](options_of(kind, other_pictures, tmp_path, cnn_run))


@pytest.mark.parametrize("kind", ["cnn", "rnn"])
@pytest.mark.parametrize("row", [3, 13], ids=["train", "validation"])
def test_a_run_does_not_go_on_with_as_many_other_grades(dataset, cnn_run, rnn_run, tmp_path, kind, row):
    def change(at, line):
        return {**line, "icm": "C" if at == row else line["icm"]}

    shutil.copytree({"cnn": cnn_run, "rnn": rnn_run}[kind], tmp_path / "run")
    regraded = with_embryos(dataset, tmp_path / "data", change)

    with pytest.raises(SystemExit, match="data_sha256"):
        TRAIN[kind](options_of(kind, regraded, tmp_path / "run", cnn_run))


def test_a_run_goes_on_where_only_embryos_that_it_does_not_read_have_changed(dataset, cnn_run, tmp_path):
    def change(at, line):
        return {**line, "icm": "C" if line["split"] == "test" else line["icm"]}

    shutil.copytree(cnn_run, tmp_path / "run")
    tested = with_embryos(dataset, tmp_path / "data", change)

    train_cnn.main(cnn_options(tested, tmp_path / "run"))

    assert_same_run(cnn_run, tmp_path / "run", "cnn")
