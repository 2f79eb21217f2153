"""The chapter on the spiking network (Lim 2025, section 3.4, Figs. 8, 9, S7, S8): its sections, and what to conclude from each.

Every number in the texts is read from the result, and what a text says of a claim follows its verdict, so that what does not hold is said.
Not here: the look of figures and tables (`figures_network`, `figures_network_grids`, `tables_network`).
"""

from collections.abc import Callable, Sequence

import numpy as np

from cosim.claims import judge
from cosim.codesign.network.budget import BudgetRow
from cosim.reporting import tables_network as tables
from cosim.reporting.blocks import WORDS, Block, heading, pair, section, text
from cosim.reporting.style import TIMES, listing, measured, percent, pretty, quantity
from cosim.reporting.tables_network import (
    TOGETHER,
    WAYS,
    agreeing,
    bits_name,
    joules,
    leads,
    missing_sets,
    noise_costs,
    points_lost,
    schooling,
    tuned_error,
    within_chips,
)
from cosim.studies.lim2025.inference import CLAIMS, InferenceResult
from cosim.studies.lim2025.inference.claims import SETS, loss
from cosim.studies.lim2025.inference.study import ANALOG

TITLE = "Network"
NONE = 0.01  # of accuracy: a loss that counts as none
PAPER_SHAPE = "64-21-10"  # of the hidden layer that the paper gives a limit for
PAPER_BITS, PAPER_NOISE = 3, 0.07  # that the claims on errors of the cells are about
SAME = 5e-4  # of accuracy: losses that are printed alike
THIN = 0.05  # of a lead: an error of the hardware turns such an image first


def sections(result: InferenceResult, drawn: Callable[[str], Block]) -> list[Block]:
    """The chapter.

    Args:
        result: of the inference study.
        drawn: the block of a figure by its name.
    """
    return [
        section(f"{TITLE}: from image to class", text(pretty(_image(result))), drawn("image"), drawn("weights")),
        section(
            f"{TITLE}: does the circuit compute the network?",
            text(pretty(_check(result))),
            tables.verdict(result),
            drawn("verdict"),
            tables.differing(result),
            page=False,
        ),
        section(
            f"{TITLE}: bits, tuning error, read noise, sparsity",
            text(pretty(_bits(result))),
            pair(drawn("bits"), drawn("sparsity")),
            text(pretty(_sparsity(result))),
            text(pretty(_tuning(result))),
            drawn("tuning"),
            text(pretty(_noise(result))),
            drawn("noise"),
            tables.points(result),
            page=False,
        ),
        section(f"{TITLE}: error budget", text(pretty(_budget(result))), drawn("budget"), tables.budget(result), page=False),
        section(f"{TITLE}: chips with mismatch", text(pretty(_chips(result))), drawn("chips"), tables.yields(result), tables.spreads(result), page=False),
        section(
            f"{TITLE}: energy",
            text(pretty(_energy(result))),
            tables.efficiency(result),
            drawn("energy"),
            heading("What stands behind the energies"),
            tables.energy_assumptions(result),
            page=False,
        ),
    ]


def asked(result: InferenceResult, name: str) -> str:
    """What became of a claim, in words: `` (paper: 90 %; asked: >= 92.5 %, met)``; empty where it was not run, or is none of the study."""
    verdicts = judge([each for each in CLAIMS if each.id.endswith(f".{name}")], result)
    if not verdicts or verdicts[0].verdict == "not_run":
        return ""
    found = verdicts[0]
    unit = "" if found.unit == "1" else f" {found.unit}"
    paper = "" if found.paper is None else f"paper: {found.paper}; " if isinstance(found.paper, str) else f"paper: {found.paper:g}{unit}; "
    return f" ({paper}asked: {found.must_be}{unit}, {WORDS[found.verdict]})"


def _asked_of_cells(result: InferenceResult, name: str) -> str:
    """The same for a claim on errors of the cells; empty where the design has other bits than the paper, of which the claim does not speak."""
    return asked(result, name) if result.design.network.chosen_bits == PAPER_BITS else ""


