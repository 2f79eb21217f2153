"""What the commands on networks share: their files, the images that they are trained and tested on, and the options of the mapping."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cosim.cli.options import require_packages
from cosim.errors import InputError, reject

if TYPE_CHECKING:
    from cosim.circuits.corners import Corner, Mismatch
    from cosim.codesign.network.mapping import MappingPlan
    from cosim.codesign.network.noise import ReadNoisePlan
    from cosim.snn.data import Examples
    from cosim.snn.network import TrainedNetwork

SPLIT_SEED = 1  # of the images that no network is trained on; the same in every command
WITH_PARTS = ("mnist", "fashion")  # sets whose makers say which images are for the test
Command = TypeVar("Command", bound=Callable[..., Any])

data_option = click.option("--data", "data_name", metavar="SET", default="digits", show_default=True, help="digits, optdigits, mnist or fashion.")


def mapping_options(command: Command) -> Command:
    """Options of everything that the mapping adds to the weights."""
    options = (
        click.option("--bits", type=int, default=0, show_default=True, help="Bits of a weight; 0 for analog weights."),
        click.option(
            "--gain",
            metavar="FACTOR",
            default="1",
            show_default=True,
            help="On the weights, cut off at 1; auto fits it, and the rounding, to the training images.",
        ),
        click.option("--tuning-error", metavar="SHARE", default="0 %", show_default=True, help="Standard deviation of a tuned conductance."),
        click.option("--variation", metavar="SHARE", default="0 %", show_default=True, help="Device-to-device spread that tuning leaves."),
        click.option("--stuck-low", metavar="SHARE", default="0 %", show_default=True, help="Cells that stay at the lowest conductance."),
        click.option("--stuck-high", metavar="SHARE", default="0 %", show_default=True, help="Cells that stay at the highest conductance."),
        click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the chip: which draw of its devices."),
    )
    for each in reversed(options):
        command = each(command)
    return command


def circuit_options(command: Command) -> Command:
    """Options of what moves the circuit away from its nominal self."""
    options = (
        click.option("--temperature", metavar="CELSIUS", default="27", show_default=True, help="Of all devices."),
        click.option("--mismatch", metavar="A_VT", default="0 mV um", show_default=True, help="Spread of each transistor's threshold times the root of W L."),
        click.option("--wires", metavar="RESISTANCE", default="0 ohm", show_default=True, help="One segment of a bit or source line."),
        click.option("--noise", metavar="SHARE", default="0 %", show_default=True, help="Read noise of a cell."),
        click.option("--noise-time", metavar="TIME", default="1 ms", show_default=True, help="Over which the read noise is correlated."),
    )
    for each in reversed(options):
        command = each(command)
    return command


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What the options of `circuit_options` stand for."""

    corner: "Corner"
    mismatch: "Mismatch"
    wire_resistance: float
    noise: "ReadNoisePlan | None"
    supply: str | None

    @property
    def values(self) -> dict[str, Any]:
        """All of them, in SI units."""
        noise = self.noise
        return {
            "temperature": self.corner.temperature,
            "supply": self.supply,
            "a_vt": self.mismatch.a_vt,
            "wire_resistance": self.wire_resistance,
            "noise": noise.deviation if noise else 0.0,
            "noise_correlation_time": noise.correlation_time if noise else None,
        }

    def __str__(self) -> str:
        """Those that are not nominal."""
        from cosim.units import engineering

        noise = self.noise
        said = {
            f"{self.corner.temperature:g} degC": self.corner.temperature != 27.0,
            f"supply {self.supply}": self.supply is not None,
            f"mismatch {1e9 * self.mismatch.a_vt:g} mV um": self.mismatch.a_vt > 0,
            f"wires {self.wire_resistance:g} ohm a segment": self.wire_resistance > 0,
            f"read noise {100 * noise.deviation:g} %, {engineering(noise.correlation_time, 's')}" if noise else "": noise is not None,
        }
        return "; ".join(words for words, moved in said.items() if moved)

    @classmethod
    def of(cls, *, temperature: str, mismatch: str, wires: str, noise: str, noise_time: str, supply: str | None, seed: int) -> "Conditions":
        """Read the options; the supply is in the card already and here for the record."""
        from cosim.circuits.corners import Corner, Mismatch
        from cosim.codesign.network.noise import ReadNoisePlan
        from cosim.units import parse

        deviation = share(noise, "--noise")
        traces = ReadNoisePlan(deviation=deviation, correlation_time=parse(noise_time, "s", where="--noise-time"), seed=seed)
        return cls(
            corner=Corner(temperature=parse(temperature, "degC", where="--temperature")),
            mismatch=Mismatch(a_vt=parse(mismatch, "V*m", where="--mismatch")),
            wire_resistance=parse(wires, "ohm", where="--wires"),
            noise=traces if deviation else None,
            supply=supply,
        )


