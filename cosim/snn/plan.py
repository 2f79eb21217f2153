"""How to train: everything that decides where a training ends, beside the images."""

from dataclasses import asdict, dataclass
from typing import Any

from cosim.errors import DataError, reject
from cosim.params import check_params, param


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """Epochs of Adam on the softmax cross-entropy, the rate falling along a cosine.

    Noise on the pixels that are not black keeps one layer of latency-coded neurons from learning the gray levels by heart. Its default was picked on images
    held out of the training part of optdigits, never on test images: ``benchmarks/training.py`` repeats that.
    """

    epochs: int = param("passes over the images", "1", default=40, least=1, most=100_000)
    batch: int = param("images of one step", "1", default=64, least=1, most=1_000_000)
    rate: float = param("first learning rate", "1", default=5e-3, above=0.0, most=1.0)
    pixel_noise: float = param("standard deviation of the noise on gray pixels", "1", default=0.1, least=0.0, most=1.0)
    seed: int = param("of first weights, order of the images and noise", "1", default=0, least=0, most=2**31 - 1)

    def __post_init__(self) -> None:
        check_params(self, where="training")
        for name in ("epochs", "batch", "seed"):
            if not isinstance(getattr(self, name), int):
                raise reject(DataError, "training", name, getattr(self, name), "a whole number")

    @property
    def described(self) -> dict[str, Any]:
        """Name and value of everything."""
        return asdict(self)
