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
    # How often a story of this source is seen in one pass over the mixture: while the learning rate is stable, and
    # while it decays. The decay is nearly all stories, because what is seen last stays.
    weight_stable: float
    weight_decay: float

    @property
    def filename(self) -> str:
        return f"{self.name}.txt"


SOURCES = (
    Source("tinystories_train", "CDLA-Sharing-1.0", weight_stable=1.0, weight_decay=1.0),
    Source("storybooks_ccby_en", "CC BY", weight_stable=1.0, weight_decay=1.0),
    Source("gutenberg_simple_children", "public domain (US)", weight_stable=0.4, weight_decay=0.08),
    Source("gutenberg_fairy_classics", "public domain (US)", weight_stable=0.15, weight_decay=0.0),
)


def stories(path: Path) -> Iterator[str]:
    for story in path.read_text(encoding="utf-8").split(SEPARATOR):
        if text := story.strip():
            yield text


def is_held_out(story: str) -> bool:
    digest = hashlib.sha256(story.encode("utf-8")).digest()
    return int.from_bytes(digest[:8], "big") % HELD_OUT_ONE_IN == 0