def mapping_plan(*, bits: int, rounding: tuple[float, tuple[float, ...]], tuning_error: str, variation: str, stuck_low: str, stuck_high: str) -> "MappingPlan":
    """The plan that the options stand for."""
    from cosim.codesign.network.mapping import MappingPlan

    return MappingPlan(
        gain=rounding[0],
        rates=rounding[1],
        bits=bits,
        tuning_error=share(tuning_error, "--tuning-error"),
        variation=share(variation, "--variation"),
        stuck_low=share(stuck_low, "--stuck-low"),
        stuck_high=share(stuck_high, "--stuck-high"),
    )


def rounding_of(text: str, network: "TrainedNetwork", data_name: str, *, bits: int) -> tuple[float, tuple[float, ...]]:
    """The number that ``--gain`` gives, or the best one on the images to train with and the rates of its inputs in these.

    Raises:
        InputError: it is no number above 0, or there is no best one for a network of several layers.
    """
    if text != "auto":
        from cosim.units import parse

        value = parse(text, "1", where="--gain")
        if not value > 0:
            raise InputError(f"--gain={text}: must be > 0, or auto")
        return value, ()
    from cosim.codesign.network.gain import best_gain, firing_rates
    from cosim.codesign.network.mapping import MappingPlan
    from cosim.design import Design
    from cosim.devices.memristor.card import load_memristor

    images = training_images(data_name)
    require_fit("--gain=auto", network, images)
    rates = firing_rates(network, images)
    return best_gain(network, load_memristor(Design().neuron.memristor), MappingPlan(bits=bits, rates=rates), images), rates


def share(text: str, option: str) -> float:
    """A share, as ``3 %``."""
    from cosim.units import parse

    return parse(text, "%", where=option)


def read_network(command: str, path: Path) -> "TrainedNetwork":
    """The network in a file."""
    require_packages(command, "safetensors", extra="snn")
    from cosim.snn.storage import load_network

    return load_network(path)


def training_images(name: str) -> "Examples":
    """The images to train on: the part that the makers of the set say, else 80 % of every class."""
    from cosim.snn.data import split

    return _part(name, "train") if name in WITH_PARTS else split(_part(name, "all"), seed=SPLIT_SEED)[0]


def held_out_images(name: str) -> "Examples":
    """The images to test with, in an order that is drawn once and for all."""
    import numpy as np

    from cosim.snn.data import split

    if name not in WITH_PARTS:
        return split(_part(name, "all"), seed=SPLIT_SEED)[1]
    images = _part(name, "test")
    return images.pick(np.random.default_rng(SPLIT_SEED).permutation(len(images)))


def first_images(command: str, examples: "Examples", count: int | None) -> "Examples":
    """Some of the images, or all of them.

    Raises:
        InputError: there are not as many.
    """
    import numpy as np

    if count is None:
        return examples
    if not 1 <= count <= len(examples):
        raise reject(InputError, command, "images", count, f"within 1..{len(examples)}, the test images of {examples.name}")
    return examples.pick(np.arange(count))


def require_fit(command: str, network: "TrainedNetwork", examples: "Examples") -> None:
    """Refuse images that a network cannot look at.

    Raises:
        InputError: names both numbers.
    """
    if examples.pixels.shape[1] != network.shape[0]:
        raise reject(InputError, command, f"pixels of {examples.name}", examples.pixels.shape[1], f"{network.shape[0]}, the inputs of the network")


def share_text(right: int, of: int) -> str:
    """A share with its interval, as ``93.1 %, 95 % interval 90.0 .. 95.5 %``."""
    from cosim.sweep.yields import LEVEL, clopper_pearson

    low, high = clopper_pearson(right, of)
    return f"{100 * right / of:.1f} %, {LEVEL:.0%} interval {100 * low:.1f} .. {100 * high:.1f} %".replace("95%", "95 %")


def share_values(right: int, of: int) -> dict[str, Any]:
    """The same for JSON."""
    from cosim.sweep.yields import clopper_pearson

    return {"right": right, "of": of, "share": right / of, "interval": clopper_pearson(right, of)}


def _part(name: str, part: str) -> "Examples":
    from cosim.snn.data import examples

    return examples(name, part="train" if part == "train" else "test" if part == "test" else "all")
