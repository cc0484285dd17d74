"""The frozen CNN's features of clips, extracted once and kept beside the run."""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dataset import Embryos, clip_file, frames_checksum, npz_bytes, read_clip_frames
from distributed import split_over_host
from lstm import padded
from run_folder import make_folder, write_atomically
from xception import CnnGrader


@torch.no_grad()
def clip_features(cnn: CnnGrader, frames: Tensor, batch: int = 10) -> Tensor:
    """frames: uint8 [T, 3, 224, 224] -> [T, F]. Padding never goes through the CNN."""
    device = next(cnn.parameters()).device
    # Twice as fast as channels first on two cores.
    frames = frames.contiguous(memory_format=torch.channels_last)
    return torch.cat([cnn.xception(some.to(device)).cpu() for some in frames.split(batch)])


def sequences(dataset: Path, embryos: Embryos, cnn: CnnGrader, cache: Path) -> "tuple[Tensor, Tensor]":
    """Features of each embryo's clip from the cache, extracted where they do not lie there.

    Returns features [N, 30, F], zeros after the last frame, and how many frames each has, [N].
    """
    make_folder(cache)
    clips = [clip_file(dataset, embryo_id) for embryo_id in embryos.embryo_id]
    cached = [cache / f"{clip.stem}-{frames_checksum(clip)}.npz" for clip in clips]

    def extract(part: int, parts: int) -> None:
        # Shared out before looking what is there: the other processes' files appear meanwhile.
        mine = list(zip(clips, cached))[part::parts]
        started, missing = time.monotonic(), [(clip, kept) for clip, kept in mine if not kept.exists()]
        for done, (clip, kept) in enumerate(missing, start=1):
            features = clip_features(cnn, read_clip_frames(clip))
            write_atomically(kept, npz_bytes({"features": features.numpy()}))
            if done % 20 == 0:
                each = (time.monotonic() - started) / done
                print(f"features of {done} clips, {each:.2f} s each", file=sys.stderr, flush=True)

    split_over_host(extract)
    rows = []
    for kept in cached:
        with np.load(kept) as arrays:
            rows.append(torch.from_numpy(arrays["features"]))
    return torch.stack([padded(row) for row in rows]), torch.tensor([len(row) for row in rows])
