"""Trains the vocabulary: sentencepiece BPE with byte fallback, in the style of llama.

python vocabulary.py --corpus ../shared/corpus --out run
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import sentencepiece

from corpus import SOURCES, is_held_out, stories

VOCABULARY_SIZE = 4096
# Lines of each source are taken this often: the pieces should fit the stories first, and know the words of older books.
REPEATS = {
    "tinystories_train": 3,
    "storybooks_ccby_en": 2,
    "gutenberg_simple_children": 1,
    "gutenberg_fairy_classics": 0,
}


def training_lines(corpus: Path) -> Iterator[str]:
    for source in SOURCES:
        for _ in range(REPEATS[source.name]):
            for story in stories(corpus / source.filename):
                if not is_held_out(story):
                    yield from (line for line in story.splitlines() if line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--out", type=Path, default=Path("run"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=training_lines(arguments.corpus),
        model_prefix=str(arguments.out / "vocabulary"),
        model_type="bpe",
        vocab_size=VOCABULARY_SIZE,
        character_coverage=1.0,
        byte_fallback=True,
        split_digits=True,
        # Text is kept as it was typed: no Unicode normalisation, no folding of spaces.
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=True,
        allow_whitespace_only_pieces=True,
        max_sentence_length=1 << 16,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        num_threads=2,
    )


if __name__ == "__main__":
    main()
