"""``cosim code``: codes that store real numbers in the devices of a channel."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cosim.cli.channel import (
    bandwidth_option,
    bins_option,
    check_apart,
    delay_option,
    dropped_of,
    grid_of,
    levels_option,
    normalize_option,
    opened_matrix,
    raw_option,
    say_dropped,
    strict_option,
    unit_of,
)
from cosim.cli.options import FILE, json_option
from cosim.cli.output import check_writable, say, say_json, say_table, write_text
from cosim.errors import InputError
from cosim.units import engineering

if TYPE_CHECKING:
    from cosim._types import Array
    from cosim.channels.channel import Discretized
    from cosim.coding.scalar import ScalarCode
    from cosim.coding.sources import Source

COLUMNS = ("sample from", "to", "write", "probability")
SHOWN = 60


@click.group(short_help="Codes that store real numbers in devices.")
def code() -> None:
    """Joint source-channel codes: a real number goes into a device and comes back with a small error."""


@code.command(short_help="One device a sample.")
@click.argument("what", metavar="NAME|FILE")
@click.option("--source", default="gaussian", show_default=True, metavar="gaussian|FILE", help="What is stored: a Gaussian, or samples, one a line (or .npy).")
@delay_option
@click.option("--energy-budget", metavar="ENERGY", help="Mean energy of a write, at most.")
@click.option("--starts", type=click.IntRange(min=1, max=10_000), default=60, show_default=True, help="Starts of the search.")
@levels_option
@bins_option
@normalize_option
@raw_option
@bandwidth_option
@strict_option
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of the starts.")
@click.option("-o", "--output", type=FILE, help="Write the two tables of the code as JSON: encoder thresholds and writes, decoder bins and values.")
@json_option
def scalar(
    what: str,
    source: str,
    delay: str | None,
    energy_budget: str | None,
    starts: int,
    levels: int | None,
    bins: int,
    normalize: bool,
    raw_reads: bool,
    bandwidth: float,
    strict: bool,
    seed: int,
    output: Path | None,
    as_json: bool,
) -> None:
    """The best mapping that was found of a sample to one write and of a read back to a sample, beside the bound that no code beats (OPTA)."""
    import numpy as np

    from cosim.coding.scalar import design_scalar
    from cosim.units import parse

    if output is not None:
        if output.suffix != ".json":
            raise InputError(f"--output={output}: must end in .json")
        check_writable(output)
        check_apart(output, what, source)
    stored = _source(source)
    matrix, opened = opened_matrix(what, delay=delay, levels=levels, bins=bins, normalize=normalize, raw_reads=raw_reads, bandwidth=bandwidth, strict=strict)
    costs = budget = None
    if energy_budget is not None:
        budget = parse(energy_budget, "J", where="--energy-budget")
        costs = opened.energy(matrix.inputs)
    made = design_scalar(matrix.matrix, stored, starts=starts, rng=np.random.default_rng([seed, 7]), costs=costs, budget=budget)
    bits = _upper_bits(matrix, costs, budget)
    bound, why = _bound(bits, stored)
    values = {**_values(matrix, made, source=source, starts=starts, seed=seed), "capacity_bits": bits, "opta_db": bound, "no_opta": why}
    values["dropped"] = dropped_of(opened)
    if costs is not None:
        values |= {"energy_budget": budget, "energy": float(made.distribution @ costs)}
    if output is not None:
        import json

        from cosim.cli.output import plain_value

        write_text(output, json.dumps(plain_value({**values, **_tables(matrix, made)}), indent=1) + "\n")
    if as_json:
        say_json({**values, **_tables(matrix, made)})
    else:
        _show(matrix, made, values)


def _source(text: str) -> "Source":
    from cosim.coding.sources import gaussian, read_source

    return gaussian() if text == "gaussian" else read_source(Path(text))


def _upper_bits(matrix: "Discretized", costs: "Array | None", budget: float | None) -> float:
    """What the channel holds at most on its grid, within the budget where there is one."""
    from cosim.coding.capacity import capacity
    from cosim.coding.constrained import constrained_capacity

    return capacity(matrix.matrix).upper if costs is None or budget is None else constrained_capacity(matrix.matrix, costs, budget).upper


def _bound(bits: float, stored: "Source") -> tuple[float, str | None]:
    """OPTA [dB], or infinity and why there is none."""
    from cosim.coding.opta import MOST_RATE, opta
    from cosim.coding.sources import Gaussian

    if bits > MOST_RATE and not isinstance(stored, Gaussian):
        return math.inf, f"for samples it is computed up to {MOST_RATE:g} bits a device, and this one holds {bits:.3g}"
    found = opta(bits, source=stored)
    return found, None if math.isfinite(found) else f"{bits:.3g} bits a device may tell all of these samples apart"


def _values(matrix: "Discretized", made: "ScalarCode", *, source: str, starts: int, seed: int) -> dict[str, Any]:
    return {
        "channel": matrix.name,
        "delay": matrix.delay,
        "source": source,
        "levels": len(matrix.inputs),
        "bins": len(matrix.edges) - 1,
        "grid": grid_of(matrix),
        "starts": starts,
        "seed": seed,
        "snr_db": made.snr,
        "distortion": made.distortion,
        "information_bits": made.information,
    }


def _tables(matrix: "Discretized", made: "ScalarCode") -> dict[str, Any]:
    return {
        "thresholds": made.thresholds,
        "writes": matrix.inputs[made.levels],
        "read_edges": matrix.edges[1:-1],
        "values": made.reconstruction,
    }


def _show(matrix: "Discretized", made: "ScalarCode", values: dict[str, Any]) -> None:
    ends = ["-inf", *(f"{each:.4g}" for each in made.thresholds), "inf"]
    unit = unit_of(matrix.written.unit)
    writes = [engineering(float(each), unit, digits=5) for each in matrix.inputs[made.levels]]
    shares = made.distribution[made.levels].tolist()
    rows = list(zip(ends[:-1], ends[1:], writes, shares, strict=True))
    say_table(COLUMNS, rows[:SHOWN])
    if len(rows) > SHOWN:
        say(f"... {len(rows) - SHOWN} more, all of them with --json")
    used = len(set(made.levels.tolist()))
    spent = f", {engineering(values['energy'], 'J')} a write" if "energy" in values else ""
    bound, left = values["opta_db"], max(values["opta_db"] - values["snr_db"], 0.0)
    best = f"no code does better than {bound:.2f} dB (OPTA), so {left:.2f} dB are left" if values["no_opta"] is None else f"OPTA: - ({values['no_opta']})"
    say("")
    say_dropped(values["dropped"])
    say(f"{matrix.name}: {values['snr_db']:.2f} dB with {used} writes, one device a sample{spent}; {best}")