def _image(result: InferenceResult) -> str:
    network, trained = result.trained.network, result.trained
    encoding, taus = network.encoding, network.layers[0].taus
    accuracies = [100 * each.accuracy for each in trained.networks if each.accuracy is not None]
    perceptrons = [100 * each.accuracy for each in trained.perceptrons if each.accuracy is not None]
    return (
        f"A pixel brighter than {encoding.threshold:g} fires once, the brighter the earlier, at the latest at {quantity(encoding.latest, 's')}. Every spike "
        "opens the cells of its row; the currents of a column go into its unit, and the class is the column whose membrane rises highest within "
        f"{quantity(network.duration, 's')}. {len(trained.networks)} networks of {f' {TIMES} '.join(map(str, network.shape))} positive weights were trained "
        f"with the time constants of the unit ({quantity(taus.rise, 's')}, {quantity(taus.fall, 's')} and {quantity(taus.membrane, 's')}) on "
        f"{len(trained.train)} images of {trained.train.name}; on {len(trained.test)} others they are right in {min(accuracies):.1f} to {max(accuracies):.1f} "
        f"%, mean {np.mean(accuracies):.1f} %{asked(result, 'snn')}. Perceptrons of the same shape, which see the pixels themselves, reach "
        f"{np.mean(perceptrons):.1f} %{asked(result, 'ann')}."
    )


def _check(result: InferenceResult) -> str:
    checked, found = result.check, result.check.agreement
    agree, decided, others, undecided = agreeing(result)
    ideal, circuit = (checked.right(which) for which in ("ideal", "circuit"))
    words = [
        f"{'Yes' if checked.passed else 'No'}: {agree} of {decided} decided images get the same class from circuit and network, and {others} of the "
        f"{undecided} undecided ones. {percent(found.undecided)} of the images are undecided{asked(result, 'circuit_undecided')}: there the network's own "
        "lead is smaller than what the circuit moves leads by, a bound measured on other images."
    ]
    if circuit[1]:
        apart = abs(circuit[0] - ideal[0]) / circuit[1]
        words.append(
            f"The circuit is right in {percent(circuit[0] / circuit[1])} of the images{asked(result, 'circuit')}; the network as it was trained in "
            f"{percent(ideal[0] / ideal[1])}, {points_lost(apart)} points apart{asked(result, 'circuit_difference')}."
        )
    failed = checked.failures
    if failed:
        words.append(f"{len(failed)} runs failed, the first one for this reason: {next(iter(failed.values()))}.")
    if checked.detuned:
        other = listing(f"{name} {measured(there, 's')} instead of {measured(wanted, 's')}" for name, (there, wanted) in checked.detuned.items())
        words.append(f"The unit has other time constants than the network was trained with: {other}.")
    words.append(
        f"{percent(float(np.mean(leads(result) < THIN)))} of the images have a lead below {percent(THIN, digits=0)}: an error of the hardware turns these "
        "first."
    )
    return " ".join(words)


def _bits(result: InferenceResult) -> str:
    grid, chosen = result.grids["target"], result.design.network.chosen_bits
    exact = min(grid.errors)
    accuracies = {each: grid.at(each, exact)[0] for each in sorted(grid.bits)}
    best = accuracies[ANALOG]
    levels = [each for each in accuracies if each != ANALOG]
    enough = [each for each in levels if all(best - accuracies[more] <= NONE for more in levels if more >= each)]
    few = levels[0]
    words = f"Without levels the networks reach {percent(best)} on their arrays; {bits_name(few)} costs {points_lost(best - accuracies[few])} points"
    if chosen in accuracies:
        words += f", {bits_name(chosen)} {points_lost(best - accuracies[chosen])}{_asked_of_cells(result, 'bits')}"
    return words + (f". From {bits_name(min(enough))} on the loss is below one point." if enough else ". No number of bits comes within one point.")


