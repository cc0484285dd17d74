"""Puts the training scripts on the path, and makes tiny datasets in the format that TypeScript writes."""

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402
import train_cnn  # noqa: E402
import train_cropper  # noqa: E402
import train_pregnancy  # noqa: E402
import train_rnn  # noqa: E402
import train_segmenter  # noqa: E402
from tiny_dataset import write_tiny_dataset  # noqa: E402
from tiny_runs import (  # noqa: E402
    cnn_options, cropper_options, pregnancy_options, rnn_options, segmenter_options,
)

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def dataset(tmp_path_factory) -> Path:
    return write_tiny_dataset(tmp_path_factory.mktemp("dataset"))


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


@pytest.fixture(scope="session")
def segmenter_run(dataset, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("segmenter")
    train_segmenter.main(segmenter_options(dataset, out))
    return out


@pytest.fixture(scope="session")
def pregnancy_run(dataset, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("pregnancy")
    train_pregnancy.main(pregnancy_options(dataset, out))
    return out


@pytest.fixture(scope="session")
def voted_run(dataset, tmp_path_factory) -> Path:
    """A first training on votes."""
    out = tmp_path_factory.mktemp("voted")
    train_pregnancy.main([*pregnancy_options(dataset, out, epochs=1), "--target", "votes"])
    return out
