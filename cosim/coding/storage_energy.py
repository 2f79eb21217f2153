"""Energy of storing a sample: separate coding (ADC, source code, LDPC, cells, DAC) against joint coding (ADC, look-up table, cells, look-up table, DAC).

Source: Zarcone 2020, Figs. M1 and M2. The paper prints the two totals, the writes and the LDPC decoding; what it does not itemize (14 pJ of the separate
total, 5 pJ of the joint one) is split by an assumption: converters by the card's law, and the rest to encoder and tables.
Not here: what a sample so stored is worth (`cosim.coding`'s codes), the circuit that writes a cell (`cosim.codesign.pcm_cell`).
"""

import math
from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.cards import read_card
from cosim.errors import DeviceError, InputError, reject
from cosim.params import check_params, param

MOST_BITS = 20.0  # of a converter
GRID = 0.01  # [bit] in which a crossover is looked for
WHERE = "storage energy"


@dataclass(frozen=True, kw_only=True)
class StorageCard:
    """Constants of the comparison. A remainder is what a total leaves after everything that is known or assumed.

    Raises:
        DeviceError: a constant out of range, or constants that exceed a total.
    """

    name: str
    description: str = ""
    separate_total: float = param("energy a sample of separate coding", "J", above=0.0)
    joint_total: float = param("energy a sample of joint coding", "J", above=0.0)
    write: float = param("energy of writing one cell", "J", above=0.0)
    ldpc_decode: float = param("LDPC decoding a sample at the precision of the separate total", "J", least=0.0)
    separate_bits: float = param("precision of the converters at the separate total", "1", least=1.0, most=MOST_BITS)
    joint_bits: float = param("precision of the converters at the joint total", "1", least=1.0, most=MOST_BITS)
    cell_bits: float = param("bits that a cell stores", "1", above=0.0)
    code_rate: float = param("rate of the LDPC code", "1", above=0.0, most=1.0)
    conversion: float = param("energy of a conversion, continued to zero effective bits", "J", above=0.0)
    doublings: float = param("by how many octaves a conversion grows with each effective bit", "1", above=0.0)
    sources: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        where = f"storage card {self.name}"
        check_params(self, where=where)
        if not self.joint_bits >= self.separate_bits:
            raise reject(DeviceError, where, "joint_bits", self.joint_bits, f">= separate_bits={self.separate_bits:g}")
        for total, left in (("separate_total", self.encoder), ("joint_total", self.tables)):
            if left < 0.0:
                raise reject(DeviceError, where, total, getattr(self, total), f">= {getattr(self, total) - left:.4g} J, the sum of its parts")

    def source(self, constant: str) -> str:
        """Where a constant comes from."""
        return dict(self.sources).get(constant, "given")

    def separate_cells(self, bits: float) -> float:
        """Cells a sample of separate coding; a share, because a block holds many samples."""
        return bits / (self.code_rate * self.cell_bits)

    def joint_cells(self, bits: float) -> float:
        """Cells a sample of joint coding: whole ones, because a block is one sample."""
        return float(math.ceil(bits / self.cell_bits - 1e-9))

    def joint_precision(self, bits: float) -> float:
        """Bits of the converters of joint coding: as many more than those of the sample as at the joint total."""
        return bits + self.joint_bits - self.separate_bits

    @property
    def separate_rest(self) -> float:
        """What the paper does not itemize of the separate total [J]."""
        return self.separate_total - self.separate_cells(self.separate_bits) * self.write - self.ldpc_decode

    @property
    def joint_rest(self) -> float:
        """What the paper does not itemize of the joint total [J]."""
        return self.joint_total - self.joint_cells(self.separate_bits) * self.write

    @property
    def encoder(self) -> float:
        """Remainder of the separate total without converters and reads: source code, LDPC encoder, control [J]."""
        reads = self.separate_cells(self.separate_bits) * conversion(self, self.cell_bits)
        return self.separate_rest - 2.0 * conversion(self, self.separate_bits) - reads

    @property
    def tables(self) -> float:
        """Remainder of the joint total without converters and reads: look-up tables, control [J]."""
        return self.joint_rest - (2.0 + self.joint_cells(self.separate_bits)) * conversion(self, self.joint_bits)


@dataclass(frozen=True)
class Row:
    """One part of a total: name, energy a sample [J], and where the figure comes from."""

    name: str
    energy: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Both ways of storing a sample of `bits` bits, part by part."""

    bits: float
    separate: tuple[Row, ...]
    joint: tuple[Row, ...]

    @property
    def separate_total(self) -> float:
        """Energy a sample [J]."""
        return sum(row.energy for row in self.separate)

    @property
    def joint_total(self) -> float:
        """Energy a sample [J]."""
        return sum(row.energy for row in self.joint)


@dataclass(frozen=True, kw_only=True)
class EnergySweep:
    """Energies over precision (Figs. M1, M2).

    Attributes:
        bits: ``(points,)`` precision of a sample; the converters of joint coding have more.
        conversion: ``(points,)`` energy of one conversion of this many bits [J].
        separate, joint: ``(points,)`` energy a sample [J].
    """

    bits: Array
    conversion: Array
    separate: Array
    joint: Array


def load_storage(name: str = "zarcone2020") -> StorageCard:
    """The card ``device_data/storage/<name>.toml``, or the card file at that path."""
    return read_card(StorageCard, "storage", name)


def conversion(card: StorageCard, bits: float) -> float:
    """Energy of one conversion of ``bits`` effective bits [J]: exponential in the bits; Walden's law where the card has one doubling a bit."""
    return float(card.conversion * 2.0 ** (card.doublings * bits))


