"""Training in several processes that a launcher such as torchrun starts; in one process every function does nothing.

Each process takes its share of every shuffled global batch, so that --batch means the same however many there are. The
first process validates, writes the run folder and prints. Batch norm: each process normalises by its own share, and the
first one's running statistics are kept; with many processes a larger --batch gives each a share worth normalising by.
"""

import functools
import os
from datetime import timedelta
from typing import Callable, TypeVar

import torch
from torch import Tensor, nn

Result = TypeVar("Result")

# The others wait while the first validates: as long as an epoch may take.
PATIENCE = timedelta(hours=12)


def process_count() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    return int(os.environ.get("RANK", "0"))


def is_first_process() -> bool:
    return rank() == 0


def join_processes(device: str) -> str:
    """Meets the others where WORLD_SIZE promises any, and returns this process's own device."""
    if process_count() == 1:
        return device
    if device == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        device = f"cuda:{torch.cuda.current_device()}"
    backend = "nccl" if device.startswith("cuda") else "gloo"
    torch.distributed.init_process_group(backend, timeout=PATIENCE)
    messages()
    return device


@functools.lru_cache(maxsize=None)
def messages() -> "torch.distributed.ProcessGroup":
    """The group for what is no gradient: on the CPU, where waiting long and sending bytes is no trouble."""
    return torch.distributed.new_group(backend="gloo", timeout=PATIENCE)


def leave_processes() -> None:
    if process_count() > 1:
        torch.distributed.destroy_process_group()
        messages.cache_clear()


def replicated(model: nn.Module) -> nn.Module:
    """The model with gradients averaged over the processes, as long as what is returned here lives.

    Call it to train, and the model itself for all else.
    """
    if process_count() == 1:
        return model
    on = next(model.parameters()).device
    return nn.parallel.DistributedDataParallel(model, device_ids=[on] if on.type == "cuda" else None)


def share_of(batch: Tensor) -> Tensor:
    """This process's examples of a global batch, [n] -> about [n / processes]."""
    return batch[rank() :: process_count()]


def share_weight(share: Tensor, batch: Tensor) -> float:
    """What a share's mean loss is multiplied by, so that gradients average to the global batch's with uneven shares too."""
    return len(share) * process_count() / len(batch)


def summed(value: float) -> float:
    """The sum over all processes."""
    if process_count() == 1:
        return value
    total = torch.tensor(value, dtype=torch.float64)
    torch.distributed.all_reduce(total, group=messages())
    return total.item()


def by_first_process(work: "Callable[[], Result]") -> Result:
    """What `work` answers in the first process, for all of them."""
    if process_count() == 1:
        return work()
    answer = [work() if is_first_process() else None]
    torch.distributed.broadcast_object_list(answer, src=0, group=messages())
    return answer[0]


def split_over_host(work: "Callable[[int, int], None]") -> None:
    """Calls work(part, parts) in each of this host's processes, and goes on when all are done."""
    if process_count() == 1:
        return work(0, 1)
    work(int(os.environ.get("LOCAL_RANK", "0")), int(os.environ.get("LOCAL_WORLD_SIZE", process_count())))
    torch.distributed.barrier(group=messages())


def seed_epoch(seed: int, epoch: int) -> torch.Generator:
    """Seeds what each process draws by itself (dropout, augmentation), and returns what all draw alike (batch order).

    All randomness of an epoch follows from its number: a resumed run needs no generator's state.
    """
    base = (seed * 1_000_003 + epoch) * 1_009
    torch.manual_seed(base + 1 + rank())
    return torch.Generator().manual_seed(base)
