"""Netlists that were made for LTspice, run in ngspice, against what LTspice itself computed.

Source: I-V runs of a 0.5 um process (AMI C5, BSIM3) that somebody made with LTspice in 2015; the data are not shipped.
"""

from dataclasses import dataclass

import numpy as np

from cosim.claims import Claim, at_most
from cosim.datasets import data_file
from cosim.design import Design
from cosim.errors import DataError, SimulationError
from cosim.netlist import simulate_netlist
from cosim.spice.raw import read_raw
from cosim.sweep.lab import Lab

FOLDER = "ltspice_c5_bsim3"
DEVICES = ("NMOS_IV", "PMOS_IV")
LEAST = 1e-9  # currents below are left out [A]


@dataclass(frozen=True, kw_only=True)
class ForeignResult:
    """How far ngspice is from LTspice.

    Attributes:
        deviation: netlist -> largest relative difference of the drain current, over all points above `LEAST`.
        points: netlist -> how many points these are.
    """

    deviation: dict[str, float]
    points: dict[str, int]


def run(design: Design, lab: Lab) -> ForeignResult:
    """Run the netlists of `DEVICES`; `design` does not matter here.

    Raises:
        SimulationError: the data are not at hand, or a run failed.
    """
    deviation, points = dict[str, float](), dict[str, int]()
    for device in DEVICES:
        try:
            netlist, raw = data_file(FOLDER, f"{device}.spi"), data_file(FOLDER, f"{device}.raw")
        except DataError as error:
            raise SimulationError(f"real LTspice runs: {error}") from None
        ours = simulate_netlist(netlist, engine=lab.engine).waves.require()["i(vd)"]
        wanted = read_raw(raw)[2]["i(vd)"]
        counted = np.abs(wanted) > LEAST
        points[device] = int(counted.sum())
        deviation[device] = float(np.max(np.abs(ours - wanted)[counted] / np.abs(wanted)[counted]))
    return ForeignResult(deviation=deviation, points=points)


def _claim(name: str, device: str, kind: str) -> Claim:
    return Claim(
        id=f"spice.foreign.{name}",
        kind="reproduction",
        source="LTspice run of CMOSFirst, AMI C5, 2015",
        statement=f"I-V of a {kind} (BSIM3, 3 um / 0.6 um), LTspice's netlist translated for ngspice: largest deviation of the drain current above 1 nA",
        paper=None,
        unit="%",
        must_be=at_most(0.1),
        value=lambda result: 100 * result.deviation[device],
    )


CLAIMS = (_claim("c5_nmos", "NMOS_IV", "NMOS"), _claim("c5_pmos", "PMOS_IV", "PMOS"))
