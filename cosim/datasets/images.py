"""Sets of labeled images for networks: scikit-learn's digits, which are always there, and those that ``cosim data get`` fetches."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cosim.datasets.kept import find
from cosim.datasets.sources import SOURCES, source
from cosim.errors import AbsentError, InputError

Part = Literal["all", "train", "test"]
EMBEDDED = "digits"
PARTS = ("all", "train", "test")


@dataclass(frozen=True, kw_only=True, eq=False)
class Images:
    """Labeled images.

    Attributes:
        images: ``(images, rows, columns)`` uint8, 0..`top`.
        labels: ``(images,)`` uint8.
        top: largest value that a pixel can have.
        source: who made them, and where this copy came from.
        license: as far as it is known.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    top: int
    source: str
    license: str

    def __len__(self) -> int:
        return len(self.labels)

    def scaled(self) -> NDArray[np.float64]:
        """The images as 0..1."""
        return self.images / np.float64(self.top)


def load(name: str = EMBEDDED, *, part: Part = "all") -> Images:
    """A set of images, from the disk; nothing is fetched.

    Args:
        name: ``digits`` (1,797 images, embedded: the test part of optdigits), ``optdigits``, ``mnist`` or ``fashion``.
        part: images for training, for the test, or both one after the other; `digits` has no parts.

    Raises:
        InputError: no such set, or no such part.
        AbsentError: the set was not fetched.
        DataError: it is damaged.
    """
    if part not in PARTS:
        raise InputError(f"data set {name}, part={part}: must be one of {', '.join(PARTS)}")
    if name == EMBEDDED:
        return _embedded(part)
    if name not in SOURCES:
        raise InputError(f"data set {name}: must be one of {', '.join((EMBEDDED, *SOURCES))}")
    origin = source(name)
    kept = find(origin)
    if kept is None:
        raise AbsentError(f"data set {name}: not on this machine; `cosim data get {name}`")
    chosen = ("train", "test") if part == "all" else (part,)
    images, labels = (_joined([kept.arrays[f"{each}_{kind}"] for each in chosen]) for kind in ("images", "labels"))
    return Images(name=name, images=images, labels=labels, top=origin.top, source=f"{origin.origin}; {kept.path}", license=origin.license)


def available(name: str) -> bool:
    """Whether a set can be loaded now.

    Raises:
        InputError: no such set.
        DataError: it is there, but damaged.
    """
    return name == EMBEDDED or find(source(name)) is not None


def _embedded(part: Part) -> Images:
    if part != "all":
        raise InputError(f"data set {EMBEDDED}, part={part}: must be all; optdigits has both parts")
    from sklearn.datasets import load_digits

    digits = load_digits()
    return Images(
        name=EMBEDDED,
        images=digits.images.astype(np.uint8),
        labels=digits.target.astype(np.uint8),
        top=16,
        source="E. Alpaydin, C. Kaynak 1998, the test part of optdigits, as shipped with scikit-learn",
        license="that of optdigits; scikit-learn, which ships them, is BSD-3-Clause",
    )


def _joined(parts: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
