"""``cosim channel``: storage channels, measured or by name: what they are, and how much a device holds."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cosim.cli.options import FILE, json_option
from cosim.cli.output import check_writable, say, say_json, say_table, write_text
from cosim.errors import InputError
from cosim.units import engineering

if TYPE_CHECKING:
    from cosim._types import Array
    from cosim.channels.channel import Channel, Discretized

SHOWN = 24  # rows of a table on a terminal
FINER_TOLERANCE = 1e-7  # bits, of the capacity on the finer grid
LEAST_SHARE = 1e-3  # of the writes: inputs that are used less are not counted
FIT_COLUMNS = 5  # of the summary that a terminal shows
LEVEL_COLUMNS = ("written", "probability")

delay_option = click.option(
    "--delay",
    metavar="TIME",
    help="Between write and read (pcm-joshi2020, pcm-hermes: first read and read). Default: the shortest that it was measured or fitted at.",
)
strict_option = click.option("--strict", is_flag=True, help="Refuse a delay outside of the range that the channel was measured or fitted in.")
bins_option = click.option("--bins", type=click.IntRange(min=2, max=20_000), default=1000, show_default=True, help="Bins of the reads.")
levels_option = click.option("--levels", type=click.IntRange(min=2, max=20_000), help="Inputs to take. Default: those that it was measured at.")
normalize_option = click.option("--normalize", is_flag=True, help="A table: reads relative to each device's mean at the lowest write level.")
raw_option = click.option("--raw-reads", is_flag=True, help="A table: reads as they are, in the place of their logarithm.")
bandwidth_option = click.option(
    "--bandwidth", type=float, default=1.0, show_default=True, help="A table: factor on Scott's bandwidth of the kernels, 0.01..100."
)


@click.group(short_help="Storage channels and their capacity.")
def channel() -> None:
    """Storage channels: what stores a value and gives it back changed. Tables are CSV, npz or pkl with columns written, read[, delay][, device][, energy]."""


@channel.command("list", short_help="The channels that have a name.")
@json_option
def list_(as_json: bool) -> None:
    """List the channels that have a name, and what they need."""
    from cosim.channels.named import NAMES

    if as_json:
        say_json([{"name": name, "description": each.description, "needs_data": each.needs_data} for name, each in NAMES.items()])
    else:
        say_table(("channel", "needs data", "what it is"), [(name, "yes" if each.needs_data else "-", each.description) for name, each in NAMES.items()])


@channel.command(short_help="Fit a channel to a table of measurements.")
@click.argument("table", metavar="FILE", type=FILE)
@click.option("--delay", metavar="TIME", help="A table with delays: the measured one nearest to it is shown. Default: the shortest.")
@normalize_option
@raw_option
@bandwidth_option
@click.option("-o", "--output", type=FILE, help="Write moments and quantiles of each level (.csv).")
@json_option
def fit(table: Path, delay: str | None, normalize: bool, raw_reads: bool, bandwidth: float, output: Path | None, as_json: bool) -> None:
    """Fit a channel to a FILE of reads: kernel density of each write level, and the moments."""
    from cosim.channels.channel import check_delay
    from cosim.channels.measured import MeasuredChannel
    from cosim.channels.named import NAMES, open_channel
    from cosim.channels.summary import COLUMNS, fit_summary

    if output is not None:
        if output.suffix != ".csv":
            raise InputError(f"--output={output}: must end in .csv")
        check_writable(output)
        check_apart(output, table)
    if str(table) in NAMES:
        raise InputError(f"channel fit, FILE={table}: must be a table of measurements; this channel has a name and needs no fit")
    with warned():
        found = open_channel(table, normalize=normalize, raw_reads=raw_reads, bandwidth=bandwidth)
    if not isinstance(found, MeasuredChannel):
        raise InputError(f"channel fit, FILE={table}: must be a table of measurements")
    at = found.delays[0] if delay is None else _delay(delay)
    with warned():
        check_delay(found, at)
    summary = fit_summary(found, delay=at)
    if output is not None:
        write_text(output, summary.to_csv())
    if as_json:
        say_json({"channel": found.name, "delay": summary.delay, **summary.values()})
        return
    rows = [row[:FIT_COLUMNS] for row in summary.rows()]
    say_table(COLUMNS[:FIT_COLUMNS], rows[:SHOWN])
    if len(rows) > SHOWN:
        say(f"... {len(rows) - SHOWN} more, all of them with --json or -o")
    say(f"\n{summary}")
    if summary.delay != at:
        say(f"shown are the reads after {engineering(summary.delay, 's')}, of the measured delays the nearest to {engineering(at, 's')}")


@channel.command(short_help="How much a device holds, certified.")
@click.argument("what", metavar="NAME|FILE")
@delay_option
@click.option("--energy-budget", metavar="ENERGY", help="Mean energy of a write, at most.")
@click.option("--reads", type=click.IntRange(min=2, max=1024), help="Read states; with --writes.")
@click.option("--writes", type=click.IntRange(min=2, max=1024), help="Write states; with --reads.")
@levels_option
@bins_option
@normalize_option
@raw_option
@bandwidth_option
@strict_option
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of the search for write states.")
@json_option
def capacity(
    what: str,
    delay: str | None,
    energy_budget: str | None,
    reads: int | None,
    writes: int | None,
    levels: int | None,
    bins: int,
    normalize: bool,
    raw_reads: bool,
    bandwidth: float,
    strict: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Capacity of a channel in bits a device, with an upper bound that proves it, and the writes that reach it.

    The bound is on the channel with the levels and the bins that are named; more bins never hold less. What a grid twice as fine holds is printed beside it.
    """
    if (reads is None) != (writes is None):
        raise InputError("channel capacity: --reads and --writes must be given together")
    if reads is not None and energy_budget is not None:
        raise InputError("channel capacity, --energy-budget: must be left out with --reads and --writes")
    matrix, opened = opened_matrix(what, delay=delay, levels=levels, bins=bins, normalize=normalize, raw_reads=raw_reads, bandwidth=bandwidth, strict=strict)
    if reads is not None and writes is not None:
        found = _of_states(matrix, reads=reads, writes=writes, seed=seed)
    elif energy_budget is not None:
        found = _within_budget(matrix, opened, energy_budget)
    else:
        found = _free(matrix, opened)
    dropped = dropped_of(opened)
    if as_json:
        say_json({**_values(matrix), "dropped": dropped, **found, "seed": seed})
        return
    _show(matrix, found, dropped)


