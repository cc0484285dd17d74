"""The networks are the paper's: parameter counts, the hard-sigmoid cell, padding, dropout."""

import numpy as np
import pytest
import torch

from cropper import Cropper
from lstm import LstmGrader, hard_sigmoid, padded, run_lstm, shortened
from xception import CnnGrader, Xception


def parameters(model: torch.nn.Module) -> int:
    """Weights, biases, gamma, beta, running mean and variance, as Keras counts them."""
    buffers = [buffer for name, buffer in model.named_buffers() if not name.endswith("num_batches_tracked")]
    return sum(tensor.numel() for tensor in [*model.parameters(), *buffers])


def test_cropper_has_the_papers_469089_parameters():
    assert parameters(Cropper()) == 469_089


def test_xception_at_width_1_has_the_standard_20861480_parameters_and_heads_of_6147():
    cnn = CnnGrader(1.0)

    assert parameters(cnn.xception) == 20_861_480
    assert (parameters(cnn.heads.of["icm"]), parameters(cnn.heads.of["te"])) == (6_147, 6_147)


def test_lstm_on_2048_features_has_540928_parameters_and_heads_of_195():
    rnn = LstmGrader(2048)

    assert parameters(rnn) - parameters(rnn.heads.of["icm"]) - parameters(rnn.heads.of["te"]) == 540_928
    assert (parameters(rnn.heads.of["icm"]), parameters(rnn.heads.of["te"])) == (195, 195)


def test_width_scales_the_features():
    assert Xception(0.25).features == 512
    assert Xception(0.0625).eval()(torch.zeros(1, 3, 224, 224, dtype=torch.uint8)).shape == (1, 128)


def test_cropper_answers_in_the_size_of_the_picture():
    assert Cropper().eval()(torch.zeros(2, 3, 64, 64, dtype=torch.uint8)).shape == (2, 64, 64)


def test_networks_scale_uint8_themselves():
    frames = torch.randint(256, (1, 3, 224, 224), dtype=torch.uint8)
    xception = Xception(0.0625).eval()
    seen = []
    xception.conv1.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))

    xception(frames)

    assert torch.allclose(seen[0], frames.float() / 127.5 - 1)


def test_hard_sigmoid_is_keras_and_not_pytorchs():
    x = torch.tensor([-3.0, -2.5, 0.0, 1.0, 2.5, 3.0])

    assert torch.allclose(hard_sigmoid(x), torch.tensor([0, 0, 0.5, 0.7, 1, 1]))


def test_cell_agrees_with_a_numpy_reference():
    random = np.random.default_rng(1)
    steps, sequences, size, units = 7, 3, 5, 4
    x = random.normal(size=(steps, sequences, size)) * 2
    kernel, recurrent, bias = (random.normal(size=shape) for shape in ((4 * units, size), (4 * units, units), (4 * units,)))

    found = run_lstm(*(torch.from_numpy(array) for array in (x, kernel, recurrent, bias))).numpy()

    gate = lambda name, inputs, state: (  # noqa: E731
        inputs @ kernel["iofc".index(name) * units :][:units].T
        + state @ recurrent["iofc".index(name) * units :][:units].T
        + bias["iofc".index(name) * units :][:units]
    )
    hard = lambda values: np.clip(0.2 * values + 0.5, 0, 1)  # noqa: E731
    state = cell = np.zeros((sequences, units))
    for inputs in x:
        i, o, f, c = (gate(name, inputs, state) for name in "iofc")
        cell = hard(f) * cell + hard(i) * np.tanh(c)
        state = hard(o) * np.tanh(cell)
    assert np.allclose(found, state, atol=1e-12)


def test_padding_runs_through_the_cell():
    torch.manual_seed(1)
    rnn, features = LstmGrader(8).eval(), torch.randn(5, 8)

    short = run_lstm(features[:, None], rnn.kernel, rnn.recurrent, rnn.bias)
    whole = run_lstm(padded(features)[:, None], rnn.kernel, rnn.recurrent, rnn.bias)

    assert torch.equal(padded(features)[:5], features) and not padded(features)[5:].any()
    assert not torch.allclose(short, whole, atol=1e-3)


def test_evaluation_drops_nothing():
    rnn, features = LstmGrader(8).eval(), torch.randn(2, 30, 8)

    first, second = rnn(features), rnn(features)

    assert all(torch.equal(first[task], second[task]) for task in ("icm", "te"))


def test_training_drops_half_of_inputs_and_state():
    torch.manual_seed(1)
    rnn, features = LstmGrader(8).train(), torch.randn(2, 30, 8)

    assert not torch.equal(rnn(features)["icm"], rnn(features)["icm"])
    masks = rnn.masks(100, 64)
    assert set(masks.unique().tolist()) == {0.0, 2.0}
    assert masks.mean().item() == pytest.approx(1, abs=0.05)


def test_a_dropped_input_stays_dropped_over_the_whole_sequence():
    torch.manual_seed(1)
    rnn, x = LstmGrader(8).train(), torch.randn(30, 2, 8, requires_grad=True)
    masks = rnn.masks(2, 8)
    masks[:, 0, 3] = 0

    run_lstm(x, rnn.kernel, rnn.recurrent, rnn.bias, masks, rnn.masks(2, 64)).sum().backward()

    dropped = masks.sum(dim=0) == 0                             # [2, 8]: by all four gates
    assert not x.grad[:, dropped].any()
    assert x.grad[:, ~dropped].abs().sum(dim=0).min() > 0


def test_one_mask_per_sequence_serves_every_time_step(monkeypatch):
    rnn, drawn = LstmGrader(8).train(), []
    draw = rnn.masks
    monkeypatch.setattr(rnn, "masks", lambda sequences, size: drawn.append((sequences, size)) or draw(sequences, size))

    rnn(torch.randn(2, 30, 8))

    assert drawn == [(2, 8), (2, 64)]


def test_a_shortened_sequence_is_its_last_frames_and_zeros_after_them():
    torch.manual_seed(1)
    frames = torch.tensor([30, 7, 1] * 40)
    features = torch.stack([padded(torch.arange(1.0, count + 1)[:, None]) for count in frames.tolist()])

    found = shortened(features, frames, 1.0)[..., 0]

    kept = (found > 0).sum(dim=1)
    for sequence, count, whole in zip(found.tolist(), kept.tolist(), frames.tolist()):
        assert sequence == [*range(whole - count + 1, whole + 1), *[0] * (30 - count)]
    # Of T = 7 any length from 1 to 7 comes up, and nothing is ever left empty.
    assert set(kept[1::3].tolist()) == set(range(1, 8)) and set(kept[2::3].tolist()) == {1}


def test_a_share_of_the_sequences_is_shortened():
    torch.manual_seed(1)
    features, frames = torch.ones(4000, 30, 1), torch.full((4000,), 30)

    changed = (shortened(features, frames, 0.25) != features).any(dim=2).any(dim=1)

    # One in thirty draws keeps all thirty frames.
    assert changed.float().mean().item() == pytest.approx(0.25 * 29 / 30, abs=0.02)
    assert torch.equal(shortened(features, frames, 0.0), features)
