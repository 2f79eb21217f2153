"""Images and their splits."""

import numpy as np
import pytest

from cosim.errors import DataError
from cosim.snn.data import Examples, digits, optdigits, split


def test_the_digits_of_scikit_learn_have_pixels_of_0_to_1():
    images = digits()
    assert (len(images), images.pixels.shape, images.classes) == (1797, (1797, 64), 10)
    assert (images.pixels.min(), images.pixels.max()) == (0.0, 1.0)


def test_a_split_keeps_the_share_of_each_digit_and_no_image_twice():
    images = Examples("numbered", np.linspace(0, 1, 1000)[:, None], np.arange(1000) % 10)
    train, test = split(images, seed=1)
    assert (len(train), len(test)) == (800, 200)
    assert np.bincount(test.labels).tolist() == [20] * 10
    assert np.array_equal(np.sort(np.concatenate([train.pixels, test.pixels]), axis=0), images.pixels)


def test_a_split_depends_on_its_seed_alone():
    images = digits()
    first, again, other = (split(images, seed=each)[0].pixels for each in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.data
def test_optdigits_is_all_of_it_and_ends_with_the_digits_of_scikit_learn(data_file):
    data_file("optdigits", "optdigits.tra")
    images = optdigits()
    assert len(images) == 5620
    assert np.array_equal(images.pixels[3823:], digits().pixels)
    assert [len(each) for each in split(images, seed=0)] == [4496, 1124]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Examples("mine", np.zeros((3, 4)), np.zeros(2)), "mine: (3, 4) pixels and (2,) labels: must be (images, inputs) and (images,)"),
        (lambda: Examples("mine", np.full((3, 4), 16.0), np.zeros(3)), "mine: pixels must be numbers within 0..1"),
        (lambda: split(digits(), seed=0, share=1.0), "split, share=1: must be > 0 and < 1"),
    ],
)
def test_what_is_no_set_of_images_is_named(call, message):
    with pytest.raises(DataError) as caught:
        call()
    assert str(caught.value) == message
