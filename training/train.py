"""Trains the model for a given time: warm-up, stable, decay (WSD).

    torchrun --standalone --nproc-per-node 2 -- train.py --run run --minutes 100

A run that was interrupted goes on from its last checkpoint when the same command is given again. Since the learning
rate is a function of the share of the time that has passed, a smaller --minutes brings the decay forward.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

import checkpoint
import parallel
from corpus import SOURCES
from evaluate import bits_per_byte
from loss import head_cross_entropy
from model import Config, Llama
from muon import Muon
from packing import batches

WARM_UP_STEPS = 100
MUON_RATE = 0.02
ADAM_RATE = 0.003
WEIGHT_DECAY = 0.1
LOG_EVERY_STEPS = 20
CHECKPOINT_EVERY_SECONDS = 600
# Held-out stories that are scored at each checkpoint: enough for a trend.
STORIES_PER_CHECKPOINT = 40


def schedule(step: int, progress: float, decay_share: float) -> float:
    """What the learning rates are multiplied with; progress: the share of the time that has passed."""
    return min((step + 1) / WARM_UP_STEPS, 1.0, max(0.0, (1 - progress) / decay_share))


def optimisers(model: Llama) -> tuple[Muon, torch.optim.AdamW]:
    matrices = [weight for weight in model.blocks.parameters() if weight.ndim == 2]
    vectors = [weight for weight in model.parameters() if weight.ndim == 1]
    adam = torch.optim.AdamW([model.embedding.weight, *vectors], lr=ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.0)
    return Muon(matrices, lr=MUON_RATE, weight_decay=WEIGHT_DECAY), adam


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("run"))
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--decay-share", type=float, default=0.5, help="the last part, in which the rate falls to 0")
    parser.add_argument("--late-share", type=float, default=0.25, help="the last part: late mixture and full context")
    parser.add_argument("--batch-tokens", type=int, default=8192)
    parser.add_argument("--early-context", type=int, default=256, help="shorter rows are faster")
    parser.add_argument("--threads", type=int, default=1, help="of each process")
    arguments = parser.parse_args()

    parallel.start()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = Llama(Config()).to(device)
    optimiser_pair = optimisers(model)
    step, seconds_before = 0, 0.0
    if (arguments.run / checkpoint.NAME).exists():
        saved = checkpoint.load(arguments.run)
        model.load_state_dict(saved["model"])
        for optimiser, state in zip(optimiser_pair, saved["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        step, seconds_before = saved["step"], saved["seconds"]
    first = parallel.RANK == 0
    if first:
        print(f"{sum(weight.numel() for weight in model.parameters()):,} parameters, from step {step}", flush=True)

    hidden = torch.compile(model.hidden, dynamic=False)
    started = saved_at = time.monotonic()
    source: Iterator[tuple[Tensor, Tensor]] | None = None
    late = False
    context = arguments.early_context
    losses: list[float] = []
    logged_at = started
    while True:
        now = time.monotonic()
        seconds = parallel.same_for_all(seconds_before + now - started)
        progress = seconds / (60 * arguments.minutes)
        finished = progress >= 1
        if first and (finished or now - saved_at > CHECKPOINT_EVERY_SECONDS):
            states = [optimiser.state_dict() for optimiser in optimiser_pair]
            checkpoint.save(arguments.run, model, {"optimisers": states, "step": step, "seconds": seconds})
            held_out = arguments.run / "tinystories_train.held_out.npz"
            figure = bits_per_byte(model, held_out, context, autocast=True, limit=STORIES_PER_CHECKPOINT)
            print(f"step {step} held-out bits per byte {figure:.4f}", flush=True)
            saved_at = time.monotonic()
        if finished:
            break

        if source is None or late != (progress >= 1 - arguments.late_share):
            late = progress >= 1 - arguments.late_share
            weights = {s.name: s.weight_late if late else s.weight_early for s in SOURCES}
            context = model.config.context if late else arguments.early_context
            source = batches(arguments.run, weights, context, arguments.batch_tokens, seed=step)
        inputs, targets = (rows[parallel.RANK :: parallel.WORLD].to(device) for rows in next(source))

        with torch.autocast(device, dtype=torch.bfloat16):
            state = hidden(inputs)
        loss = head_cross_entropy(state, model.embedding.weight, targets)
        loss.backward()
        parallel.average_gradients(list(model.parameters()))
        factor = schedule(step, progress, arguments.decay_share)
        for optimiser in optimiser_pair:
            for group in optimiser.param_groups:
                group["lr"] = factor * (MUON_RATE if isinstance(optimiser, Muon) else ADAM_RATE)
            optimiser.step()
            optimiser.zero_grad()
        losses.append(loss.item())
        step += 1
        if first and step % LOG_EVERY_STEPS == 0:
            now = time.monotonic()
            rate = LOG_EVERY_STEPS * arguments.batch_tokens / (now - logged_at)
            print(
                f"step {step} loss {sum(losses) / len(losses):.4f} rate {factor:.3f} "
                f"{progress:.1%} of the time, {rate:,.0f} tokens/s",
                flush=True,
            )
            losses.clear()
            logged_at = now


if __name__ == "__main__":
    main()
