"""Cross entropy fused with the output head, a few hundred tokens at a time.

The logits of a whole batch (8,192 tokens by 4,096 pieces) would be 134 MB and pass through main memory several times; a
chunk stays in the cache. The gradient is formed in the forward pass, where the probabilities are at hand.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

CHUNK = 256
IGNORED = -100


class HeadCrossEntropy(Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, head: Tensor, targets: Tensor) -> Tensor:
        """hidden: [tokens, width]; head: [vocabulary, width]; targets: [tokens]; returns the mean loss in nats."""
        hidden_low, head_low = hidden.bfloat16(), head.bfloat16()
        counted = targets != IGNORED
        count = counted.sum()
        hidden_gradient = torch.empty_like(hidden_low)
        head_gradient = torch.zeros_like(head)
        loss = hidden.new_zeros(())
        for start in range(0, hidden.shape[0], CHUNK):
            rows = slice(start, start + CHUNK)
            target = targets[rows].clamp(min=0)[:, None]
            weight = counted[rows, None] / count
            logits = (hidden_low[rows] @ head_low.T).float()
            log_probability = torch.log_softmax(logits, -1)
            loss -= (log_probability.gather(1, target) * weight).sum()
            gradient = log_probability.exp_().mul_(weight).scatter_add_(1, target, -weight).bfloat16()
            hidden_gradient[rows] = gradient @ head_low
            head_gradient += gradient.T @ hidden_low[rows]
        ctx.save_for_backward(hidden_gradient.to(hidden.dtype), head_gradient)
        return loss

    @staticmethod
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor, Tensor, None]:
        hidden_gradient, head_gradient = ctx.saved_tensors
        return hidden_gradient * scale, head_gradient * scale, None


def head_cross_entropy(hidden: Tensor, head: Tensor, targets: Tensor) -> Tensor:
    with torch.autocast(hidden.device.type, enabled=False):
        return HeadCrossEntropy.apply(hidden.float().flatten(0, -2), head, targets.flatten())
