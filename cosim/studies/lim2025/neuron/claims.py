"""Claims of the neuron study.

The biases of ``linear``, ``two_pole``, ``robust`` and ``board`` are fitted to the text's four spikes, so that errors on these are
calibrations; the caption's spikes, corners, draws, weights and chains were not fitted to. The offset of ``two_pole`` was chosen
with both errors of its synaptic current in sight.
"""

from collections.abc import Callable, Iterable

import numpy as np

from cosim.claims import Claim, Kind, Requirement, at_least, at_most, between, within
from cosim.codesign.neuron.spread import Moved
from cosim.studies.lim2025.neuron.study import ALIKE, BOARD, BUILT, NeuronResult

PAPER = "Lim 2025, section 3.4"
PREFIX = "lim2025.neuron.study"
COLD_TO_WARM = 70.0  # [degC] up to which the time constants hold more tightly
Value = Callable[[NeuronResult], float | None]  # None where the design does not look


def _claim(
    name: str, kind: Kind, statement: str, must_be: Requirement, value: Value, *, unit: str = "%", paper: float | str | None = None, source: str = "ours"
) -> Claim:
    return Claim(id=f"{PREFIX}.{name}", kind=kind, source=source, statement=statement, paper=paper, unit=unit, must_be=must_be, value=value)


def _continuous(variant: str, train: str, which: int) -> Callable[[NeuronResult], float]:
    """Error of the current (0) or of the membrane (1) against the continuous model [%]."""
    return lambda result: 100.0 * result.waves[variant, train].continuous_errors()[which]


def _discrete(train: str, which: int, what: int) -> Value:
    """Error [%] (0) or lag [ms] (1) of ``linear`` against the 1 ms model."""
    factor = (100.0, 1e3)[what]
    return lambda result: factor * result.waves["linear", train].discrete_errors()[which][what]


def _nonlinearity(variant: str) -> Value:
    """Largest deviation of the peak from proportional to the conductance, over the full weight [%]."""
    return lambda result: 100.0 * float(np.max(np.abs(result.linearity[variant] / result.linearity[variant][-1] - result.ideal)))


def _largest(moved: Iterable[Moved], measure: str) -> float | None:
    """Largest magnitude of a relative change [%]; None when there is none to look at."""
    found = [abs(each.change(measure)) for each in moved]
    return 100.0 * max(found) if found else None


def _temperature(moved: Moved) -> float | None:
    """Of a row at the nominal supply [degC]."""
    return float(moved.what.split(" degC")[0]) if moved.what.endswith("supply +0 %") else None


def _over_temperature(result: NeuronResult, measure: str, *, warm: bool) -> float | None:
    rows = [(each, _temperature(each)) for each in result.corners[BUILT]]
    return _largest([each for each, at in rows if at is not None and (at <= COLD_TO_WARM) != warm], measure)


def _both_taus(*, warm: bool) -> Value:
    def both(result: NeuronResult) -> float | None:
        found = [_over_temperature(result, measure, warm=warm) for measure in ("fall", "leak")]
        return max((each for each in found if each is not None), default=None)

    return both


def _at_supply(result: NeuronResult, variant: str, words: str, measure: str) -> float | None:
    row = next((each for each in result.corners[variant] if each.what == f"27 degC, supply {words} %"), None)
    return None if row is None else 100.0 * row.change(measure)


def _at_temperature(result: NeuronResult, variant: str, temperature: float) -> float | None:
    return next((1e3 * each.response.leak for each in result.corners[variant] if _temperature(each) == temperature), None)


def _supply_change(result: NeuronResult) -> float | None:
    rows = [each for each in result.corners[BUILT] if each.what.startswith("27 degC") and not each.what.endswith("+0 %")]
    return _largest(rows, "swing")


