"""Turns the corpus into token ids, and records which files were used.

    python prepare.py --corpus ../shared/corpus --out run

Writes for each source `<name>.train.npz` and `<name>.held_out.npz` (tokens: all stories end to end, each from <s> to
</s>; lengths: tokens of each story; bytes: UTF-8 bytes of each story), and `data.json` with sizes and hashes.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import sentencepiece

from corpus import HELD_OUT_ONE_IN, SOURCES, is_held_out, stories


def encode(texts: list[str], vocabulary: sentencepiece.SentencePieceProcessor) -> dict[str, np.ndarray]:
    encoded = vocabulary.encode(texts, add_bos=True, add_eos=True)
    return {
        "tokens": np.concatenate([np.array(ids, dtype=np.uint16) for ids in encoded]),
        "lengths": np.array([len(ids) for ids in encoded], dtype=np.int32),
        "bytes": np.array([len(text.encode("utf-8")) for text in texts], dtype=np.int32),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--out", type=Path, default=Path("run"))
    arguments = parser.parse_args()

    vocabulary_path = arguments.out / "vocabulary.model"
    vocabulary = sentencepiece.SentencePieceProcessor(model_file=str(vocabulary_path))
    record: dict[str, object] = {
        "held_out": f"first 8 bytes of the story's SHA-256, big-endian, divisible by {HELD_OUT_ONE_IN}",
        "vocabulary_sha256": hashlib.sha256(vocabulary_path.read_bytes()).hexdigest(),
    }
    files = []
    for source in SOURCES:
        path = arguments.corpus / source.filename
        entry: dict[str, object] = {
            "file": source.filename,
            "licence": source.licence,
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "weight_early": source.weight_early,
            "weight_late": source.weight_late,
        }
        for split, held_out in (("train", False), ("held_out", True)):
            texts = [text for text in stories(path) if is_held_out(text) == held_out]
            arrays = encode(texts, vocabulary)
            np.savez(arguments.out / f"{source.name}.{split}.npz", **arrays)  # type: ignore[arg-type]
            entry[split] = {
                "stories": len(texts),
                "bytes": int(arrays["bytes"].sum()),
                "tokens": int(arrays["lengths"].sum()),
            }
        files.append(entry)
    record["files"] = files
    text = json.dumps(record, indent=2) + "\n"
    (arguments.out / "data.json").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
