"""ONNX Runtime by way of Node, since Python has none here."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from dataset import npz_bytes

HOUSE = Path(__file__).resolve().parents[3]
NODE = HOUSE / "node_modules" / ".bin" / "node"
needs_node = pytest.mark.skipif(not NODE.exists(), reason="ONNX Runtime is Node's here: npm install brings it")


def run_in_onnx_runtime(network: Path, arrays: dict, outputs: "list[str]") -> "dict[str, np.ndarray]":
    """[N, ...] of each output, flattened to [N, -1]."""
    examples = next(iter(arrays.values()))
    given = network.with_suffix(".npz")
    given.write_bytes(npz_bytes(arrays))
    command = [NODE, "tests/golden/run-onnx.fixture.ts", network, given, *outputs]
    done = subprocess.run(command, cwd=HOUSE, env={**os.environ, "NODE_NO_WARNINGS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {name: np.array(values, np.float32).reshape(len(examples), -1) for name, values in json.loads(done.stdout).items()}
