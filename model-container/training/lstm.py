"""The RNN: one LSTM of 64 units on CNN features, and two heads (Kragh et al. 2019, section 2.3 and Table 2)."""

from typing import Optional, Sequence

import torch
from torch import Tensor, nn

from heads import TASKS, GradeHeads

SEQUENCE_FRAMES = 30


def hard_sigmoid(x: Tensor) -> Tensor:
    """Keras's: clip(0.2 x + 0.5, 0, 1). (PyTorch's own has a slope of 1/6.)"""
    return (0.2 * x + 0.5).clamp(0, 1)


def gate_products(x: Tensor, kernel: Tensor, masks: Optional[Tensor]) -> Tensor:
    """x: [..., N, F]; kernel: [4U, F]; masks: [4, N, F], one per gate, or none -> [..., N, 4U]."""
    if masks is None:
        return x @ kernel.t()
    return torch.cat([(x * mask) @ gate.t() for mask, gate in zip(masks, kernel.chunk(4))], dim=-1)


def run_lstm(
    x: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor,
    input_masks: Optional[Tensor] = None, recurrent_masks: Optional[Tensor] = None,
) -> Tensor:
    """x: [T, N, F]; gates in ONNX's order, input, output, forget, cell -> the last state [N, U]."""
    projected = gate_products(x, kernel, input_masks) + bias                    # [T, N, 4U]
    state = x.new_zeros(x.shape[1], recurrent.shape[1])                         # [N, U]
    cell = state
    for step in projected.unbind(0):
        i, o, f, c = (step + gate_products(state, recurrent, recurrent_masks)).chunk(4, dim=-1)
        cell = hard_sigmoid(f) * cell + hard_sigmoid(i) * torch.tanh(c)
        state = hard_sigmoid(o) * torch.tanh(cell)
    return state


class LstmAsOneNode(torch.autograd.Function):
    """`run_lstm` that the ONNX exporter writes as one LSTM node. Its parts would be 30 times a dozen nodes."""

    @staticmethod
    def forward(ctx, x, kernel, recurrent, bias):
        return run_lstm(x, kernel[0], recurrent[0], bias[0, : kernel.shape[1]]).unsqueeze(0)

    @staticmethod
    def symbolic(g, x, kernel, recurrent, bias):
        _, last_state, _ = g.op(
            "LSTM", x, kernel, recurrent, bias, hidden_size_i=64, outputs=3,
            activations_s=["HardSigmoid", "Tanh", "Tanh"], activation_alpha_f=[0.2], activation_beta_f=[0.5],
        )
        return last_state


class LstmGrader(nn.Module):
    """The grades of a sequence: an LSTM with one bias vector (540,928 parameters on 2048 features), heads 2 x 195.

    In training half of the inputs and half of the recurrent state are dropped by masks drawn once per sequence and
    gate and held over time, as Keras does.
    """

    UNITS = 64

    def __init__(
        self, features: int, tasks: Sequence[str] = TASKS["both"], loss: str = "ordinal", *, dropout: float = 0.5
    ):
        super().__init__()
        self.features = features
        self.dropout = dropout
        self.kernel = nn.Parameter(torch.empty(4 * self.UNITS, features))
        self.recurrent = nn.Parameter(torch.empty(4 * self.UNITS, self.UNITS))
        self.bias = nn.Parameter(torch.zeros(4 * self.UNITS))
        self.heads = GradeHeads(self.UNITS, tasks, loss)
        # Keras's starting point: Glorot inputs, orthogonal recurrence, forget gates open.
        nn.init.xavier_uniform_(self.kernel)
        nn.init.orthogonal_(self.recurrent)
        nn.init.ones_(self.bias.data[2 * self.UNITS : 3 * self.UNITS])

    def masks(self, sequences: int, size: int) -> Tensor:
        """[4, N, size]: 0 with probability `dropout`, else 1 / (1 - dropout)."""
        keep = torch.full((4, sequences, size), 1 - self.dropout, device=self.kernel.device)
        return torch.bernoulli(keep) / (1 - self.dropout)

    def forward(self, features: Tensor) -> "dict[str, Tensor]":
        """features: [N, 30, F], chronological, zeros after the last frame -> each task's outputs before any softmax."""
        x = features.transpose(0, 1)                                            # [30, N, F]
        if torch.onnx.is_in_onnx_export():
            bias = torch.cat([self.bias, torch.zeros_like(self.bias)])          # ONNX has a second, recurrent bias
            state = LstmAsOneNode.apply(x, self.kernel[None], self.recurrent[None], bias[None]).squeeze(0)
        elif self.training and self.dropout > 0:
            masks = self.masks(len(features), self.features), self.masks(len(features), self.UNITS)
            state = run_lstm(x, self.kernel, self.recurrent, self.bias, *masks)
        else:
            state = run_lstm(x, self.kernel, self.recurrent, self.bias)
        return self.heads(state)


def padded(features: Tensor) -> Tensor:
    """[T, F] with T <= 30 -> [30, F]: zero vectors at the end, which run through the cell unmasked (section 2.3)."""
    return torch.nn.functional.pad(features, (0, 0, 0, SEQUENCE_FRAMES - len(features)))


def shortened(features: Tensor, frames: Tensor, probability: float) -> Tensor:
    """Each sequence, with a probability, as if its capture had begun later: its last k frames, k uniform from 1 to T.

    Not in the paper. Its unmasked padding makes short sequences a world of their own, which training has to have seen.

    features: [N, 30, F], zeros after the last frame; frames: [N], T of each.
    """
    uniform = (torch.rand(len(frames)) * frames).long() + 1
    kept = torch.where(torch.rand(len(frames)) < probability, uniform, frames)  # [N]
    step = torch.arange(SEQUENCE_FRAMES)
    source = (step + (frames - kept)[:, None]).clamp(max=SEQUENCE_FRAMES - 1)   # [N, 30]
    moved = features[torch.arange(len(features))[:, None], source]
    return moved * (step < kept[:, None])[..., None]
