"""A network without training for the tests of commands: the mean image of each digit, all columns of equal length."""

import numpy as np

from cosim.snn.data import digits, split
from cosim.snn.encoding import LatencyCard
from cosim.snn.network import Layer, TrainedNetwork


def templates() -> TrainedNetwork:
    """64 inputs, 10 outputs, 90 % of the test images of `digits`."""
    train, _ = split(digits(), seed=1)
    means = np.stack([train.pixels[train.labels == each].mean(axis=0) for each in range(10)], axis=1)
    columns = means / np.linalg.norm(means, axis=0)
    return TrainedNetwork(layers=(Layer(plus=columns / columns.max()),), encoding=LatencyCard(), dt=1e-3)
