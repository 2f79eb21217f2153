"""Study ``neuron`` of Lim et al. 2025: the neuron-synapse-neuron unit (section 3.3, Eqs. 1-9, Figs. 6 and 7), as printed, corrected and made robust."""

from cosim.studies.lim2025.neuron.claims import CLAIMS
from cosim.studies.lim2025.neuron.study import NeuronResult, run

__all__ = ["CLAIMS", "NeuronResult", "run"]
