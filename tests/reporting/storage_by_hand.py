"""Results of the storage study, put together by hand: a small Gaussian channel, short trainings, and no measurements."""

from functools import cache

import numpy as np

from cosim.channels.channel import Axis, Discretized, discretize
from cosim.channels.gaussian import GaussianChannel
from cosim.coding.capacity import capacity
from cosim.coding.coarse import design_coarse
from cosim.coding.gaussians import Training, design_gaussians
from cosim.coding.information import mutual_information
from cosim.coding.scalar import design_scalar
from cosim.coding.sources import gaussian
from cosim.design import Design
from cosim.studies.zarcone2020.pcm.study import DeviceMoments, PcmResult, Unseen
from cosim.studies.zarcone2020.storing import Bound, CoarseCode, Code, Equal, States, Stored

INPUTS = np.linspace(0.7, 1.7, 21)
MEANS = 0.8 * np.sin(1.5 * (INPUTS - 0.7)) ** 2
DEVIATIONS = np.where(INPUTS < 0.74, 0.008, 0.03 + 0.06 * (INPUTS - 0.7))
GRID = np.linspace(-4.0, 4.0, 801)
WRITES, READS = (2, 4, 16), (2, 4, 8)
BANDWIDTHS = (0.5, 1.0, 1.06, 2.0)
OPTA_A_BIT = 6.0206  # dB


def channel_by_hand() -> Discretized:
    """Exact at the lowest input, ever broader above."""
    written = Axis(name="word-line voltage", unit="V", least=0.7, most=1.7)
    read = Axis(name="log10 of resistance at reset over resistance", unit="1", least=-0.2, most=1.2)
    return discretize(GaussianChannel(name="by hand", written=written, read=read, inputs=INPUTS, means=MEANS, deviations=DEVIATIONS), bins=150)


def bound_of(matrix: Discretized) -> Bound:
    """Its capacity."""
    found = capacity(matrix.matrix)
    return Bound(bits=found.bits, upper=found.upper, inputs=matrix.inputs, distribution=found.distribution)


def scalar_by_hand(matrix: Discretized) -> Code:
    """A scalar code from two starts."""
    made = design_scalar(matrix.matrix, gaussian(), rng=np.random.default_rng(1), starts=2)
    return Code(
        samples=GRID,
        written=matrix.inputs[made.encode(GRID)],
        centers=matrix.centers,
        decoded=made.reconstruction,
        distribution=made.distribution,
        snr=made.snr,
        best_decoder_snr=made.snr,
        information=made.information,
    )


def coarse_by_hand(matrix: Discretized) -> CoarseCode:
    """A code of 16 write levels and read intervals from two starts."""
    made = design_coarse(matrix.matrix, gaussian(), writes=16, reads=16, rng=np.random.default_rng(1), starts=2)
    arrays = {"thresholds": made.thresholds, "written": matrix.inputs[made.levels], "edges": matrix.edges[made.edges], "decoded": made.reconstruction}
    return CoarseCode(snr=made.snr, writes=16, reads=16, **arrays)


def smooth_by_hand(matrix: Discretized, steps: int) -> Code:
    """Sums of Gaussians after a few steps of their training."""
    made = design_gaussians(matrix.matrix, gaussian(), inputs=matrix.inputs, outputs=matrix.centers, training=Training(kernels=20, steps=steps))
    return Code(
        samples=GRID,
        written=made.encode(GRID),
        centers=matrix.centers,
        decoded=made.decode(matrix.centers),
        distribution=made.distribution,
        snr=made.snr,
        best_decoder_snr=made.best_decoder_snr,
        information=mutual_information(matrix.matrix, made.distribution),
    )


@cache
def stored_by_hand() -> Stored:
    """What is stored in that channel; the recalled samples are the stored ones with errors of 0.3 and 0.4."""
    matrix = channel_by_hand()
    found = bound_of(matrix)
    rng = np.random.default_rng(2)
    samples = rng.standard_normal(2000)
    counts = (4, 8, 13)
    return Stored(
        matrix=matrix,
        capacity=found,
        fine=found,
        states=States(writes=WRITES, reads=READS, bits=np.array([[min(np.log2(min(writes, reads)), found.bits) for reads in READS] for writes in WRITES])),
        equal=Equal(counts=counts, bits=found.bits * np.array([0.9, 0.98, 0.97]), support=0.92 * found.bits),
        opta=OPTA_A_BIT * found.bits,
        scalar=scalar_by_hand(matrix),
        coarse=coarse_by_hand(matrix),
        smooth={"exact": smooth_by_hand(matrix, 150), "surrogate": smooth_by_hand(matrix, 60)},
        samples=samples,
        recalled=samples + 0.3 * rng.standard_normal(2000),
        recalled_smooth=samples + 0.4 * rng.standard_normal(2000),
    )


def study_by_hand() -> PcmResult:
    """The study on two devices that differ in their reset."""
    stored = stored_by_hand()
    moments = tuple(DeviceMoments(voltage=INPUTS, mean=reset - MEANS, deviation=DEVIATIONS, below_reset=MEANS) for reset in (5.0, 5.5))
    best, wider = stored.capacity.bits, -0.2 * np.log2(np.array(BANDWIDTHS))
    device = Bound(bits=best + 0.5, upper=best + 0.5, inputs=INPUTS, distribution=stored.capacity.distribution)
    raw = Bound(bits=best - 0.5, upper=best - 0.5, inputs=INPUTS, distribution=stored.capacity.distribution)
    return PcmResult(
        design=Design(name="small"),
        stored=stored,
        raw=raw,
        devices=(device, device),
        moments=moments,
        bandwidths=np.array(BANDWIDTHS),
        widened={"normalized": best + wider, "raw": best - 0.5 + wider, "device": best + 0.5 + wider},
        unseen=Unseen(expected=10.25, scored=10.5),
        left_out=np.array([9.4, 8.1, 9.2, 10.6, 11.5, 9.1, 10.9]),
        left_out_expected=np.array([10.4, 10.7, 10.4, 10.2, 10.1, 10.4, 10.1]),
        blocks=(),
    )