def _tuning(result: InferenceResult) -> str:
    chosen, target = result.design.network.chosen_bits, result.grids["target"]
    if chosen not in target.bits:
        return f"The grid has no {bits_name(chosen)}."
    words = []
    for name, error, about in (("target", 0.05, "tuning_5"), ("target", 0.1, "tuning_10_target"), ("full_scale", 0.1, "tuning_10_full_scale")):
        grid = result.grids[name]
        if error in grid.errors:
            of = "the target" if name == "target" else "full scale"
            words.append(f"{percent(error, digits=0)} of {of} costs {points_lost(loss(grid, chosen, error) / 100)} points{_asked_of_cells(result, about)}")
    said = [f"At {bits_name(chosen)} a tuning error of {listing(words)}."] if words else []
    few, worst = min(each for each in target.bits if each != ANALOG), max(target.errors)
    if few != chosen:
        first, second = (loss(target, each, worst) / 100 for each in (few, chosen))
        less = "less" if second - first > SAME else "more" if first - second > SAME else "as much"
        claimed = _asked_of_cells(result, "tuning_one_bit") if (few, worst) == (1, 0.2) else ""
        said.append(
            f"At {percent(worst, digits=0)} of the target {bits_name(few)} loses {less}: {points_lost(first)} against {points_lost(second)} points{claimed}."
        )
    if target.measured is not None:
        cost = target.at(chosen, min(target.errors))[0] - float(target.measured.mean[target.bits.index(chosen), 0])
        said.append(
            f"The errors of the tuned array, {percent(tuned_error(result))} of the target (rms), cost {points_lost(cost)} points at {bits_name(chosen)}."
        )
    return " ".join(said)


def _noise(result: InferenceResult) -> str:
    chosen, level, costs, curve = result.design.network.chosen_bits, result.design.neuron.noise, noise_costs(result), result.curve.mean
    if costs is None:
        words = f"The grid of the noise has no {percent(level, digits=0)} at {bits_name(chosen)}."
    else:
        claimed = _asked_of_cells(result, "noise") if level == PAPER_NOISE else ""
        words = (
            f"Read noise of {percent(level, digits=0)} costs the network {points_lost(costs[0])} points at {bits_name(chosen)}{claimed}, the perceptron "
            f"{points_lost(costs[1])}."
        )
    return (
        f"{words} Noise that is forgotten within {quantity(result.curve.times[0], 's')} is averaged in time, noise of "
        f"{quantity(result.curve.times[-1], 's')} stays for a whole image: {percent(float(curve[0]))} against {percent(float(curve[-1]))} accuracy."
    )


def _sparsity(result: InferenceResult) -> str:
    words = []
    if result.sparsity:
        parts = listing(f"{percent(share)} of the inputs of {SETS[name]}{asked(result, f'sparsity_{name}')}" for name, share in result.sparsity.items())
        words.append(f"In latency code {parts} fire.")
    missing = missing_sets(result)
    if missing:
        words.append(f"Not fetched, and so not counted: {listing(missing)}.")
    taught = schooling(result)
    for name, each in result.hidden.items():
        claimed = asked(result, "sparsity_hidden") if name == PAPER_SHAPE else ""
        words.append(
            f"In {name}{f' ({taught[name]})' if name in taught else ''}, {percent(each.firing)} of the hidden neurons fire for an image{claimed}, "
            f"{percent(each.steps, digits=2)} in a step of 1 ms."
        )
    if not result.hidden:
        words.append("No network with a hidden layer was run.")
    return " ".join(words)


