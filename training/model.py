"""The llama architecture in PyTorch, with the input embedding tied to the output head.

Rotary pairs are interleaved, (x0, x1), (x2, x3), …, as llama.cpp expects of a GGUF with architecture "llama", so that
the query and key matrices are written as they are, with no permutation.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Config:
    vocabulary_size: int = 4096
    width: int = 256
    layers: int = 6
    heads: int = 8
    feed_forward: int = 768
    context: int = 512
    rope_theta: float = 10000.0
    norm_epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        return self.width // self.heads


class RmsNorm(nn.Module):
    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        x = x.float()
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.epsilon) * self.weight


def rope_table(config: Config) -> tuple[Tensor, Tensor]:
    """Cosines and sines, each [context, head_width / 2]."""
    pair = torch.arange(0, config.head_width, 2).float() / config.head_width
    angle = torch.outer(torch.arange(config.context).float(), config.rope_theta**-pair)
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """x: [batch, heads, tokens, head_width]."""
    even, odd = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2).to(x.dtype)


def causal_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """All [batch, heads, tokens, head_width].

    Written out, because on a CPU the backward pass of PyTorch's fused attention takes twice as long at this size.
    """
    tokens, head_width = query.shape[-2:]
    hidden_future = torch.full((tokens, tokens), float("-inf"), dtype=query.dtype, device=query.device).triu(1)
    scores = (query * head_width**-0.5) @ key.mT + hidden_future
    return scores.softmax(-1).to(value.dtype) @ value


class Attention(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads = config.heads
        self.query = nn.Linear(config.width, config.width, bias=False)
        self.key = nn.Linear(config.width, config.width, bias=False)
        self.value = nn.Linear(config.width, config.width, bias=False)
        self.output = nn.Linear(config.width, config.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        query, key, value = (
            projection(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for projection in (self.query, self.key, self.value)
        )
        mixed = causal_attention(rotate(query, cos, sin), rotate(key, cos, sin), value)
        return self.output(mixed.transpose(1, 2).flatten(-2))


class FeedForward(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.gate = nn.Linear(config.width, config.feed_forward, bias=False)
        self.up = nn.Linear(config.width, config.feed_forward, bias=False)
        self.down = nn.Linear(config.feed_forward, config.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(functional.silu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.attention_norm = RmsNorm(config.width, config.norm_epsilon)
        self.attention = Attention(config)
        self.feed_forward_norm = RmsNorm(config.width, config.norm_epsilon)
        self.feed_forward = FeedForward(config)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cos, sin)
        return x + self.feed_forward(self.feed_forward_norm(x))


class Llama(nn.Module):
    cos: Tensor
    sin: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary_size, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.output_norm = RmsNorm(config.width, config.norm_epsilon)
        cos, sin = rope_table(config)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self.initialise()

    def initialise(self) -> None:
        nn.init.normal_(self.embedding.weight, std=0.02)
        for name, weight in self.blocks.named_parameters():
            if weight.ndim == 2:
                # What writes into the residual stream starts at zero, so that each block begins as the identity.
                writes = name.endswith(("attention.output.weight", "feed_forward.down.weight"))
                nn.init.normal_(weight, std=0.0 if writes else weight.shape[1] ** -0.5 / 2)

    def hidden(self, tokens: Tensor) -> Tensor:
        """tokens: [batch, tokens]; returns what the output head reads: [batch, tokens, width]."""
        x = self.embedding(tokens)
        cos, sin = self.cos[: tokens.shape[1]], self.sin[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.output_norm(x)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens: [batch, tokens]; returns logits: [batch, tokens, vocabulary]."""
        return functional.linear(self.hidden(tokens), self.embedding.weight)
