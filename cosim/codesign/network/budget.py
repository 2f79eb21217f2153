"""Error budget: what each source of error costs in accuracy, alone and all together.

Sources of the array act on the weights, and are drawn chip by chip in the model. Sources of the unit act on the potential that a spike gives, which is
simulated and then superposed (`columns`). Wires, and all that a tuned chip has together, are simulated whole. A loss is always the difference to the same
images without the source, so that its interval is that of a paired comparison.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.circuits.corners import NOMINAL, Corner, Mismatch
from cosim.circuits.neuron.card import NeuronCard
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.network.chip import Chip, map_network
from cosim.codesign.network.columns import Columns, column_scores, unit_response
from cosim.codesign.network.inference import START, Hardware, infer
from cosim.codesign.network.mapping import MappingPlan
from cosim.codesign.network.noise import ReadNoisePlan, noisy_scores
from cosim.snn.data import Examples
from cosim.snn.encoding import latency_times
from cosim.snn.network import TrainedNetwork
from cosim.snn.readout import membrane_maximum
from cosim.sweep.lab import Lab
from cosim.units import engineering

DEVIATE = 1.959964  # of a standard normal, for a 95 % interval
OFFSET_DRAWS = 5  # last word of the seed of the offsets, which no other draw has
OFFSET_STEP = 1e-3  # [V] at which the unit's answer to an offset is taken as linear


@dataclass(frozen=True, kw_only=True)
class Sources:
    """How large each source is.

    Attributes:
        bits: of uniform levels; `gain` of the mapping to them, and `rates` of the inputs.
        tuning_error: of a cell, relative to its target.
        variation: device-to-device spread, as if nothing had been tuned.
        noise: read noise.
        wire_resistance: of one segment of a bit or source line [ohm].
        offset: standard deviation of the offset that each op-amp keeps [V].
        mismatch: spread of the transistors.
        temperatures: coldest and hottest [degC].
        chips: that are drawn in the model.
        seed: of the draws.
    """

    bits: int
    gain: float
    rates: tuple[float, ...]
    tuning_error: float
    variation: float
    noise: ReadNoisePlan
    wire_resistance: float
    offset: float
    mismatch: Mismatch
    temperatures: tuple[float, float]
    chips: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class BudgetRow:
    """What one source costs.

    Attributes:
        source, setting: name, and how large.
        how: "model", "units" (simulated potentials superposed) or "circuit" (simulated whole).
        images, chips: that it was measured on.
        base: accuracy of the same images without the source.
        loss: of accuracy, mean over the chips; `low`..`high` its 95 % interval.
    """

    source: str
    setting: str
    how: str
    images: int
    chips: int
    base: float
    loss: float
    low: float
    high: float

    @classmethod
    def of(cls, source: str, setting: str, how: str, *, without: Array, right: Array) -> "BudgetRow":
        """From ``without (images,)`` and ``right (chips, images)``, whether each image is put into its class without and with the source."""
        loss, half = paired_loss(without, right)
        chips, images = right.shape
        return cls(
            source=source, setting=setting, how=how, images=images, chips=chips, base=float(without.mean()), loss=loss, low=loss - half, high=loss + half
        )


def paired_loss(without: Array, right: Array) -> tuple[float, float]:
    """Mean loss over chips, and half of its 95 % interval.

    The interval holds for other images: its variance is that of the loss of an image, averaged over the chips; chips that differ widen it by their own spread.
    One image more is counted as lost and one as won, so that no image lost does not mean that none can be (Agresti and Min,
    Statistics in Medicine 24 (2005) 729, add a half to each of four cells).

    Args:
        without: ``(images,)`` right without the source.
        right: ``(chips, images)`` right with it.
    """
    losses = without.astype(float) - right.astype(float)
    chips, images = losses.shape
    each = losses.mean(axis=0)
    variance = (float(np.sum(each**2)) + 1.0 - float(np.sum(each)) ** 2 / (images + 2)) / (images + 2) ** 2
    if chips > 1:
        variance += float(losses.mean(axis=1).var(ddof=1)) / chips
    return float(losses.mean()), DEVIATE * float(np.sqrt(variance))


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """What is budgeted.

    Attributes:
        network: one layer of positive weights.
        card, parts: of the units that are built.
        ideal, ideal_parts: of units whose biases and op-amps are ideal; wires are simulated with them.
        test: images of the model.
        few: images of the circuit.
    """

    network: TrainedNetwork
    card: NeuronCard
    parts: Parts
    ideal: NeuronCard
    ideal_parts: Parts
    test: Examples
    few: Examples

    def chip(self, plan: MappingPlan, seed: int = 0) -> Chip:
        """The arrays of one chip."""
        (found,) = map_network(self.network, self.parts.memristor, plan, seed=seed, read_voltage=self.card.read_voltage)
        return found

    def times(self, images: Examples) -> Array:
        """``(images, inputs)`` spikes [s]."""
        return latency_times(images.pixels, self.network.encoding)


def budget(subject: Subject, sources: Sources, drawn: Columns, lab: Lab) -> list[BudgetRow]:
    """One row for each source, the last one for a tuned chip with all of them but the spread of devices.

    Args:
        subject: network and units.
        sources: how large each is.
        drawn: units of chips with mismatch, `measure_columns`.
        lab: where to simulate.

    Raises:
        SimulationError: a unit does not run; single images that fail are left out.
        Cancelled: Ctrl-C; what was computed is in the store.
    """
    return [*_of_the_array(subject, sources), *_of_the_unit(subject, sources, drawn, lab), *_in_the_circuit(subject, sources, lab)]


def _of_the_array(subject: Subject, sources: Sources) -> list[BudgetRow]:
    """In the model: quantization, tuning error, spread of devices, read noise."""
    network, test, times = subject.network, subject.test, subject.times(subject.test)

    def right(plan: MappingPlan, chips: int) -> Array:
        weights = (subject.chip(plan, sources.seed + number).weights for number in range(chips))
        values = (membrane_maximum(network.psp, times, each, duration=network.duration).value for each in weights)
        return np.array([each.argmax(axis=1) == test.labels for each in values])

    (without,) = right(MappingPlan(), 1)
    plain = subject.chip(MappingPlan()).weights
    noisy = [noisy_scores(network, plain, test.pixels, replace(sources.noise, seed=sources.seed + number)) for number in range(sources.chips)]
    rows = (
        ("quantization", f"{sources.bits} bits", right(MappingPlan(bits=sources.bits, gain=sources.gain, rates=sources.rates), 1)),
        ("tuning error", f"{100 * sources.tuning_error:g} % of the target", right(MappingPlan(tuning_error=sources.tuning_error), sources.chips)),
        ("device variation", f"{100 * sources.variation:g} %, not tuned away", right(MappingPlan(variation=sources.variation), sources.chips)),
        (
            "read noise",
            f"{100 * sources.noise.deviation:g} %, {engineering(sources.noise.correlation_time, 's')}",
            np.array([each.argmax(axis=1) == test.labels for each in noisy]),
        ),
    )
    return [BudgetRow.of(source, setting, "model", without=without, right=found) for source, setting, found in rows]


def _of_the_unit(subject: Subject, sources: Sources, drawn: Columns, lab: Lab) -> list[BudgetRow]:
    """By superposition of simulated potentials: offset, mismatch, temperature; each membrane over its own baseline."""
    outputs = subject.network.shape[-1]
    weights, times, labels = subject.chip(MappingPlan()).weights, subject.times(subject.test), subject.test.labels

    def right(chips: Sequence[Columns]) -> Array:
        return np.array([column_scores(each, times, weights).argmax(axis=1) == labels for each in chips])

    nominal = unit_response(subject.card, subject.parts, NOMINAL, lab, outputs=outputs)
    (without,) = right([nominal])
    cold, hot = (unit_response(subject.card, subject.parts, Corner(temperature=each), lab, outputs=outputs) for each in sources.temperatures)
    rows = (
        ("op-amp offset", engineering(sources.offset, "V"), offset_chips(subject, sources, nominal, lab)),
        ("transistor mismatch", f"{1e9 * sources.mismatch.a_vt:g} mV um", [drawn.chip(number) for number in range(len(drawn))]),
        ("temperature", f"{sources.temperatures[0]:g} degC", [cold]),
        ("temperature", f"{sources.temperatures[1]:g} degC", [hot]),
    )
    return [BudgetRow.of(source, setting, "units", without=without, right=right(chips)) for source, setting, chips in rows]


def offset_chips(subject: Subject, sources: Sources, nominal: Columns, lab: Lab) -> list[Columns]:
    """Chips whose amplifiers keep offsets of their own: the nominal unit, and its change with the offset of either amplifier, which is simulated."""
    changes = []
    for which in range(2):
        offsets = tuple(OFFSET_STEP if which == index else 0.0 for index in range(2))
        moved = unit_response(subject.card, replace(subject.parts, offsets=(offsets[0], offsets[1])), NOMINAL, lab)
        changes.append(((moved.waves[0, 0] - nominal.waves[0, 0]) / OFFSET_STEP, (moved.baselines[0, 0] - nominal.baselines[0, 0]) / OFFSET_STEP))
    outputs = nominal.baselines.shape[1]
    draws = sources.offset * np.random.default_rng([sources.seed, 0, OFFSET_DRAWS]).standard_normal((sources.chips, outputs, 2))
    waves = nominal.waves + sum(draws[..., which, None] * changes[which][0] for which in range(2))
    baselines = nominal.baselines + sum(draws[..., which] * changes[which][1] for which in range(2))
    return [Columns(time=nominal.time, waves=waves[each][None], baselines=baselines[each][None]) for each in range(sources.chips)]


def _in_the_circuit(subject: Subject, sources: Sources, lab: Lab) -> list[BudgetRow]:
    """Simulated whole: wires with ideal units, then everything at once with those that are built; images whose run failed count in neither."""
    times, labels = subject.times(subject.few), subject.few.labels

    def run(hardware: Hardware) -> Array:
        return infer(hardware, times, lab, duration=subject.network.duration + START).classes

    def row(source: str, setting: str, build: Callable[..., Hardware], hardware: Hardware) -> BudgetRow:
        plain, found = run(build(subject.chip(MappingPlan()))), run(hardware)
        done = (plain >= 0) & (found >= 0)
        return BudgetRow.of(source, setting, "circuit", without=(plain == labels)[done], right=(found == labels)[done][None])

    def ideal(chip: Chip) -> Hardware:
        return Hardware(card=subject.ideal, parts=subject.ideal_parts, cells=chip.plus.cells)

    def built(chip: Chip) -> Hardware:
        return Hardware(card=subject.card, parts=subject.parts, cells=chip.plus.cells)

    wired = replace(ideal(subject.chip(MappingPlan())), wire_resistance=sources.wire_resistance)
    everything = MappingPlan(bits=sources.bits, gain=sources.gain, rates=sources.rates, tuning_error=sources.tuning_error)
    whole = replace(
        built(subject.chip(everything, sources.seed)),
        parts=replace(subject.parts, offsets=(sources.offset, sources.offset)),
        wire_resistance=sources.wire_resistance,
        corner=Corner(temperature=sources.temperatures[1]),
        mismatch=sources.mismatch,
        noise=sources.noise,
        seed=sources.seed,
    )
    hot = (
        f"{sources.bits} bits, tuning error, noise, wires, mismatch, {sources.temperatures[1]:g} degC, an offset that all op-amps share; tuned, so without the "
        "spread of devices"
    )
    return [row("wires", f"{sources.wire_resistance:g} ohm a segment", ideal, wired), row("all together", hot, built, whole)]
