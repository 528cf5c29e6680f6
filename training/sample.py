"""Writes samples of a GGUF file, to be read through before it ships.

    python sample.py --gguf model.gguf --run run --prompt "Once upon a time" --count 200 --temperature 0.8

Plain sampling at one temperature: nothing is cut off, so what can go wrong shows.
"""

import argparse
from pathlib import Path

import sentencepiece
import torch
from torch import Tensor

from load_gguf import load_gguf
from model import Llama


@torch.no_grad()
def sample(model: Llama, prompt: list[int], count: int, temperature: float, end: int, seed: int) -> list[list[int]]:
    """The token ids of `count` continuations, prompt included, each up to its end token or the context."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.tensor(prompt).repeat(count, 1)
    ended = torch.zeros(count, dtype=torch.bool)
    while tokens.shape[1] < model.config.context and not ended.all():
        logits = next_logits(model, tokens, ended)
        drawn = torch.multinomial((logits.float() / temperature).softmax(-1), 1, generator=generator)[:, 0]
        drawn[ended] = end
        tokens = torch.cat([tokens, drawn[:, None]], 1)
        ended |= drawn == end
    return tokens.tolist()


def next_logits(model: Llama, tokens: Tensor, ended: Tensor) -> Tensor:
    """No KV cache: the whole sequence each time, but only for those that go on."""
    logits = torch.zeros(len(tokens), model.config.vocabulary_size)
    hidden = model.hidden(tokens[~ended])[:, -1]
    logits[~ended] = hidden @ model.embedding.weight.T
    return logits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gguf", type=Path, required=True)
    parser.add_argument("--run", type=Path, default=Path("run"))
    parser.add_argument("--prompt", default="Once upon a time")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--temperature", type=float, default=0.8)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    vocabulary = sentencepiece.SentencePieceProcessor(model_file=str(arguments.run / "vocabulary.model"))
    prompt = vocabulary.encode(arguments.prompt, add_bos=True)
    model = load_gguf(arguments.gguf)
    end = vocabulary.eos_id()
    for i, ids in enumerate(sample(model, prompt, arguments.count, arguments.temperature, end, arguments.seed)):
        story = ids[: ids.index(end)] if end in ids else ids
        print(f"--- {i} ({len(story)} tokens, {'ended' if end in ids else 'cut at the context'})")
        print(vocabulary.decode(story))


if __name__ == "__main__":
    main()