def compare(bits: float = 2.0, *, card: StorageCard | None = None, write: float | None = None) -> Comparison:
    """Both ways at one precision.

    Devices, LDPC and encoder grow in proportion to the bits; tables in proportion to the bits of their converters; converters exponentially.

    Args:
        bits: precision of a sample; at 2 the totals are those of the paper.
        card: the constants; None for those of the paper.
        write: energy of writing one cell [J] in the place of the card's; what is not itemized stays.

    Raises:
        InputError: a precision outside of 1..20 bits in a converter, or a write energy that is not positive.
    """
    card = card or load_storage()
    most = MOST_BITS - (card.joint_bits - card.separate_bits)
    if not 1.0 <= bits <= most:
        raise reject(InputError, WHERE, "bits", bits, f"within 1..{most:g}")
    if write is not None and not (math.isfinite(write) and write > 0.0):
        raise reject(InputError, WHERE, "write", write, "finite and > 0 J")
    a_write, source = (card.write, card.source("write")) if write is None else (write, "given by the caller")
    return Comparison(bits=bits, separate=_separate(card, bits, Row("write", a_write, source)), joint=_joint(card, bits, Row("write", a_write, source)))


def _separate(card: StorageCard, bits: float, write: Row) -> tuple[Row, ...]:
    cells, share, converter = card.separate_cells(bits), bits / card.separate_bits, f"assumed split: {card.source('conversion')}"
    return (
        Row("ADC", conversion(card, bits), converter),
        Row("source code, LDPC encoder, control", card.encoder * share, f"not itemized: what is left of {card.source('separate_total')}"),
        Row("writes", cells * write.energy, write.source),
        Row("reads", cells * conversion(card, card.cell_bits), converter),
        Row("LDPC decoding", card.ldpc_decode * share, card.source("ldpc_decode")),
        Row("DAC", conversion(card, bits), converter),
    )


def _joint(card: StorageCard, bits: float, write: Row) -> tuple[Row, ...]:
    cells, precision, converter = card.joint_cells(bits), card.joint_precision(bits), f"assumed split: {card.source('conversion')}"
    return (
        Row("ADC", conversion(card, precision), converter),
        Row("look-up tables, control", card.tables * precision / card.joint_bits, f"not itemized: what is left of {card.source('joint_total')}"),
        Row("writes", cells * write.energy, write.source),
        Row("reads", cells * conversion(card, precision), converter),
        Row("DAC", conversion(card, precision), converter),
    )


def sweep(bits: Array, *, card: StorageCard | None = None, write: float | None = None) -> EnergySweep:
    """Both ways over ``bits (points,)``; arguments and errors as in `compare`."""
    card = card or load_storage()
    compared = [compare(float(each), card=card, write=write) for each in bits]
    return EnergySweep(
        bits=np.asarray(bits, dtype=float),
        conversion=np.array([conversion(card, each.bits) for each in compared]),
        separate=np.array([each.separate_total for each in compared]),
        joint=np.array([each.joint_total for each in compared]),
    )


def crossover(*, card: StorageCard | None = None, write: float | None = None) -> float:
    """Precision [bits] from which on joint coding takes more energy than separate coding, to 0.01 bit.

    Raises:
        InputError: one of the two is ahead at every precision; or as in `compare`.
    """
    card = card or load_storage()
    most = MOST_BITS - (card.joint_bits - card.separate_bits)
    found = sweep(np.linspace(1.0, most, round((most - 1.0) / GRID) + 1), card=card, write=write)
    cheaper = np.flatnonzero(found.joint <= found.separate)
    if len(cheaper) == 0 or cheaper[-1] == len(found.bits) - 1:
        ahead = "separate" if len(cheaper) == 0 else "joint"
        raise InputError(f"{WHERE}, card {card.name}: no crossover within 1..{most:g} bits; {ahead} coding takes less at its end")
    return float(found.bits[cheaper[-1] + 1])


def mean_write(costs: Array, distribution: Array) -> float:
    """Mean energy of a write [J] for ``costs (levels,)`` of the inputs [J] and the ``distribution (levels,)`` over them.

    Raises:
        InputError: shapes that differ, or no distribution.
    """
    if np.shape(costs) != np.shape(distribution) or np.ndim(costs) != 1:
        raise reject(InputError, WHERE, "shape of the distribution", np.shape(distribution), f"{np.shape(costs)}, one probability for each cost")
    if not (np.all(np.asarray(distribution) >= 0.0) and abs(np.sum(distribution) - 1.0) < 1e-6):
        raise reject(InputError, WHERE, "sum of the distribution", float(np.sum(distribution)), "1, of probabilities")
    return float(np.dot(costs, distribution))
