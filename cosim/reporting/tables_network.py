"""Tables of the network's chapter, the numbers that its figures and texts share with them, and its assumptions."""

from collections.abc import Sequence

import numpy as np

from cosim._types import Array
from cosim.claims import Claim
from cosim.codesign.network.efficiency import BOUNDS, Efficiency
from cosim.codesign.network.efficiency import assumptions as of_energy
from cosim.codesign.network.grids import Sampled
from cosim.reporting.blocks import Block, Column, bullets, marked, table, text
from cosim.reporting.style import MINUS, band, listing, measured, percent, quantity
from cosim.snn.network import TrainedNetwork, margins
from cosim.studies.lim2025.inference import CLAIMS, InferenceResult
from cosim.studies.lim2025.inference.claims import SETS
from cosim.studies.lim2025.inference.points import Point
from cosim.studies.lim2025.inference.study import ANALOG
from cosim.studies.lim2025.inference.training import MNIST_EPOCHS, MNIST_IMAGES
from cosim.sweep.yields import clopper_pearson

FIRST = 10  # images on which the classes differ that are listed
TOGETHER = "all together"  # the last row of the budget
HOWS = {"model": "weights, in the model", "units": "units, superposed", "circuit": "circuit, simulated whole"}  # of a row of the budget
WAYS = {  # of reading a chip -> how it is called
    "absolute": "as they are",
    "baseline": "over their baselines",
    "trimmed_absolute": "as they are, gains trimmed",
    "trimmed": "over their baselines, gains trimmed",
}


def claim(name: str) -> Claim:
    """A claim of the study by the last part of its id."""
    return next(each for each in CLAIMS if each.id.endswith(f".{name}"))


def bits_name(bits: int) -> str:
    """``1 bit``, ``3 bits``, ``no levels``."""
    return "no levels" if bits == ANALOG else f"{bits}\N{NO-BREAK SPACE}bit{'s' if bits > 1 else ''}"


def with_interval(within: int, cells: int, *, digits: int = 1) -> str:
    """A share with its 95 % interval: ``93.9 % (92.3 to 95.2)``; in words where nothing was counted."""
    if not cells:
        return "no run passed"
    return _in_brackets(within / cells, clopper_pearson(within, cells), digits=digits)


def _in_brackets(share: float, interval: tuple[float, float], *, digits: int) -> str:
    """A share and its interval behind it."""
    low, high = interval
    return f"{percent(share, digits=digits)} ({100 * low:.{digits}f} to {100 * high:.{digits}f})"


def points_lost(value: float, *, digits: int = 1) -> str:
    """Points of accuracy with a true minus, and none for what rounds to zero."""
    shown = f"{100 * value:.{digits}f}"
    return f"{0.0:.{digits}f}" if not float(shown) else shown.replace("-", MINUS)


def leads(result: InferenceResult) -> Array:
    """``(images,)`` how far the best output of the network on its arrays is above the second, over the best."""
    return margins(result.check.scores)


