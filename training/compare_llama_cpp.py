"""Holds a GGUF file of ours against llama.cpp: the vocabulary, and the distributions of our own forward pass.

npm --prefix ../tests/reference install
python compare_llama_cpp.py --run run --gguf model.gguf
"""

import argparse
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
import torch

from load_gguf import load_gguf
from model import Llama
from packing import split_stories

RANDOM_TEXTS = 300
STORIES = 6
TOKENS_PER_STORY = 200
# Not among them: U+2581, which sentencepiece itself uses for the space and which thus decodes as one.
HARD_TEXTS = [
    "Once upon a time",
    "The robot looked at the sea and",
    " leading space",
    "two  spaces   three\t\ttabs\n\n\nlines\r\n",
    "trailing space ",
    " ",
    "\n",
    "1234567890 3.14159 -7",
    "naïve café Ångström ﬁ ½",
    "漢字かな交じり 한국어 עברית العربية ไทย",
    "🤖👩‍👩‍👧‍👦🏳️‍🌈 e\u0301 \u200b\u200d\ufeff",
    "\x00\x01\x02\x1b[0m\x7f",
    "<s></s><unk><0x41>",
]


def random_text(generator: random.Random) -> str:
    """Characters of one to four UTF-8 bytes, surrogates left out."""
    ranges = [(0x00, 0x7F), (0x80, 0x7FF), (0x800, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x10FFFF)]
    return "".join(chr(generator.randint(*generator.choice(ranges))) for _ in range(generator.randint(1, 30)))


def llama_cpp(gguf: Path, request: dict[str, Any]) -> dict[str, Any]:
    script = Path(__file__).with_name("llama_cpp.mjs")
    answer = subprocess.run(
        ["node", str(script), str(gguf)], input=json.dumps(request), stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(answer.stdout)


def compare_vocabulary(
    vocabulary: sentencepiece.SentencePieceProcessor, texts: list[str], answer: dict[str, Any]
) -> None:
    same = lossless = 0
    for text, tokens, detokenised in zip(texts, answer["tokens"], answer["detokenised"], strict=True):
        ours = vocabulary.encode(text)
        same += ours == tokens
        lossless += vocabulary.decode(ours) == text and detokenised == text
        if ours != tokens or vocabulary.decode(ours) != text or detokenised != text:
            print("differs:", repr(text), ours[:12], tokens[:12], repr(vocabulary.decode(ours)), repr(detokenised))
    print(f"texts {len(texts)}, same tokens as sentencepiece {same}, round trip {lossless}")


@torch.no_grad()
def compare_distributions(model: Llama, sequences: list[list[int]], answer: dict[str, Any]) -> None:
    divergences: list[float] = []
    same_top = 0
    for tokens, probabilities in zip(sequences, answer["probabilities"], strict=True):
        theirs = np.maximum(np.array(probabilities), 1e-30)
        ours = model(torch.tensor([tokens]))[0].double().log_softmax(-1).numpy()
        divergences += (theirs * (np.log(theirs) - ours)).sum(-1).tolist()
        same_top += int((theirs.argmax(-1) == ours.argmax(-1)).sum())
    count = len(divergences)
    print(f"positions {count}, KL mean {np.mean(divergences):.2e}, worst {max(divergences):.2e}, same top {same_top}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("run"))
    parser.add_argument("--gguf", type=Path, required=True)
    arguments = parser.parse_args()
    vocabulary = sentencepiece.SentencePieceProcessor(model_file=str(arguments.run / "vocabulary.model"))
    held_out = split_stories(arguments.run / "tinystories_train.held_out.npz")
    sequences = [story[:TOKENS_PER_STORY].tolist() for story in held_out[:STORIES]]
    generator = random.Random(1)
    texts = [*HARD_TEXTS, *(random_text(generator) for _ in range(RANDOM_TEXTS))]
    texts += [vocabulary.decode(story.tolist()) for story in held_out[:100]]
    answer = llama_cpp(arguments.gguf, {"texts": texts, "sequences": sequences})
    compare_vocabulary(vocabulary, texts, answer)
    compare_distributions(load_gguf(arguments.gguf), sequences, answer)


if __name__ == "__main__":
    main()
