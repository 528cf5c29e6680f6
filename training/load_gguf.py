"""A model with the weights exactly as a GGUF file that export.py wrote holds them."""

from pathlib import Path

import torch

from export import tensor_names
from gguf_file import read
from model import Config, Llama


def load_gguf(path: Path) -> Llama:
    metadata, tensors = read(path)
    config = Config(
        vocabulary_size=metadata["llama.vocab_size"],
        width=metadata["llama.embedding_length"],
        layers=metadata["llama.block_count"],
        heads=metadata["llama.attention.head_count"],
        feed_forward=metadata["llama.feed_forward_length"],
        context=metadata["llama.context_length"],
        rope_theta=metadata["llama.rope.freq_base"],
        norm_epsilon=metadata["llama.attention.layer_norm_rms_epsilon"],
    )
    model = Llama(config)
    names = tensor_names(config.layers)
    model.load_state_dict({names[name]: torch.from_numpy(tensor.dequantised().copy()) for name, tensor in tensors.items()})
    return model.eval()
