"""Images to train on and to test with, and their splits.

Reduced MNIST of Lim 2025 is UCI optdigits (Alpaydin & Kaynak 1998): 5,620 digits, 8x8 pixels, 0..16. scikit-learn brings 1,797 of them, its test part.
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.datasets import Part, load
from cosim.errors import DataError, reject


@dataclass(frozen=True, eq=False)
class Examples:
    """Images with their labels, as a network takes them.

    Attributes:
        name: of the set.
        pixels: ``(images, inputs)``, 0..1.
        labels: ``(images,)``, 0, 1, ...
    """

    name: str
    pixels: Array
    labels: Array

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2 or self.labels.shape != self.pixels.shape[:1]:
            raise DataError(f"{self.name}: {self.pixels.shape} pixels and {self.labels.shape} labels: must be (images, inputs) and (images,)")
        if not self.pixels.size or not np.all((self.pixels >= 0) & (self.pixels <= 1)):
            raise DataError(f"{self.name}: pixels must be numbers within 0..1")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def classes(self) -> int:
        """Number of labels."""
        return int(self.labels.max()) + 1

    def pick(self, index: Array) -> "Examples":
        """Some of the images."""
        return Examples(self.name, self.pixels[index], self.labels[index])

    def followed_by(self, others: "Examples") -> "Examples":
        """These images, then others of the same size."""
        return Examples(self.name, np.concatenate([self.pixels, others.pixels]), np.concatenate([self.labels, others.labels]))

    def stratified(self, count: int) -> Array:
        """Numbers ``(count,)`` of images, the classes as equal in number as can be: the first ones of each class, in the order of the set."""
        if not 1 <= count <= len(self):
            raise reject(DataError, self.name, "images", count, f"within 1..{len(self)}")
        rank = np.empty(len(self), dtype=int)
        for label in np.unique(self.labels):
            where = np.flatnonzero(self.labels == label)
            rank[where] = np.arange(len(where))
        return np.sort(np.lexsort((np.arange(len(self)), self.labels, rank))[:count])


def examples(name: str, *, part: Part = "all") -> Examples:
    """A set by its name: what ``cosim data list`` shows; "digits" comes with scikit-learn.

    Raises:
        DataError: no such set, or it has not been fetched.
    """
    found = load(name, part=part)
    return Examples(name, found.scaled().reshape(len(found), -1), found.labels.astype(np.int64))


def digits() -> Examples:
    """The 1,797 digits that come with scikit-learn."""
    return examples("digits")


def optdigits() -> Examples:
    """All 5,620 digits, from the data folder."""
    return examples("optdigits")


def split(images: Examples, *, seed: int, share: float = 0.8) -> tuple[Examples, Examples]:
    """A part to train on and the rest to test with, each digit in the same share in both.

    Args:
        images: all of them.
        seed: of the draw; an equal seed gives an equal split.
        share: of the images to train on, 0..1.
    """
    from sklearn.model_selection import train_test_split

    if not 0 < share < 1:
        raise reject(DataError, "split", "share", float(share), "> 0 and < 1")
    train, test = train_test_split(np.arange(len(images)), train_size=share, random_state=seed, stratify=images.labels)
    return images.pick(train), images.pick(test)
