"""The text: which files, how each is weighted, and which stories are held out.

A story is held out by a hash of its own text, so the split needs no list, survives a reordering of the files, and puts
exact duplicates on the same side.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SEPARATOR = "<|endoftext|>"
HELD_OUT_ONE_IN = 50


@dataclass(frozen=True)
class Source:
    name: str
    licence: str
    # The share of its stories that one pass over the mixture draws, early and late in the training: what is seen last
    # stays, so that is nearly all stories in the words of small children.
    weight_early: float
    weight_late: float

    @property
    def filename(self) -> str:
        return f"{self.name}.txt"


SOURCES = (
    Source("tinystories_train", "CDLA-Sharing-1.0", weight_early=1.0, weight_late=1.0),
    Source("storybooks_ccby_en", "CC BY", weight_early=1.0, weight_late=1.0),
    Source("gutenberg_simple_children", "public domain (US)", weight_early=0.1, weight_late=0.05),
    Source("gutenberg_fairy_classics", "public domain (US)", weight_early=0.03, weight_late=0.0),
)


def stories(path: Path) -> Iterator[str]:
    for story in path.read_text(encoding="utf-8").split(SEPARATOR):
        if text := story.strip():
            yield text


def is_held_out(story: str) -> bool:
    digest = hashlib.sha256(story.encode("utf-8")).digest()
    return int.from_bytes(digest[:8], "big") % HELD_OUT_ONE_IN == 0