WAVES = (
    _claim(
        "linear_membrane",
        "calibration",
        "linear, text spikes: membrane against the 1 ms model, one scale and a lag of its own",
        at_most(2.4),
        _discrete("text", 1, 0),
        paper=2.1,
        source=PAPER,
    ),
    _claim(
        "linear_lag",
        "calibration",
        "linear, text spikes: the lag of the membrane, which the paper does not state",
        between(0.0, 0.5),
        _discrete("text", 1, 1),
        unit="ms",
    ),
    _claim(
        "linear_current",
        "calibration",
        "linear, text spikes: synaptic current against the 1 ms model, one scale and a lag of its own",
        at_most(4.0),
        _discrete("text", 0, 0),
    ),
    _claim(
        "two_pole_membrane_text",
        "calibration",
        "two_pole, text spikes: membrane against the continuous model, one scale, no lag",
        at_most(0.5),
        _continuous("two_pole", "text", 1),
    ),
    _claim("two_pole_membrane_caption", "prediction", "two_pole, caption spikes: the same, same biases", at_most(0.5), _continuous("two_pole", "caption", 1)),
    _claim(
        "two_pole_current_text",
        "calibration",
        "two_pole, text spikes: synaptic current against the continuous model",
        at_most(1.6),
        _continuous("two_pole", "text", 0),
    ),
    _claim("two_pole_current_caption", "calibration", "two_pole, caption spikes: the same, same biases", at_most(1.6), _continuous("two_pole", "caption", 0)),
    _claim(
        "linearity",
        "prediction",
        "linear: largest deviation of the membrane peak from proportional to the conductance, of full scale",
        at_most(1.0),
        _nonlinearity("linear"),
    ),
    _claim("linearity_as_printed", "prediction", "as_printed: the same; MN3's gate is driven open-loop", at_least(5.0), _nonlinearity("as_printed")),
)
PRINTED = (
    _claim(
        "printed_membrane_tau",
        "prediction",
        "as_printed: time constant of the membrane by Eq. 9 at 0.1 V and 260 nF; 15 ms is meant",
        at_least(100.0),
        lambda r: r.predictions["as_printed"].leak,
        unit="s",
        paper=0.015,
        source=PAPER,
    ),
    _claim(
        "printed_swing",
        "prediction",
        "linear (gate voltages as biases, fitted): swing of the membrane for the text's spikes: no comparator can use it",
        at_most(2.0),
        lambda r: 1e3 * r.waves["linear", "text"].swing,
        unit="mV",
    ),
    _claim(
        "printed_cold",
        "prediction",
        "linear: time constant of the membrane at 17 degC, 15 ms at 27 degC",
        at_least(20.0),
        lambda r: _at_temperature(r, "linear", 17.0),
        unit="ms",
    ),
    _claim(
        "printed_warm", "prediction", "linear: time constant of the membrane at 37 degC", at_most(11.0), lambda r: _at_temperature(r, "linear", 37.0), unit="ms"
    ),
    _claim("printed_supply", "prediction", "linear: change of the peak at 5 % less supply", at_most(-50.0), lambda r: _at_supply(r, "linear", "-5", "swing")),
    _claim(
        "printed_mismatch",
        "prediction",
        "linear: standard deviation of the peak with 5 mV on the threshold of each transistor",
        at_least(15.0),
        lambda r: 100.0 * r.draws[ALIKE].deviation,
    ),
)
ROBUST = (
    _claim(
        "robust_swing",
        "calibration",
        "robust: swing of the membrane for one spike of full weight",
        at_least(50.0),
        lambda r: 1e3 * r.single[BUILT].swing,
        unit="mV",
    ),
    _claim(
        "robust_membrane",
        "calibration",
        "robust, text and caption spikes: membrane against the continuous model, nominal",
        at_most(1.5),
        lambda r: max(_continuous(BUILT, train, 1)(r) for train in ("text", "caption")),
    ),
    _claim(
        "robust_membrane_corners",
        "prediction",
        "robust, text spikes: the same at every corner of -40..85 degC and VDD +-10 %",
        at_most(2.5),
        lambda r: 100.0 * max(each.response.continuous_errors()[1] for each in r.corners[BUILT]),
    ),
    _claim(
        "robust_linearity",
        "prediction",
        "robust: largest deviation of the membrane peak from proportional to the conductance, of full scale",
        at_most(2.0),
        _nonlinearity(BUILT),
    ),
    _claim("robust_tau", "prediction", "robust: change of both time constants over -40..70 degC", at_most(1.0), _both_taus(warm=False)),
    _claim("robust_tau_hot", "prediction", "robust: change of both time constants at 85 degC", at_most(3.0), _both_taus(warm=True)),
    _claim("robust_supply", "prediction", "robust: change of the peak over VDD +-10 %", at_most(0.3), _supply_change),
    _claim(
        "robust_peak",
        "prediction",
        "robust: change of the peak over -40..85 degC, resistors of 0.1 %/K",
        at_most(6.5),
        lambda r: _largest(r.corners[BUILT], "swing"),
    ),
    _claim(
        "robust_peak_no_tempco", "prediction", "robust: the same with resistors that do not change", at_most(2.5), lambda r: _largest(r.untempered, "swing")
    ),
    _claim(
        "robust_mismatch",
        "prediction",
        "robust: standard deviation of the peak, every MOSFET drawn, A_VT 9 mV um",
        at_most(2.5),
        lambda r: 100.0 * r.draws[BUILT].deviation,
    ),
    _claim(
        "robust_mismatch_predicted",
        "prediction",
        "robust: the deviation summed from the sensitivity to each transistor, over the drawn one",
        within(1.0, 0.2),
        lambda r: float(np.sqrt(sum(each.share**2 for each in r.contributions))) / r.draws[BUILT].deviation,
        unit="1",
    ),
    _claim(
        "auto_zero",
        "prediction",
        "largest offset that auto-zero leaves of 1 and 5 mV, 19 ms later, at the leakage of 27 degC",
        at_most(0.2),
        lambda r: 1e3 * float(np.max(np.abs(r.auto_zero[1]))),
        unit="mV",
    ),
    _claim(
        "board_membrane",
        "calibration",
        "board, text and caption spikes: membrane against the continuous model, nominal",
        at_most(0.5),
        lambda r: max(_continuous(BOARD, train, 1)(r) for train in ("text", "caption")),
    ),
    _claim(
        "chain",
        "prediction",
        "chain of two spiking units at 27 degC, nominal, 20 input trains, spikes 20..45 ms apart: largest deviation of a spike time from the model",
        at_most(0.2),
        lambda r: 1e3 * max(each.deviation for each in r.trains),
        unit="ms",
    ),
)
NOISE = (
    _claim(
        "read_noise",
        "reproduction",
        "linear: read noise 7 %, correlated over 1 ms: change of the peak, worst of ten columns of random weights, median over images",
        within(3.0, 1.0),
        lambda r: 100.0 * r.noise.typical_worst,
        paper="about 3",
        source="Lim 2025, section 3.4, Fig. S7",
    ),
    _claim("read_noise_mean", "prediction", "linear: the same, mean over all columns", between(0.5, 2.0), lambda r: 100.0 * r.noise.mean),
    _claim(
        "energy_sum",
        "prediction",
        "self-check: difference between the supply and the sum of the blocks, power at rest and energy of a spike",
        at_most(1.0),
        lambda r: round(100.0 * max(each.imbalance for each in r.energy.values()), 6),
    ),
)
CLAIMS = (*WAVES, *PRINTED, *ROBUST, *NOISE)
