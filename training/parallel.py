"""Data parallel over single-threaded processes, started by torchrun; one process without it.

On a machine that others use too, two processes that meet once a step lose far less than two threads that meet a thousand
times a step: whenever one of those is held up, the other spins.
"""

import os

import torch
import torch.distributed as dist
from torch import Tensor

RANK = int(os.environ.get("RANK", "0"))
WORLD = int(os.environ.get("WORLD_SIZE", "1"))


def start() -> None:
    if WORLD > 1:
        dist.init_process_group("gloo")


def same_for_all(value: float) -> float:
    """The value of the first process: the clock decides the schedule, and all must decide alike."""
    if WORLD == 1:
        return value
    shared = torch.tensor([value], dtype=torch.float64)
    dist.broadcast(shared, 0)
    return shared.item()


def average_gradients(params: list[Tensor]) -> None:
    if WORLD == 1:
        return
    gradients = [param.grad for param in params if param.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= WORLD
    for gradient, part in zip(gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))
