"""Pairs of samples on two and more devices: what coding several devices together is worth."""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.channels.channel import Discretized
from cosim.coding.blocks import PLANS, BlockPlan, design_block
from cosim.coding.opta import opta
from cosim.coding.sources import gaussian
from cosim.studies.zarcone2020.storing import Bound, digest
from cosim.sweep.lab import Lab

VERSION = 1  # raised when the computation changes
SEED = 9  # last word of the seed


@dataclass(frozen=True, kw_only=True)
class BlockScore:
    """A block code.

    Attributes:
        samples, devices: of a block.
        snr: on samples that the design has not seen [dB].
        design_snr: on those of the design [dB].
        opta: that no code with so many devices a sample exceeds [dB].
    """

    samples: int
    devices: int
    snr: float
    design_snr: float
    opta: float

    @property
    def rate(self) -> float:
        """Samples a device."""
        return self.samples / self.devices


def block_codes(matrix: Discretized, found: Bound, lab: Lab, *, seed: int) -> tuple[BlockScore, ...]:
    """Codes for a pair of Gaussian samples on 2, 3 and 4 devices of a channel whose capacity is `found`."""
    return tuple(_score(matrix, found, plan, lab, seed) for plan in PLANS.values())


def _score(matrix: Discretized, found: Bound, plan: BlockPlan, lab: Lab, seed: int) -> BlockScore:
    def compute() -> dict[str, Array]:
        made = design_block(matrix.matrix, gaussian(), rng=np.random.default_rng([seed, SEED, plan.devices]), plan=plan)
        return {"snr": np.array(made.snr), "design_snr": np.array(made.design_snr)}

    known = lab.remember("storage blocks", VERSION, [digest(matrix), plan, seed], compute)
    return BlockScore(
        samples=plan.samples,
        devices=plan.devices,
        snr=float(known["snr"]),
        design_snr=float(known["design_snr"]),
        opta=float(opta(found.upper, devices=plan.devices / plan.samples)),
    )
