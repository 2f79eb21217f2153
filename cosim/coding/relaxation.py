"""Noise relaxation: the channel with blurred reads, on which the search for a code has fewer bad ends."""

from cosim._types import Array


def blurred(matrix: Array, width: float) -> Array:
    """``(inputs, bins)`` a channel with Gaussian noise on the index of its reads.

    Args:
        matrix: ``(inputs, bins)``; what would be read beyond the outer bins is read there.
        width: deviation of the noise, as a part of all bins.
    """
    from scipy.ndimage import gaussian_filter1d

    wide = gaussian_filter1d(matrix, width * matrix.shape[1], axis=1, mode="nearest")
    return wide / wide.sum(axis=1, keepdims=True)
