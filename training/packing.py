"""Packs stories into rows of equal length, whole wherever they fit.

A story that starts a row starts at position 0 with <s>, just as a prompt does later, and nearly every story is seen to
its end. Rows are filled up with <s>, and a target of <s> is not counted.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from corpus import SOURCES
from loss import IGNORED

BOS = 1


def split_stories(path: Path) -> list[np.ndarray]:
    arrays = np.load(path)
    return np.split(arrays["tokens"], np.cumsum(arrays["lengths"])[:-1])


def pack(stories: list[np.ndarray], row_length: int) -> np.ndarray:
    """Best fit, longest first: returns [rows, row_length]."""
    pieces = [story[at : at + row_length] for story in stories for at in range(0, len(story), row_length)]
    pieces.sort(key=len, reverse=True)
    rows: list[list[np.ndarray]] = []
    with_space: list[list[int]] = [[] for _ in range(row_length + 1)]
    for piece in pieces:
        space = next((space for space in range(len(piece), row_length) if with_space[space]), row_length)
        if space == row_length:
            rows.append([])
            row = len(rows) - 1
        else:
            row = with_space[space].pop()
        rows[row].append(piece)
        with_space[space - len(piece)].append(row)
    packed = np.full((len(rows), row_length), BOS, dtype=np.int64)
    for packed_row, content in zip(packed, rows, strict=True):
        tokens = np.concatenate(content)
        packed_row[: len(tokens)] = tokens
    return packed


def batches(
    folder: Path, weights: dict[str, float], context: int, batch_tokens: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless (inputs, targets), both [batch, context]; each pass over the mixture draws and packs anew."""
    generator = np.random.default_rng(seed)
    stories = {source.name: split_stories(folder / f"{source.name}.train.npz") for source in SOURCES}
    while True:
        chosen: list[np.ndarray] = []
        for name, weight in weights.items():
            order = generator.permutation(len(stories[name]))
            chosen += [stories[name][i] for i in order[: round(weight * len(order))]]
        generator.shuffle(chosen)
        rows = torch.from_numpy(generator.permutation(pack(chosen, context + 1)))
        for batch in rows.split(batch_tokens // context)[:-1]:
            targets = batch[:, 1:]
            yield batch[:, :-1], targets.where(targets != BOS, IGNORED)