def _budget(result: InferenceResult) -> str:
    single = [each for each in result.budget if each.source != TOGETHER]
    ordered = sorted(single, key=lambda each: -each.loss)
    clear = [each for each in ordered if each.low > 0]
    words = [f"The largest single losses are those of {listing(f'{each.source} ({each.setting}): {points_lost(each.loss)} points' for each in ordered[:3])}."]
    words.append(f"For {listing(_named(clear))} the 95 % interval lies above zero." if clear else "No single source has a 95 % interval above zero.")
    free = [each for each in single if each.low <= 0]
    if free and clear:
        words.append(f"The others ({listing(_named(free))}) cannot be told from no loss on these images.")
    for each in result.budget:
        if each.source == TOGETHER:
            words.append(
                f"All together ({each.setting}), on {each.images} images, they cost {points_lost(each.loss)} points (95 %: {points_lost(each.low)} to "
                f"{points_lost(each.high)})."
            )
    return " ".join(words)


def _named(rows: Sequence[BudgetRow]) -> list[str]:
    """Each source with its size, where it is there more than once."""
    sources = [each.source for each in rows]
    return [f"{each.source} at {each.setting}" if each.source == "temperature" or sources.count(each.source) > 1 else each.source for each in rows]


def _chips(result: InferenceResult) -> str:
    chips, drawn = result.chips, result.drawn
    parts = [f"{WAYS[way]} {percent(chips.share(way), digits=0)}{asked(result, 'yield_trimmed') if way == 'trimmed' else ''}" for way in chips.accuracies]
    trimmed = points_lost(chips.share("trimmed") - chips.share("baseline"), digits=0)
    peak = float(drawn.gains.mean())
    gain, base = (within_chips(each) / peak for each in (drawn.gains, drawn.baselines))
    return (
        f"Every transistor of {len(drawn)} chips of {result.cards['built'].name} is drawn. Between the columns of one chip the peaks of one spike have a "
        f"standard deviation of {percent(gain)}, the baselines one of {percent(base)} of a peak. Chips that lose at most "
        f"{points_lost(result.design.network.goal, digits=0)} point of accuracy to mismatch: with membranes compared {'; '.join(parts)}."
        f" Over baselines the trim of the gains adds {trimmed} points{asked(result, 'trim')}.{_whole(result)}"
    )


def _whole(result: InferenceResult) -> str:
    """Drawn chips that were simulated whole, beside their superposition; empty where there are none."""
    if not result.whole:
        return ""
    whole, superposed, labels = (np.concatenate(values) for values in zip(*((each.whole, each.superposed, each.labels) for each in result.whole), strict=True))
    done = whole >= 0
    images = int(done.sum())
    lost = len(whole) - images
    chips = f"{len(result.whole)} of the chips {'was' if len(result.whole) == 1 else 'were'} simulated whole too, without a trim"
    if not images:
        return f" {chips}; none of the {len(whole)} runs passed."
    equal, right, expected = (int(np.sum(found & done)) for found in (whole == superposed, whole == labels, superposed == labels))
    failed = f" {lost} of the runs failed and {'is' if lost == 1 else 'are'} in no count." if lost else ""
    return (
        f" {chips}: on {equal} of {images} images they give the class of the superposition{asked(result, 'superposition')}; the whole circuit is right in "
        f"{percent(right / images)}, the superposition in {percent(expected / images)}.{failed}"
    )


def _energy(result: InferenceResult) -> str:
    first = result.efficiency[0]
    window, decision = first.energy("all, window"), first.energy("all, decision")
    words = [
        f"One image through {tables.shape_name(first)} takes {joules(window)} when the units are powered for {quantity(first.window, 's')}, "
        f"{joules(decision)} when they are switched off after the decision. The cells take {joules(first.array)} of it. Operations per second and watt reach "
        f"from {first.per_watt('all, window', 'events') / 1e9:.2g} GOPS/W (events, everything) to {first.per_watt('array', 'dense') / 1e9:.3g} (dense, cells "
        "alone): a figure without its bound says nothing."
    ]
    for each in result.efficiency[1:]:
        gain = each.per_watt("all, window", "dense") / first.per_watt("all, window", "dense")
        shared, alone = (one.synapses / one.units for one in (each, first))
        words.append(
            f"{tables.shape_name(each)}, with {shared:.0f} synapses a unit in the place of {alone:.0f}, has {gain:.2g} times the dense operations per joule."
        )
    return " ".join(words)
