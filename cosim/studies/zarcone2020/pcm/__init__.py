"""The authors' measurements: seven phase-change devices, 101 word-line voltages, 120 trials (Zarcone 2020, Figs. 4 to 7)."""

from cosim.studies.zarcone2020.pcm.claims import CLAIMS
from cosim.studies.zarcone2020.pcm.study import PcmResult, run

__all__ = ["CLAIMS", "PcmResult", "run"]
