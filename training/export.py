"""Writes the checkpoint of a run as GGUF.

    python export.py --run run --format Q8_0 --out ../static/models/logitscope-stories-6m-q8_0.gguf

Formats: F32; Q8_0; Q4_K, in which the embedding, being the output head too, stays Q8_0. Norms are F32 in all of them.
"""

import argparse
from pathlib import Path

import sentencepiece

import checkpoint
from gguf_file import Tensor, Value, quantised, write
from model import Config, Llama

FILE_TYPES = {"F32": 0, "Q8_0": 7, "Q4_K": 14}
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6

LAYER_NAMES = {
    "attention_norm": "attn_norm",
    "attention.query": "attn_q",
    "attention.key": "attn_k",
    "attention.value": "attn_v",
    "attention.output": "attn_output",
    "feed_forward_norm": "ffn_norm",
    "feed_forward.gate": "ffn_gate",
    "feed_forward.up": "ffn_up",
    "feed_forward.down": "ffn_down",
}


def tensor_names(layers: int) -> dict[str, str]:
    """From the names of GGUF to those of model.py."""
    names = {"token_embd.weight": "embedding.weight"}
    for layer in range(layers):
        for ours, theirs in LAYER_NAMES.items():
            names[f"blk.{layer}.{theirs}.weight"] = f"blocks.{layer}.{ours}.weight"
    return names | {"output_norm.weight": "output_norm.weight"}


def tensors(model: Llama, format_name: str) -> dict[str, Tensor]:
    weights = model.state_dict()
    written: dict[str, Tensor] = {}
    for name, ours in tensor_names(model.config.layers).items():
        if weights[ours].ndim == 1:
            tensor_format = "F32"
        elif name == "token_embd.weight" and format_name == "Q4_K":
            tensor_format = "Q8_0"
        else:
            tensor_format = format_name
        written[name] = quantised(weights[ours].float().numpy(), tensor_format)
    return written


def general_metadata(format_name: str) -> dict[str, Value]:
    return {
        "general.architecture": "llama",
        "general.type": "model",
        "general.name": "Logitscope Stories 6M",
        "general.basename": "logitscope-stories",
        "general.size_label": "6M",
        "general.author": "The Logitscope authors",
        "general.license": "cc-by-4.0",
        "general.description": (
            "A small teller of children's stories, trained from scratch for the Logitscope playground on a part of "
            "TinyStories (Eldan & Li 2023), CC BY picture books (credits beside the model) and public-domain books."
        ),
        "general.languages": ["en"],
        "general.tags": ["text-generation"],
        "general.quantization_version": 2,
        "general.file_type": FILE_TYPES[format_name],
    }


def architecture_metadata(config: Config) -> dict[str, Value]:
    return {
        "llama.context_length": config.context,
        "llama.embedding_length": config.width,
        "llama.block_count": config.layers,
        "llama.feed_forward_length": config.feed_forward,
        "llama.attention.head_count": config.heads,
        "llama.attention.head_count_kv": config.heads,
        "llama.attention.layer_norm_rms_epsilon": config.norm_epsilon,
        "llama.rope.dimension_count": config.head_width,
        "llama.rope.freq_base": config.rope_theta,
        "llama.vocab_size": config.vocabulary_size,
    }


def piece_type(vocabulary: sentencepiece.SentencePieceProcessor, token: int) -> int:
    if vocabulary.is_byte(token):
        return BYTE
    if vocabulary.is_control(token):
        return CONTROL
    return UNKNOWN if vocabulary.is_unknown(token) else NORMAL


def tokenizer_metadata(vocabulary: sentencepiece.SentencePieceProcessor) -> dict[str, Value]:
    tokens = range(vocabulary.vocab_size())
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": [vocabulary.id_to_piece(token) for token in tokens],
        "tokenizer.ggml.scores": [vocabulary.get_score(token) for token in tokens],
        "tokenizer.ggml.token_type": [piece_type(vocabulary, token) for token in tokens],
        "tokenizer.ggml.bos_token_id": vocabulary.bos_id(),
        "tokenizer.ggml.eos_token_id": vocabulary.eos_id(),
        "tokenizer.ggml.unknown_token_id": vocabulary.unk_id(),
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.add_eos_token": False,
        "tokenizer.ggml.add_space_prefix": True,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("run"))
    parser.add_argument("--format", choices=FILE_TYPES, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    model = checkpoint.load_model(arguments.run)
    vocabulary = sentencepiece.SentencePieceProcessor(model_file=str(arguments.run / "vocabulary.model"))
    metadata = general_metadata(arguments.format) | architecture_metadata(model.config) | tokenizer_metadata(vocabulary)
    write(arguments.out, metadata, tensors(model, arguments.format))
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
