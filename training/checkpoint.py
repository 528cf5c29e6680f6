"""Reading and writing `checkpoint.pt` of a run."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from model import Config, Llama

NAME = "checkpoint.pt"


def save(run: Path, model: Llama, state: dict[str, Any]) -> None:
    """A run that is killed while it writes keeps the checkpoint before."""
    partial = run / f"{NAME}.partial"
    torch.save({"config": asdict(model.config), "model": model.state_dict(), **state}, partial)
    partial.replace(run / NAME)


def load(run: Path) -> dict[str, Any]:
    return torch.load(run / NAME, map_location="cpu")


def load_model(run: Path) -> Llama:
    saved = load(run)
    model = Llama(Config(**saved["config"]))
    model.load_state_dict(saved["model"])
    return model.eval()