def opened_matrix(
    what: str, *, delay: str | None, levels: int | None, bins: int, normalize: bool, raw_reads: bool, bandwidth: float, strict: bool
) -> "tuple[Discretized, Channel]":
    """A channel as a matrix, and the channel, from what stands on the command line."""
    from cosim.channels.channel import discretize
    from cosim.channels.named import open_channel

    with warned():
        opened = open_channel(what, normalize=normalize, raw_reads=raw_reads, bandwidth=bandwidth)
        after = opened.delays[0] if delay is None else _delay(delay)
        return discretize(opened, levels=levels, bins=bins, delay=after, strict=strict), opened


@contextmanager
def warned() -> Iterator[None]:
    """Warnings about delays and reads as lines on stderr."""
    from cosim.channels.channel import ChannelWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ChannelWarning)
        yield
    for other in (each for each in caught if not issubclass(each.category, ChannelWarning)):
        warnings.showwarning(other.message, other.category, other.filename, other.lineno)
    for text in dict.fromkeys(str(each.message) for each in caught if issubclass(each.category, ChannelWarning)):
        click.echo(f"cosim: {text}", err=True)


def _delay(text: str) -> float:
    """A delay, zero included [s]."""
    from cosim.units import parse

    value = parse(text, "s", where="--delay")
    if value < 0:
        raise InputError(f"--delay={text}: must be >= 0 s")
    return value


def check_apart(output: Path, *inputs: Path | str) -> None:
    """Refuse an output that is one of the inputs.

    Raises:
        InputError: they are the same file.
    """
    for each in inputs:
        with suppress(OSError, ValueError):  # one of them is not there, or no name of a file
            if output.samefile(each):
                raise InputError(f"--output={output}: must be another file than the input {each}")


def dropped_of(opened: "Channel") -> dict[str, int]:
    """Rows of its table that were left out, by reason."""
    return {reason: count for reason, count in getattr(opened, "dropped", {}).items() if count}


def say_dropped(dropped: dict[str, int]) -> None:
    """One line on the rows that were left out; none without any."""
    from cosim.channels.summary import dropped_rows

    if dropped:
        say(f"rows of the table that were left out: {dropped_rows(dropped)}")


def grid_of(matrix: "Discretized") -> str:
    """Levels and bins in words."""
    return f"{len(matrix.inputs)} levels of {matrix.written.name}, {len(matrix.edges) - 1} bins of {matrix.read.name}"


