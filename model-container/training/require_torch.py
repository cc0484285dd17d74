"""Imported first by every script: says in one sentence what to install when PyTorch is missing."""

import sys

try:
    import numpy  # noqa: F401
    import torch  # noqa: F401
except ImportError as missing:
    sys.exit(
        f"Training needs PyTorch and NumPy, and Python cannot import {missing.name}: on Debian run "
        "'apt-get install python3-torch libopenblas0-pthread' and use /usr/bin/python3; elsewhere 'pip install torch numpy'."
    )
