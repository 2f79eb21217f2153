"""Run the neuron study: waves of every variant, weights, corners, mismatch, noise, energy, and a chain of spiking units.

The variants of the paper have ideal op-amps, as its figures; the unit that is built, ``robust``, and ``board`` have the op-amp of
the design. Time constants of the models are those of the design.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cosim._types import Array
from cosim.analysis import Tran
from cosim.circuits.corners import Corner, Mismatch
from cosim.circuits.neuron.card import VARIANTS, CurrentBiasedCard, NeuronCard, load_neuron
from cosim.circuits.neuron.drive import CAPTION_SPIKES, ONE_SPIKE, TEXT_SPIKES, options
from cosim.circuits.neuron.unit import Parts
from cosim.codesign.neuron.bench import Response, Run, respond
from cosim.codesign.neuron.energy import Energy, energy
from cosim.codesign.neuron.equations import Prediction, cell_current, predict
from cosim.codesign.neuron.firing import APART, CLOSE, THRESHOLD_SHARE, Train, fire_chain, trains
from cosim.codesign.neuron.readnoise import CORRELATION_TIMES, PeakNoise, by_circuit, by_model, column_pulses, images
from cosim.codesign.neuron.smallsignal import Bode, OwnNoise, bode, own_noise
from cosim.codesign.neuron.spread import (
    Contribution,
    Draws,
    InputRange,
    Moved,
    at_corners,
    at_tolerances,
    contributions,
    corners,
    draw_alike,
    draw_units,
    sensitivities,
)
from cosim.design import Design
from cosim.devices.autozero import READ_AT
from cosim.devices.autozero import bench as auto_zero_bench
from cosim.devices.memristor.card import load_memristor
from cosim.devices.mosfet import load_mosfet
from cosim.devices.opamp import OpampCard, load_opamp
from cosim.errors import DesignError
from cosim.snn.timing import TimeConstants
from cosim.sweep.lab import Lab, Question

BUILT, BOARD = "robust", "board"
PRINTED = ("as_printed", "linear", "two_pole")
ALIKE = "linear, 5 mV each"  # draws of the printed unit with one deviation for all transistors
WEIGHTS = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)  # filament states of the linearity
PRINTED_SUPPLIES = (0.95, 1.05)  # factors at which the printed unit is looked at
PRINTED_DEVIATION = 5e-3  # [V] of the threshold of each of its transistors, whatever its area
PRINTED_DRAWS = 60  # at most; no more than the design has
AREAS = (0.5, 0.25, 0.125)  # factors on the area of the matched transistors
AREA_DRAWS = 50  # of each area, at most
RAW_OFFSETS = (1e-3, 5e-3, -5e-3)  # [V] that the auto-zero is tried on
RANGE = (1.0, 2.0, 3.0, 5.0, 6.0, 8.0, 10.0)  # full-weight inputs at once
NETWORK_FEEDBACK = 5e3  # [ohm] Rf behind a column of a network
CLOSE_TRAINS = 6
VERSION = 1  # of the computation without a simulator


@dataclass(frozen=True, kw_only=True)
class NeuronResult:
    """Everything that figures, tables and claims of the study read.

    Attributes:
        cards, parts: of each variant; ``robust`` is the unit of the design.
        waves: (variant, "text" or "caption") -> response.
        single: variant -> response to one spike of full weight.
        linearity: variant -> ``(weights,)`` peak over the baseline for each of `WEIGHTS` [V]; `ideal` the conductances over the largest one.
        predictions: variant -> Eqs. 6-9.
        corners: variant -> responses at temperatures and supplies; `untempered` those of the built unit with resistors of no tempco.
        tolerances: variant -> resistors and capacitors off, slow and fast process.
        sensitivities: variant -> one step of each influence.
        draws: variant -> all transistors drawn; `areas` the built unit with smaller matched transistors.
        contributions: of each transistor of the built unit.
        auto_zero: ``(2, offsets)`` offset before and after zeroing [V].
        ranges: swing over the input current, with the unit's own Rf and with that of a network.
        bode, own_noise: of the built unit; own noise at rest and with a conducting cell.
        noise_curve: by the model, over correlation times; `noise` the same by the circuit at the design's.
        energy: variant -> blocks; ``spiking`` the built unit with its spike output.
        trains, close: chains of two units; input spikes apart, and close together.
    """

    design: Design
    cards: Mapping[str, NeuronCard]
    parts: Mapping[str, Parts]
    waves: Mapping[tuple[str, str], Response]
    single: Mapping[str, Response]
    linearity: Mapping[str, Array]
    ideal: Array
    predictions: Mapping[str, Prediction]
    corners: Mapping[str, Sequence[Moved]]
    untempered: Sequence[Moved]
    tolerances: Mapping[str, Sequence[Moved]]
    sensitivities: Mapping[str, Sequence[Moved]]
    draws: Mapping[str, Draws]
    areas: Sequence[Draws]
    contributions: Sequence[Contribution]
    auto_zero: Array
    ranges: Sequence[InputRange]
    bode: Mapping[str, Bode]
    own_noise: Sequence[OwnNoise]
    noise_curve: Sequence[PeakNoise]
    noise: PeakNoise
    noise_difference: float
    energy: Mapping[str, Energy]
    trains: Sequence[Train]
    close: Sequence[Train]

    @property
    def targets(self) -> TimeConstants:
        """The time constants asked for."""
        return time_constants(self.design)


def time_constants(design: Design) -> TimeConstants:
    """Those of a design."""
    return TimeConstants(rise=design.neuron.tau_rise, fall=design.neuron.tau_fall, membrane=design.neuron.tau_mem)


def cards_of(design: Design) -> dict[str, NeuronCard]:
    """The cards of all variants, that of the design in the place of ``robust``.

    Raises:
        DesignError: the design's card has no spike output, so that it cannot be the unit that is built.
    """
    built = load_neuron(design.neuron.card)
    if not isinstance(built, CurrentBiasedCard) or not built.current_mode:
        raise DesignError(f"[neuron] card={design.neuron.card}: must be a card with currents as biases and a current-mode membrane, such as robust")
    return {name: built if name == BUILT else load_neuron(name) for name in VARIANTS}


def parts_of(design: Design) -> dict[str, Parts]:
    """The devices of all variants: ideal op-amps where the paper has them."""
    opamp: OpampCard = load_opamp(design.neuron.opamp)
    ideal = Parts(memristor=load_memristor(design.neuron.memristor), nmos=load_mosfet(design.transistor.nmos), pmos=load_mosfet(design.transistor.pmos))
    return {name: ideal if name in PRINTED else replace(ideal, opamp=opamp) for name in VARIANTS}


def run(design: Design, lab: Lab) -> NeuronResult:
    """The study of one design.

    Raises:
        DesignError: the card of the design is none of a unit that can be built.
        SimulationError: a run failed; the others are in the store.
    """
    cards, parts, targets = cards_of(design), parts_of(design), time_constants(design)
    built = cards[BUILT]
    assert isinstance(built, CurrentBiasedCard)
    waves, single = _waves(cards, parts, targets, lab)
    linearity, ideal = _linearity(cards, parts, lab)
    noise = _Noise.of(design, cards["linear"], parts["linear"], waves["linear", "text"], lab)
    return NeuronResult(
        design=design,
        cards=cards,
        parts=parts,
        waves=waves,
        single=single,
        linearity=linearity,
        ideal=ideal,
        predictions={name: predict(cards[name], parts[name], lab) for name in VARIANTS},
        corners={name: at_corners(cards[name], parts[name], _where(design, name), lab, targets) for name in ("linear", "two_pole", BUILT, BOARD)},
        untempered=at_corners(replace(built, resistor_tempco=0.0, output_tempco=0.0), parts[BUILT], _where(design, BUILT), lab, targets),
        tolerances={name: at_tolerances(cards[name], parts[name], lab, targets) for name in (BUILT, BOARD)},
        sensitivities={name: sensitivities(cards[name], parts[name], lab, targets, offset=design.neuron.offset) for name in ("linear", BUILT, BOARD)},
        draws=_draws(design, cards, parts, lab),
        areas=_areas(design, built, parts[BUILT], lab),
        contributions=contributions(built, parts[BUILT], lab, Mismatch(a_vt=design.neuron.a_vt)),
        auto_zero=_auto_zero(parts[BUILT], lab),
        ranges=[_range(replace(built, feedback_resistance=each), parts[BUILT], lab) for each in (built.feedback_resistance, NETWORK_FEEDBACK)],
        bode={name: bode(cards[name], parts[name], lab, targets) for name in (BUILT, BOARD)},
        own_noise=[own_noise(built, parts[BUILT], lab, swing=single[BUILT].swing, conducting=each) for each in (False, True)],
        noise_curve=noise.curve,
        noise=noise.circuit,
        noise_difference=noise.difference,
        energy=_energies(cards, parts, single, lab),
        trains=_trains(design, built, parts[BUILT], design.neuron.trains, APART, lab),
        close=_trains(design, built, parts[BUILT], min(CLOSE_TRAINS, design.neuron.trains), CLOSE, lab),
    )


def _waves(
    cards: Mapping[str, NeuronCard], parts: Mapping[str, Parts], targets: TimeConstants, lab: Lab
) -> tuple[dict[tuple[str, str], Response], dict[str, Response]]:
    trains_of = {"text": TEXT_SPIKES, "caption": CAPTION_SPIKES, "one": ONE_SPIKE}
    keys = [(name, train) for name in cards for train in trains_of]
    answers = dict(zip(keys, respond([Run(card=cards[name], parts=parts[name], times=trains_of[train]) for name, train in keys], lab, targets), strict=True))
    return {key: each for key, each in answers.items() if key[1] != "one"}, {name: answers[name, "one"] for name in cards}


def _linearity(cards: Mapping[str, NeuronCard], parts: Mapping[str, Parts], lab: Lab) -> tuple[dict[str, Array], Array]:
    names = ("as_printed", "linear", "two_pole", BUILT, BOARD)
    runs = [Run(card=cards[name], parts=parts[name], times=ONE_SPIKE, weight=weight, duration=0.1) for name in names for weight in WEIGHTS]
    swings = np.array([each.swing for each in respond(runs, lab)]).reshape(len(names), len(WEIGHTS))
    conductances = np.array([cell_current(cards["linear"], parts["linear"], weight) for weight in WEIGHTS])
    return dict(zip(names, swings, strict=True)), conductances / conductances[-1]


def _where(design: Design, name: str) -> list[Corner]:
    """Corners of the design; the printed units are looked at beside their supply too."""
    neuron = design.neuron
    found = corners(neuron.temperature, neuron.supply_tolerance)
    if name not in PRINTED:
        return found
    return [*(each for each in found if each.supply == 1.0), *(Corner(supply=each) for each in PRINTED_SUPPLIES)]


def _draws(design: Design, cards: Mapping[str, NeuronCard], parts: Mapping[str, Parts], lab: Lab) -> dict[str, Draws]:
    neuron, seed = design.neuron, design.run.seed
    spread, few = Mismatch(a_vt=neuron.a_vt), min(PRINTED_DRAWS, neuron.draws)
    fixed = {name: draw_units(cards[name], parts[name], lab, number=few, mismatch=spread, seed=seed) for name in ("linear", BOARD)}
    alike = draw_alike(cards["linear"], parts["linear"], lab, number=few, deviation=PRINTED_DEVIATION, seed=seed)
    return {BUILT: draw_units(cards[BUILT], parts[BUILT], lab, number=neuron.draws, mismatch=spread, seed=seed), **fixed, ALIKE: alike}


def _areas(design: Design, built: NeuronCard, parts: Parts, lab: Lab) -> list[Draws]:
    spread, seed = Mismatch(a_vt=design.neuron.a_vt), design.run.seed
    return [draw_units(built, parts, lab, number=min(AREA_DRAWS, design.neuron.draws), mismatch=spread, seed=seed, area=area) for area in AREAS]


def _auto_zero(parts: Parts, lab: Lab) -> Array:
    assert parts.opamp is not None
    bench = auto_zero_bench(parts.opamp)
    analysis = Tran(stop=READ_AT, max_step=5e-5, options=options())
    answers = lab.ask([Question(circuit=bench, analysis=analysis, saved=("v(o)",), values={"vos": each}) for each in RAW_OFFSETS])
    return np.array([RAW_OFFSETS, [each.last("v(o)") for each in answers]])


def _range(card: NeuronCard, parts: Parts, lab: Lab) -> InputRange:
    """One pulse of several full-weight inputs at once: their currents add in the column."""
    currents = cell_current(card, parts) * np.array(RANGE)
    return InputRange(feedback=card.feedback_resistance, current=currents, swing=column_pulses(card, parts, currents, lab))


@dataclass(frozen=True)
class _Noise:
    """Read noise by circuit and by model."""

    curve: list[PeakNoise]
    circuit: PeakNoise
    difference: float

    @classmethod
    def of(cls, design: Design, card: NeuronCard, parts: Parts, fitted: Response, lab: Lab) -> "_Noise":
        """The paper's unit behind ten columns."""
        neuron, seed = design.neuron, design.run.seed
        found = images(neuron.images, np.random.default_rng([seed, 7]))
        taus = TimeConstants(rise=fitted.rise, fall=fitted.fall, membrane=fitted.leak)
        times = sorted({*CORRELATION_TIMES, neuron.correlation_time})
        parts_of_key = [found.times, found.weights, taus, neuron.noise, times, seed]

        def compute() -> dict[str, Array]:
            rows = [by_model(found, taus, deviation=neuron.noise, correlation_time=each, seed=seed).difference for each in times]
            return {"difference": np.array(rows)}

        modeled = lab.remember(f"{__name__}.noise_curve", VERSION, parts_of_key, compute)["difference"]
        curve = [PeakNoise(correlation_time=time, difference=rows) for time, rows in zip(times, modeled, strict=True)]
        circuit = by_circuit(card, parts, found, lab, deviation=neuron.noise, correlation_time=neuron.correlation_time, seed=seed)
        same = curve[times.index(neuron.correlation_time)]
        return cls(curve, circuit, float(np.max(np.abs(circuit.difference - same.difference))))


def _energies(cards: Mapping[str, NeuronCard], parts: Mapping[str, Parts], single: Mapping[str, Response], lab: Lab) -> dict[str, Energy]:
    found = {name: energy(cards[name], parts[name], lab) for name in ("linear", BUILT, BOARD)}
    threshold = single[BUILT].baseline + THRESHOLD_SHARE * single[BUILT].swing
    return {**found, "spiking": energy(cards[BUILT], parts[BUILT], lab, threshold=threshold)}


def _trains(design: Design, built: CurrentBiasedCard, parts: Parts, number: int, gaps: tuple[float, float], lab: Lab) -> list[Train]:
    rng = np.random.default_rng([design.run.seed, 8])
    return fire_chain(built, trains(number, gaps, rng), lab, parts=parts, targets=time_constants(design))
