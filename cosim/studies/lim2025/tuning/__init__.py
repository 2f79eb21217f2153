"""Study ``tuning`` of Lim et al. 2025: closed-loop conductance tuning of 1T1R cells (section 3.2, Fig. 5), and of whole arrays."""

from cosim.studies.lim2025.tuning.claims import CLAIMS
from cosim.studies.lim2025.tuning.study import TuningResult, run

__all__ = ["CLAIMS", "TuningResult", "run"]
