"""Study ``synapse`` of Lim et al. 2025: the memristor, the transistor, the 1T1R cell and the design rule (sections 2.3, 3.1, 3.2).

Computing is here, figures and tables are in `cosim.reporting`; both meet in `SynapseResult`.
"""

from cosim.studies.lim2025.synapse.claims import CLAIMS
from cosim.studies.lim2025.synapse.study import SynapseResult, run

__all__ = ["CLAIMS", "SynapseResult", "run"]
