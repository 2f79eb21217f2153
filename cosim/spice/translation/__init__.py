"""LTspice's netlists for ngspice: what the programs read differently is rewritten so that LTspice's meaning stays, and said.

`translate` is pure: statements in, a deck's text and notes out. Which construct becomes what: ``docs/netlists.md``.
Not here: files, includes and their confinement (`cosim/spice/foreign.py`), running (`cosim/netlist.py`).
"""

from cosim.spice.translation.edits import Edits
from cosim.spice.translation.statements import Note, Statement
from cosim.spice.translation.translate import Translation, translate

__all__ = ["Edits", "Note", "Statement", "Translation", "translate"]
