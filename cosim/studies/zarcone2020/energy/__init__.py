"""Study ``energy`` of Zarcone 2020: the cell as a circuit (Figs. 3b, 3c), and the energy a sample of separate and joint coding (Figs. M1, M2)."""

from cosim.studies.zarcone2020.energy.claims import CLAIMS
from cosim.studies.zarcone2020.energy.study import EnergyResult, run

__all__ = ["CLAIMS", "EnergyResult", "run"]
