"""Trained networks from their checkpoints, in evaluation mode and with their recipes."""

import sys
from pathlib import Path

import torch

from cropper import Cropper
from heads import TASKS
from lstm import LstmGrader
from pregnancy import PregnancyNetwork
from run_folder import load_checkpoint, weights_digest
from segmenter import Segmenter
from xception import CnnGrader

# What serving gives a pregnancy network; smaller images are for a first training.
SERVED_SIDE = 224


def load_cropper(path: Path) -> Cropper:
    cropper = Cropper()
    cropper.load_state_dict(load_checkpoint(path, "cropper")["model"])
    return cropper.eval()


def load_cnn(path: Path) -> "tuple[CnnGrader, dict]":
    checkpoint = load_checkpoint(path, "cnn")
    recipe = checkpoint["recipe"]
    cnn = CnnGrader(recipe["width"], TASKS[recipe["task"]], recipe["loss"])
    cnn.load_state_dict(checkpoint["model"])
    return cnn.eval().requires_grad_(False).to(memory_format=torch.channels_last), recipe


def load_rnn(path: Path) -> "tuple[LstmGrader, dict]":
    checkpoint = load_checkpoint(path, "rnn")
    recipe = checkpoint["recipe"]
    rnn = LstmGrader(recipe["features"], TASKS[recipe["task"]], recipe["loss"])
    rnn.load_state_dict(checkpoint["model"])
    return rnn.eval().requires_grad_(False), recipe


def load_segmenter(path: Path) -> Segmenter:
    segmenter = Segmenter()
    segmenter.load_state_dict(load_checkpoint(path, "segmenter")["model"])
    return segmenter.eval()


def load_pregnancy(path: Path) -> "tuple[PregnancyNetwork, dict]":
    checkpoint = load_checkpoint(path, "pregnancy")
    recipe = checkpoint["recipe"]
    if recipe["target"] != "outcome":
        sys.exit(f"{path} was trained on votes: it has no pregnancy score. Begin one on outcomes with it (--from).")
    if recipe["side"] != SERVED_SIDE:
        sys.exit(f"{path} was trained on images of {recipe['side']} pixels, and {SERVED_SIDE} are served: train on those.")
    pregnancy = PregnancyNetwork(recipe["network"], recipe["width"])
    pregnancy.load_state_dict(checkpoint["model"])
    return pregnancy.eval(), recipe


def load_grader(cnn_path: Path, rnn_path: Path) -> "tuple[CnnGrader, LstmGrader]":
    """The CNN, and the LSTM for both grades that was trained on its features and on no other CNN's."""
    (cnn, cnn_recipe), (rnn, rnn_recipe) = load_cnn(cnn_path), load_rnn(rnn_path)
    if rnn_recipe["cnn_digest"] != weights_digest(cnn):
        sys.exit(f"{rnn_path} was trained on the features of another CNN than {cnn_path}: train the RNN again.")
    for path, recipe in ((cnn_path, cnn_recipe), (rnn_path, rnn_recipe)):
        if recipe["task"] != "both" or recipe["loss"] == "linear":
            sys.exit(f"{path} has task {recipe['task']} and loss {recipe['loss']}: it cannot score both grades.")
    return cnn, rnn
