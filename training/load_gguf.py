"""A model with the weights exactly as a GGUF file that export.py wrote holds them."""

from pathlib import Path

import torch

from export import tensor_names
from gguf_file import Value, read
from model import Config, Llama


def integer(value: Value) -> int:
    assert isinstance(value, int)
    return value


def real(value: Value) -> float:
    assert isinstance(value, float)
    return value


def load_gguf(path: Path) -> Llama:
    metadata, tensors = read(path)
    config = Config(
        vocabulary_size=integer(metadata["llama.vocab_size"]),
        width=integer(metadata["llama.embedding_length"]),
        layers=integer(metadata["llama.block_count"]),
        heads=integer(metadata["llama.attention.head_count"]),
        feed_forward=integer(metadata["llama.feed_forward_length"]),
        context=integer(metadata["llama.context_length"]),
        rope_theta=real(metadata["llama.rope.freq_base"]),
        norm_epsilon=real(metadata["llama.attention.layer_norm_rms_epsilon"]),
    )
    model = Llama(config)
    names = tensor_names(config.layers)
    model.load_state_dict(
        {names[name]: torch.from_numpy(tensor.dequantised().copy()) for name, tensor in tensors.items()}
    )
    return model.eval()