def shown_image(result: InferenceResult) -> int:
    """Row of the image that is drawn: of those that circuit and network put into the right class, the one whose wave error is in the middle."""
    found = result.check.agreement
    right = np.flatnonzero((found.circuit == found.labels) & (found.network == found.labels))
    rows = right if right.size else np.flatnonzero(found.circuit >= 0)
    errors = found.waves[rows]
    return int(rows[np.argsort(errors, kind="stable")[(len(rows) - 1) // 2]])


def mean_gains(result: InferenceResult) -> dict[int, float]:
    """Bits -> gain of the mapping, geometric mean over the networks; without that of no levels, which is 1."""
    bits = [each for each in result.gains[0] if each != ANALOG]
    return {each: float(np.exp(np.mean([np.log(gains[each]) for gains in result.gains]))) for each in sorted(bits)}


def simulated(result: InferenceResult, *, noisy: bool) -> list[Point]:
    """Points with read noise, or those without noise that have a tuning error, of which at least one run passed."""
    found = [each for each in result.points.values() if each.done.any()]
    if noisy:
        return [each for each in found if each.setting.noise]
    return [each for each in found if not each.setting.noise and each.setting.tuning_error]


def widest(sampled: Sampled) -> float:
    """Largest half width of a 95 % interval of a grid; NaN if there is only one sample."""
    return float(np.max(sampled.half_width))


def noise_costs(result: InferenceResult) -> tuple[float, float] | None:
    """Accuracy that the read noise of the design costs network and perceptron at the chosen bits; None where the grids lack one of the two."""
    chosen, level, grids = result.design.network.chosen_bits, result.design.neuron.noise, (result.noise, result.ann_noise)
    if any(chosen not in grid.bits or level not in grid.deviations for grid in grids):
        return None
    network, perceptron = (grid.at(chosen, min(grid.deviations))[0] - grid.at(chosen, level)[0] for grid in grids)
    return network, perceptron


def schooling(result: InferenceResult) -> dict[str, str]:
    """Shape of a network with a hidden layer -> what it was trained on, and how often it is right."""
    trained, found = result.trained, {}
    for network, images in trained.deep:
        number, epochs, only = (MNIST_IMAGES, MNIST_EPOCHS, " only") if _of_mnist(result, network) else (len(trained.train), result.design.network.epochs, "")
        right = "" if network.accuracy is None else f", right in {percent(network.accuracy)} of {len(images)} others"
        found[shape_name(network)] = f"trained on {number} images in {epochs} epochs{only}{right}"
    return found


def _of_mnist(result: InferenceResult, network: TrainedNetwork) -> bool:
    """Whether a network was trained on the part of MNIST; the others see the images of the study."""
    return network.shape[0] != result.trained.network.shape[0]


def tuned_error(result: InferenceResult) -> float:
    """Root of the mean square of the errors of the tuned array, relative to the target."""
    return float(np.sqrt(np.mean(result.errors**2)))


def agreeing(result: InferenceResult) -> tuple[int, int, int, int]:
    """Decided images that agree, of how many; undecided ones that do, of how many; those whose runs failed are in none."""
    found = result.check.agreement
    done, equal = found.circuit >= 0, found.circuit == found.network
    counts = [int(np.sum(part & done & also)) for part in (found.decided, ~found.decided) for also in (equal, np.ones_like(done))]
    return counts[0], counts[1], counts[2], counts[3]


def verdict(result: InferenceResult) -> Block:
    """What became of all test images."""
    checked = result.check
    found, (agree, decided, others, undecided) = checked.agreement, agreeing(result)
    total, waves = decided + undecided, found.waves[np.isfinite(found.waves)]
    taus = checked.network.layers[0].taus
    failed = int(found.failed.size)
    names = {"ideal": "network as it was trained", "network": "network with the array's conductances", "circuit": "circuit"}
    rows: list[list[object]] = [
        [f"accuracy, {what}", with_interval(*checked.right(which)), f"{checked.right(which)[1]} images"] for which, what in names.items()
    ]
    rows += [
        ["error bound of the lead", percent(found.bound.error, digits=2), f"on {found.bound.images} training images, frozen before the check"],
        ["undecided: lead below the bound", with_interval(undecided, total), f"{undecided} of {total}"],
        ["decided images that agree", f"{agree} of {decided}", marked("pass" if decided and agree == decided else "fail")],
        ["undecided images that agree", f"{others} of {undecided}", "not held against the circuit"],
        ["runs that failed", f"{failed} of {len(found.labels)}", "left out of all rows above" if failed else "none is left out"],
        [
            "largest deviation of a membrane",
            f"median {percent(float(np.median(waves)))}, worst {percent(float(waves.max()))}",
            f"over the highest one{f', circuit {moved_by(checked.lag)}' if checked.lag else ''}",
        ],
        [
            "decay of synapse and membrane",
            f"{measured(checked.taus.fall, 's')} and {measured(checked.taus.membrane, 's')}",
            f"trained with {quantity(taus.fall, 's')} and {quantity(taus.membrane, 's')}",
        ],
        ["time of one image", measured(checked.circuit.seconds / len(found.labels), "s"), "on one core"],
    ]
    return table(
        f"The verdict on {len(found.labels)} test images, {checked.variant} with ideal biases",
        [Column("measure", width="1.2"), Column("value", width="0.8"), Column("note", width="1.2")],
        rows,
        caption="In brackets the 95 % interval of a share (Clopper and Pearson).",
    )


def differing(result: InferenceResult) -> Block:
    """The first images on which circuit and network give different classes, or a line that there is none."""
    rows = result.check.differing
    if not rows:
        return text("There is no image on which circuit and network give different classes.")
    held = sum(each.decided for each in rows)
    return table(
        f"Images on which the classes differ: {len(rows)}, {held} of them decided",
        [Column(each, "right") for each in ("image", "label", "network", "circuit", "lead of the network")] + [Column("verdict")],
        [
            [each.image, each.label, each.network, each.circuit, percent(each.margin, digits=2), marked("fail") if each.decided else "undecided"]
            for each in rows[:FIRST]
        ],
        caption=f"The first {FIRST}." if len(rows) > FIRST else "",
    )


def points(result: InferenceResult) -> Block:
    """Every chip of the grids that was run in the circuit, beside the model of the same chip on the same images."""
    rows = []
    for each in sorted(result.points.values(), key=lambda one: (one.setting.noise, one.setting.tuning_error, one.setting.bits)):
        (right, done), (expected, _) = each.right("circuit"), each.right("model")
        setting = each.setting
        rows.append(
            [
                bits_name(setting.bits),
                percent(setting.tuning_error, digits=0),
                percent(setting.noise, digits=0),
                with_interval(right, done),
                percent(expected / done) if done else "",
                f"{each.equal} of {done}",
            ]
        )
    return table(
        "Points of the grids in the circuit, network of seed 0",
        [
            Column("weights", width="0.7"),
            Column("tuning error", "right", "0.8"),
            Column("read noise", "right", "0.8"),
            Column("circuit (95 %)", "right", "1.5"),
            Column("model, same images", "right", "1.3"),
            Column("equal classes", "right", "1"),
        ],
        rows,
        caption="One chip each, the same draws in both. Errors are relative to the target. Few images: the intervals are wide, the last column is what says "
        "how well the model stands for the circuit.",
        size=8.0,
        long=True,
    )


def budget(result: InferenceResult) -> Block:
    """What each source of error costs."""
    rows = [
        [
            each.source,
            each.setting,
            HOWS[each.how],
            each.images,
            each.chips,
            percent(each.base),
            points_lost(each.loss, digits=2),
            f"{points_lost(each.low, digits=2)} to {points_lost(each.high, digits=2)}",
        ]
        for each in result.budget
    ]
    return table(
        "Error budget: points of accuracy that each source costs",
        [
            Column("source"),
            Column("size", width="1"),
            Column("how"),
            Column("images", "right"),
            Column("chips", "right"),
            Column("without it", "right"),
            Column("lost", "right"),
            Column("95 %", "right"),
        ],
        rows,
        caption="The difference on the same images with and without the source, mean over the chips; a loss below 0 is a gain. The interval is that of other "
        "images, and of other chips where more than one was drawn. All together is a tuned chip: device variation is left out of it, since tuning takes "
        "it away.",
        size=8.0,
    )


def yields(result: InferenceResult) -> Block:
    """How many chips are good, each way to read them."""
    rows = []
    for way, accuracies in result.chips.accuracies.items():
        good, chips = result.chips.good(way)
        rows.append(
            [
                WAYS[way],
                *(percent(float(each)) for each in (np.median(accuracies), accuracies.min())),
                f"{good} of {chips}",
                _in_brackets(result.chips.share(way), result.chips.interval(way), digits=0),
            ]
        )
    trim = result.chips.trim
    return table(
        "Chips that are good enough, by how their membranes are compared",
        [Column("membranes compared", width="1"), *(Column(each, "right") for each in ("median", "worst chip", "good chips", "yield (95 %)"))],
        rows,
        caption=f"Good: at least {percent(result.chips.goal)}, {points_lost(result.design.network.goal, digits=0)} point below the same units without mismatch "
        f"on the same images. The trim of a column's gain has {trim.bits} bits over {band(trim.span)}.",
    )


def spreads(result: InferenceResult) -> Block:
    """How far the units of drawn chips lie apart."""
    gains, decays, baselines = result.drawn.gains, result.drawn.decays, result.drawn.baselines
    rows = []
    for name, values, unit, over in (("peak", gains, "V", gains), ("decay of the membrane", decays, "s", decays), ("baseline", baselines, "V", gains)):
        scale = float(over.mean())
        rows.append(
            [
                name,
                measured(float(values.mean()), unit),
                percent(float(values.std(ddof=1)) / scale, digits=2),
                percent(within_chips(values) / scale, digits=2),
                percent(float(np.ptp(values, axis=1).max()) / scale, digits=1),
            ]
        )
    return table(
        f"Units of {len(result.drawn)} drawn chips, {gains.shape[1]} columns each",
        [Column("measure", width="1"), *(Column(each, "right") for each in ("mean", "sd of all units", "sd in a chip", "widest chip"))],
        rows,
        caption="One spike of full weight. Deviations of the peak and of the decay over their mean, those of the baseline over the mean peak. Widest chip: "
        "largest distance between two columns of one chip. A peak or a baseline that all columns of a chip share moves no class.",
    )


def within_chips(values: Array) -> float:
    """Standard deviation between the columns of one chip, for ``values (chips, columns)``; root of the mean variance."""
    return float(np.sqrt(np.mean(values.var(axis=1, ddof=1))))


def shape_name(found: Efficiency | TrainedNetwork) -> str:
    """``64-21-10``."""
    return "-".join(map(str, found.shape))


def efficiency(result: InferenceResult) -> Block:
    """Energy of one inference and operations per joule, within each bound."""
    rows = []
    for each in result.efficiency:
        for bound in BOUNDS:
            powers = [f"{each.per_watt(bound, counting) / 1e9:#.3g}".rstrip(".") for counting in ("dense", "events")]
            first = bound == BOUNDS[0]
            name, cells = (shape_name(each), "pairs" if each.pairs else "one cell") if first else ("", "")
            rows.append([name, cells, bound, joules(each.energy(bound)), *powers])
    hidden = " Units of a network with a hidden layer have their spike output, and amplifiers for both columns of a pair." if len(result.efficiency) > 1 else ""
    return table(
        "Energy of one inference, and operations per second and watt",
        [
            Column("network"),
            Column("synapse"),
            Column("counted in", width="1"),
            Column("energy", "right"),
            Column("dense (GOPS/W)", "right"),
            Column("events (GOPS/W)", "right"),
        ],
        rows,
        source="Lim 2025, Fig. S8",
        caption="Dense counts two operations for every synapse, events two for each that conducts. Window: units powered all the time of an image; decision: "
        f"only until the last membrane has had its peak.{hidden}",
    )


def energy_assumptions(result: InferenceResult) -> Block:
    """What stands behind the energies, by topic; a sentence that differs between the networks is there for each."""
    sentences = {shape_name(each): of_energy(each) for each in result.efficiency}
    items = []
    for topic in sentences[next(iter(sentences))]:
        some = [each[topic] for each in sentences.values()]
        same = len(set(some)) == 1
        items += [(f"{topic}.", some[0])] if same else [(f"{topic}, {name}.", each) for name, each in zip(sentences, some, strict=True)]
    return bullets(items)


def joules(value: float) -> str:
    """A measured energy: ``100 µJ``."""
    return measured(value, "J")


def assumptions(result: InferenceResult) -> list[tuple[str, str]]:
    """Title and text of what the numbers of the chapter rest on."""
    return [*_of_networks(result), *_of_circuits(result)]


def _of_networks(result: InferenceResult) -> list[tuple[str, str]]:
    wanted, trained, encoding = result.design.network, result.trained, result.trained.network.encoding
    return [
        (
            "The images are one split.",
            f"{trained.train.name}: {len(trained.train)} to train on, {len(trained.test)} to test, each digit in the same share. Intervals over networks hold "
            "for other trainings on these images, not for other images.",
        ),
        (
            "The latency code is completed.",
            f"The equation is not in the paper's text; the usual one is taken, with tau of {quantity(encoding.tau, 's')}, threshold {encoding.threshold:g} "
            f"and latest spike at {quantity(encoding.latest, 's')}.",
        ),
        (
            "Grids are computed by the model of each chip.",
            f"{len(trained.networks)} networks, {wanted.draws} chips of each, without a circuit; points of them are simulated with {_few(result)} images. "
            "That weights are scaled before they are rounded to levels is ours; the gain is found on the images of the training.",
        ),
        (
            "Tuning errors are normal and independent.",
            f"Those of the tuned array are drawn from its {result.errors.size} cells, whatever their target. Nothing drifts after tuning, and no cell is "
            "stuck.",
        ),
        *_of_deep(result),
    ]


def _of_deep(result: InferenceResult) -> list[tuple[str, str]]:
    """Networks that were not trained as long as they could be."""
    taught = schooling(result)
    names = [shape_name(network) for network, _ in result.trained.deep if _of_mnist(result, network)]
    return [
        (
            f"{name} is trained on a part of MNIST.",
            f"It is {taught[name]}: it stands for its sparsity and its energy, not for its accuracy, and a longer training may move them.",
        )
        for name in names
    ]


def _few(result: InferenceResult) -> int:
    return max((len(each.labels) for each in result.points.values()), default=0)


def _of_circuits(result: InferenceResult) -> list[tuple[str, str]]:
    wanted, neuron, cards = result.design.network, result.design.neuron, result.cards
    beside = "; some chips, simulated whole, stand beside them" if result.whole else ""
    return [
        (
            "The check has ideal biases.",
            f"All test images run on {cards['ideal'].name} with ideal op-amps at 27 °C, nominal. In the budget mismatch, offsets, temperature and "
            f"all together are those of {cards['built'].name}; wires alone are simulated with {cards['ideal'].name}.",
        ),
        (
            "Cells of silent inputs are left out.",
            "Their transistors are off, and their leakage is taken as 0. Inputs come from ideal sources; the highest membrane is found without a circuit.",
        ),
        (
            "Read noise has one size.",
            f"{percent(neuron.noise, digits=0)} of each cell's current, correlated over {quantity(neuron.correlation_time, 's')}, at every conductance.",
        ),
        (
            "Drawn chips are superposed.",
            f"One run of each of {len(result.drawn)} chips gives the potential of every column, and images are sums of these; what the gain of a unit does at "
            f"many spikes at once is not in them{beside}. Memristors are exact there, offsets zero, and the trim knows the gains without an error.",
        ),
        (
            "The budget adds nothing up.",
            f"Every source stands alone, except in the last row. Segments of {quantity(wanted.wire_resistance, 'ohm')} and a spread of "
            f"{percent(wanted.variation, digits=0)} are assumed. All together is one chip with what its row lists; device variation is left out of it, since "
            "tuning takes it away.",
        ),
    ]


def missing_sets(result: InferenceResult) -> Sequence[str]:
    """Names of the sets of images whose sparsity is not there."""
    return [f"{title} ({name})" for name, title in SETS.items() if name not in result.sparsity]


def moved_by(lag: float) -> str:
    """``1.2 ms later``, or earlier."""
    return f"{quantity(abs(lag), 's')} {'later' if lag > 0 else 'earlier'}"


def how_often(count: int) -> str:
    """``once``, ``3 times``."""
    return "once" if count == 1 else f"{count} times"


def said(names: Sequence[str]) -> str:
    """Names as a list, or none."""
    return listing(names) if names else "none"
