"""Bits per byte on held-out stories.

    python evaluate.py --run run                       the checkpoint
    python evaluate.py --run run --gguf model.gguf     the weights exactly as a file holds them

A story is scored from <s> to </s>, the end token included, over its UTF-8 bytes. Longer ones slide by half a context,
so that each token but the first ones is predicted from at least half a context.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import torch

from checkpoint import load_model
from corpus import SOURCES
from load_gguf import load_gguf
from model import Llama
from packing import BOS, split_stories

Window = tuple[np.ndarray, int]


def windows(story: np.ndarray, context: int) -> list[Window]:
    """(tokens, how many of the first targets are only context)."""
    found: list[Window] = [(story[: context + 1], 0)]
    scored = context + 1
    while scored < len(story):
        start = scored - context // 2 - 1
        tokens = story[start : start + context + 1]
        found.append((tokens, scored - start - 1))
        scored = start + len(tokens)
    return found


@torch.no_grad()
def nats(model: Llama, stories: list[np.ndarray], context: int, autocast: bool, batch: int = 16) -> float:
    """Total negative log-likelihood of all tokens after <s>."""
    todo = sorted((window for story in stories for window in windows(story, context)), key=lambda w: len(w[0]))
    device = model.embedding.weight.device
    total = 0.0
    for at in range(0, len(todo), batch):
        group = todo[at : at + batch]
        longest = max(len(tokens) for tokens, _ in group)
        tokens = torch.full((len(group), longest), BOS, dtype=torch.long)
        counted = torch.zeros((len(group), longest - 1), dtype=torch.bool)
        for row, (ids, skipped) in enumerate(group):
            tokens[row, : len(ids)] = torch.from_numpy(ids.astype(np.int64))
            counted[row, skipped : len(ids) - 1] = True
        tokens = tokens.to(device)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=autocast):
            logits = model(tokens[:, :-1])
        logprobs = logits.float().log_softmax(-1).gather(-1, tokens[:, 1:, None])[..., 0]
        total -= logprobs[counted.to(device)].sum().item()
    return total


def bits_per_byte(model: Llama, path: Path, context: int, autocast: bool = False, limit: int | None = None) -> float:
    """path: a `.npz` that prepare.py wrote; limit: only its first stories."""
    text_bytes = int(np.load(path)["bytes"][:limit].sum())
    return nats(model, split_stories(path)[:limit], context, autocast) / math.log(2) / text_bytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("run"))
    parser.add_argument("--gguf", type=Path, help="score this file instead of the checkpoint")
    arguments = parser.parse_args()
    model = load_gguf(arguments.gguf) if arguments.gguf else load_model(arguments.run)
    for source in SOURCES:
        figure = bits_per_byte(model, arguments.run / f"{source.name}.held_out.npz", model.config.context)
        print(f"{source.name:28} {figure:.4f}")


if __name__ == "__main__":
    main()
