"""Study ``inference`` of Lim et al. 2025: the spiking network on arrays and units (section 3.4, Figs. 8, 9, S7, S8), with error budget and yield."""

from cosim.studies.lim2025.inference.claims import CLAIMS
from cosim.studies.lim2025.inference.study import InferenceResult, run

__all__ = ["CLAIMS", "InferenceResult", "run"]
