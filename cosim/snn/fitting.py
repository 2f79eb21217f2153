"""The loop of every training: epochs of Adam, the same under the same seed, told of, interruptible and resumable.

Order of the images and noise of an epoch are drawn from (seed, epoch), so a checkpoint needs the parameters and Adam's moments only, and a resumed training
ends bit for bit where an uninterrupted one does.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import cos, pi
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from cosim._types import Array
from cosim.errors import Cancelled, DataError
from cosim.snn.data import Examples
from cosim.snn.plan import TrainingPlan
from cosim.snn.storage import read_tensors, write_tensors

Progress = Callable[[int, int], None]


class Trainable(Protocol):
    """What the loop trains."""

    @property
    def parameters(self) -> Sequence[torch.nn.Parameter]:
        """What Adam moves."""

    def prepare(self, pixels: Array) -> None:
        """Take the images ``(images, inputs)`` of the coming epoch."""

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """``(images, classes)`` of the images with these indices."""

    def confine(self) -> None:
        """Move the parameters back to what they may be."""


@contextmanager
def deterministic() -> Iterator[None]:
    """One thread and deterministic algorithms in torch, and what was set before afterwards."""
    threads, was = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(was)


def noisy(images: Examples, plan: TrainingPlan, epoch: int) -> Array:
    """Pixels of an epoch ``(images, inputs)``: those that are not black with noise, moved to the nearest gray level that the images have."""
    if plan.pixel_noise == 0:
        return images.pixels
    rng = np.random.default_rng([plan.seed, epoch, 1])
    grays = np.unique(images.pixels)
    moved = images.pixels + plan.pixel_noise * rng.standard_normal(images.pixels.shape)
    above = np.clip(np.searchsorted(grays, moved), 1, len(grays) - 1) if len(grays) > 1 else np.zeros(moved.shape, dtype=int)
    nearest = np.where(moved - grays[above - 1] < grays[above] - moved, grays[above - 1], grays[above])
    return np.where(images.pixels > 0, nearest, 0.0)


def fit(model: Trainable, images: Examples, plan: TrainingPlan, *, what: str, progress: Progress | None = None, checkpoint: Path | None = None) -> None:
    """Train a model in place.

    Args:
        model: to be trained.
        images: to train on.
        plan: epochs, batch, rate, noise and seed.
        what: network and readout; a checkpoint of something else is refused.
        progress: called with the number of epochs done and to do.
        checkpoint: file that every epoch is kept in; a training that finds it goes on from there.

    Raises:
        Cancelled: Ctrl-C; the checkpoint holds the last whole epoch.
        DataError: the checkpoint belongs to another training, or is damaged.
    """
    identity = _identity(images, plan, what)
    done = 0
    try:
        optimizer = torch.optim.Adam(list(model.parameters), lr=plan.rate)  # imports much of torch the first time
        if checkpoint is not None and checkpoint.exists():
            done = _resume(checkpoint, model, optimizer, identity)
        with deterministic():
            for epoch in range(done, plan.epochs):
                _epoch(model, optimizer, images, plan, epoch)
                done = epoch + 1
                if checkpoint is not None:
                    _keep(checkpoint, model, optimizer, identity, done)
                if progress is not None:
                    progress(done, plan.epochs)
    except KeyboardInterrupt:
        kept = f"{checkpoint} holds it, the same call goes on from there" if checkpoint is not None and checkpoint.exists() else "nothing is kept"
        raise Cancelled(f"training: interrupted after epoch {done} of {plan.epochs}; {kept}") from None


def _epoch(model: Trainable, optimizer: torch.optim.Adam, images: Examples, plan: TrainingPlan, epoch: int) -> None:
    """All images once; the rate falls along a cosine."""
    for group in optimizer.param_groups:
        group["lr"] = plan.rate * 0.5 * (1 + cos(pi * epoch / plan.epochs))
    model.prepare(noisy(images, plan, epoch))
    labels = torch.as_tensor(images.labels)
    order = torch.as_tensor(np.random.default_rng([plan.seed, epoch, 0]).permutation(len(images)))
    for start in range(0, len(images), plan.batch):
        batch = order[start : start + plan.batch]
        optimizer.zero_grad()
        torch.autograd.backward(torch.nn.functional.cross_entropy(model.logits(batch), labels[batch]))
        optimizer.step()
        with torch.no_grad():
            model.confine()


def _identity(images: Examples, plan: TrainingPlan, what: str) -> dict[str, Any]:
    """What a checkpoint must agree in."""
    digest = hashlib.sha256(np.ascontiguousarray(images.pixels).tobytes() + np.ascontiguousarray(images.labels).tobytes()).hexdigest()
    return {"what": what, "images": digest, **plan.described}


def _keep(path: Path, model: Trainable, optimizer: torch.optim.Adam, identity: dict[str, Any], done: int) -> None:
    arrays: dict[str, Array] = {}
    for index, each in enumerate(model.parameters):
        state = optimizer.state[each]
        arrays |= {f"{index}.{name}": state[name].numpy() for name in ("step", "exp_avg", "exp_avg_sq") if name in state}
        arrays[f"{index}.value"] = each.detach().numpy()
    write_tensors(path, arrays, {"checkpoint": identity, "done": done})


def _resume(path: Path, model: Trainable, optimizer: torch.optim.Adam, identity: dict[str, Any]) -> int:
    """Put a checkpoint into the model and the optimizer; the number of epochs done."""
    arrays, described = read_tensors(path)
    found = described.get("checkpoint")
    if not isinstance(found, dict):
        raise DataError(f"{path}: not a checkpoint of a training")
    other = [name for name in identity if found.get(name) != identity[name]]
    if other:
        raise DataError(f"{path}, {other[0]}={found.get(other[0])}: must be {identity[other[0]]}; it belongs to another training, name another file")
    for index, each in enumerate(model.parameters):
        with torch.no_grad():
            each.copy_(torch.from_numpy(arrays[f"{index}.value"].copy()))
        names = [name for name in ("step", "exp_avg", "exp_avg_sq") if f"{index}.{name}" in arrays]
        optimizer.state[each] = {name: torch.from_numpy(arrays[f"{index}.{name}"].copy()) for name in names}
    return int(described["done"])