def _free(matrix: "Discretized", opened: "Channel") -> dict[str, Any]:
    from cosim.channels.channel import refined
    from cosim.coding.capacity import capacity as solve

    found, finer = solve(matrix.matrix), refined(opened, matrix)
    return {
        "bits": found.bits,
        "upper_bits": found.upper,
        "gap_bits": found.gap,
        "bits_on_finer_grid": None if finer is None else solve(finer.matrix, tolerance=FINER_TOLERANCE).bits,
        **_used(matrix.inputs, found.distribution),
    }


def _within_budget(matrix: "Discretized", opened: "Channel", text: str) -> dict[str, Any]:
    from cosim.channels.channel import refined
    from cosim.coding.constrained import constrained_capacity
    from cosim.units import parse

    budget = parse(text, "J", where="--energy-budget")
    found, finer = constrained_capacity(matrix.matrix, opened.energy(matrix.inputs), budget), refined(opened, matrix)
    bits = None if finer is None else constrained_capacity(finer.matrix, opened.energy(finer.inputs), budget, tolerance=FINER_TOLERANCE).bits
    return {
        "bits": found.bits,
        "upper_bits": found.upper,
        "gap_bits": found.upper - found.bits,
        "bits_on_finer_grid": bits,
        "energy_budget": budget,
        "energy": found.cost,
        "bits_per_joule": found.multiplier,
        **_used(matrix.inputs, found.distribution),
    }


def _of_states(matrix: "Discretized", *, reads: int, writes: int, seed: int) -> dict[str, Any]:
    import numpy as np

    from cosim.coding.states import state_capacity

    if writes > len(matrix.inputs):
        raise InputError(f"--writes={writes}: must be at most {len(matrix.inputs)}, the levels of the channel")
    found = state_capacity(matrix.matrix, writes=writes, reads=reads, rng=np.random.default_rng([seed, 6]))
    levels = matrix.inputs[found.levels]
    return {
        "bits": found.bits,
        "upper_bits": found.upper,
        "writes": writes,
        "reads": reads,
        "read_levels": matrix.edges[found.edges[1:-1]],
        **_used(levels, found.distribution),
    }


def _used(inputs: "Array", distribution: "Array") -> dict[str, Any]:
    kept = distribution > LEAST_SHARE
    return {"inputs": inputs[kept], "distribution": distribution[kept], "least_share": LEAST_SHARE}


def _values(matrix: "Discretized") -> dict[str, Any]:
    return {
        "channel": matrix.name,
        "written": matrix.written.name,
        "written_unit": matrix.written.unit,
        "read": matrix.read.name,
        "read_unit": matrix.read.unit,
        "delay": matrix.delay,
        "levels": len(matrix.inputs),
        "bins": len(matrix.edges) - 1,
        "grid": grid_of(matrix),
    }


def _show(matrix: "Discretized", found: dict[str, Any], dropped: dict[str, int]) -> None:
    rows = list(zip(found["inputs"].tolist(), found["distribution"].tolist(), strict=True))
    say_table(LEVEL_COLUMNS, [(f"{engineering(value, unit_of(matrix.written.unit), digits=5)}", share) for value, share in rows[:SHOWN]])
    if len(rows) > SHOWN:
        say(f"... {len(rows) - SHOWN} more, all of them with --json")
    after = f" after {engineering(matrix.delay, 's')}" if matrix.delay else ""
    say(f"\n{matrix.name}{after}, {grid_of(matrix)}")
    say_dropped(dropped)
    if "reads" in found:
        searched = "the best that was found; the bound is that of the channel on this grid and of the numbers of states"
        say(f"with {found['writes']} write and {found['reads']} read states: {found['bits']:.5g} bits a device, at most {found['upper_bits']:.5g} ({searched})")
        return
    spent = f", at {engineering(found['energy'], 'J')} of {engineering(found['energy_budget'], 'J')} a write" if "energy" in found else ""
    finer = found["bits_on_finer_grid"]
    twice = "one twice as fine would be too large" if finer is None else f"one twice as fine: {finer:.6g}"
    proof = f"certified: at most {found['upper_bits']:.6g} on this grid, gap {found['gap_bits']:.1e}; {twice}"
    say(f"capacity {found['bits']:.6g} bits a device{spent} ({proof}); {len(rows)} levels have more than {100 * LEAST_SHARE:g} % of the writes")


def unit_of(unit: str) -> str:
    """The unit behind a number: nothing for a pure one."""
    return "" if unit == "1" else unit
