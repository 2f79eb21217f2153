"""Scores of codes, and raw reads that a design has not seen."""

import math

import numpy as np
import pytest

from cosim.coding.scalar import design_scalar
from cosim.coding.score import Score, held_out, raw_matrix, score
from cosim.coding.sources import gaussian
from cosim.errors import InputError

INPUTS = np.array([0.7, 0.8, 0.9])
EDGES = np.array([-np.inf, 0.0, 1.0, np.inf])


def test_an_error_of_a_tenth_of_the_variance_is_ten_decibels():
    assert Score.of(0.4, gaussian(deviation=2.0)).snr == pytest.approx(10.0)
    assert Score.of(0.0, gaussian()).snr == math.inf


def test_the_score_is_the_expected_squared_error():
    matrix, source = np.array([[0.9, 0.1], [0.2, 0.8]]), gaussian(mean=1.0)
    masses, moments = source.cells(np.array([1.0]))
    decoded = np.array([0.5, 1.5])
    drawn = source.sample(400_000, rng=np.random.default_rng(0))
    read = np.random.default_rng(1).random(len(drawn)) < matrix[(drawn > 1.0).astype(int), 1]
    found = score(matrix, masses, moments, decoded, source)
    assert found.distortion == pytest.approx(np.mean((drawn - decoded[read.astype(int)]) ** 2), rel=0.01)


def test_raw_reads_are_counted():
    matrix = raw_matrix(INPUTS, EDGES, written=np.array([0.7, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9]), read=np.array([-5.0, 0.5, 2.0, 0.1, 0.2, -1.0, 7.0]))
    assert matrix == pytest.approx(np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.25, 0.5, 0.25]]))


def test_a_share_is_held_out():
    out = held_out(1000, share=0.4, rng=np.random.default_rng(0))
    assert out.sum() == 400
    assert 150 < out[:500].sum() < 250


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ([0.7, 0.8, 0.9, 0.95], "raw reads, written=0.95: must be one of the inputs"),
        ([0.7, 0.7, 0.9, 0.9], "raw reads, measurements of input=0.8: must be >= 1, there is 0"),
    ],
)
def test_reads_that_do_not_fit_the_inputs_are_refused(written, message):
    with pytest.raises(InputError) as caught:
        raw_matrix(INPUTS, EDGES, written=np.array(written), read=np.zeros(4))
    assert str(caught.value) == message


def test_a_share_of_everything_cannot_be_held_out():
    with pytest.raises(InputError, match=r"^held out, share=1: must be between 0 and 1$"):
        held_out(10, share=1.0, rng=np.random.default_rng(0))


def test_a_code_for_a_smooth_law_holds_on_reads_that_it_has_not_seen():
    from scipy.special import ndtr

    rng, inputs = np.random.default_rng(2), np.linspace(0.0, 1.0, 21)
    edges = np.concatenate([[-np.inf], np.linspace(-0.3, 1.3, 79), [np.inf]])
    written = np.repeat(inputs, 400)
    read = written + 0.1 * rng.standard_normal(len(written))
    code = design_scalar(np.diff(ndtr((edges - inputs[:, None]) / 0.1), axis=1), gaussian(), starts=4, rng=rng)
    seen = raw_matrix(inputs, edges, written=written, read=read)
    assert code.evaluate(seen, gaussian()).snr == pytest.approx(code.snr, abs=0.2)


@pytest.mark.data
def test_on_measured_phase_change_cells_the_code_holds_on_measurements_that_it_has_not_seen(data_file):
    from cosim.channels.kernel import kernels
    from cosim.channels.measured import zarcone

    data_file("pcm_zarcone", "pcm_20140605.npz")
    channel = zarcone()
    edges, reads = channel.edges(1000), [channel.law.of(level) for level in range(len(channel.inputs))]
    outs = [held_out(len(each), rng=np.random.default_rng([0, level])) for level, each in enumerate(reads)]
    law = kernels([each[~out] for each, out in zip(reads, outs, strict=True)], bandwidth=1.0)
    matrix = np.stack([law.masses(level, edges) for level in range(len(reads))])
    code = design_scalar(matrix / matrix.sum(axis=1, keepdims=True), gaussian(), rng=np.random.default_rng(1))
    written = np.concatenate([np.full(out.sum(), each) for out, each in zip(outs, channel.inputs, strict=True)])
    unseen = raw_matrix(channel.inputs, edges, written=written, read=np.concatenate([each[out] for each, out in zip(reads, outs, strict=True)]))
    assert code.snr >= 10.2
    assert code.evaluate(unseen, gaussian()).snr == pytest.approx(code.snr, abs=0.3)
