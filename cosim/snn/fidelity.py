"""What becomes of a network that was trained elsewhere: which parts were carried over exactly, which have no circuit equivalent."""

from dataclasses import dataclass

from cosim._types import Array
from cosim.snn.network import TrainedNetwork


@dataclass(frozen=True)
class Note:
    """One part of a network.

    Attributes:
        layer: its name in the source.
        subject: what it is about ("bias", "reset", "threshold" ...).
        source: what the source does.
        here: what is done here instead.
        exact: whether both compute the same.
    """

    layer: str
    subject: str
    source: str
    here: str
    exact: bool

    def __str__(self) -> str:
        return f"{self.layer}, {self.subject}: {self.source}; {'here' if self.exact else 'not kept:'} {self.here}"


@dataclass(frozen=True)
class Fidelity:
    """All notes of an import."""

    notes: tuple[Note, ...]

    @property
    def losses(self) -> tuple[Note, ...]:
        """What has no equivalent."""
        return tuple(each for each in self.notes if not each.exact)

    @property
    def exact(self) -> bool:
        """Whether nothing was lost."""
        return not self.losses

    def __str__(self) -> str:
        return "\n".join(str(each) for each in self.notes)


@dataclass(frozen=True, eq=False)
class Imported:
    """A network that was trained elsewhere.

    Attributes:
        network: what can be mapped onto a circuit.
        fidelity: what was kept and what was not.
        scales: ``(layers,)``; a membrane of the source is the membrane here times this.
    """

    network: TrainedNetwork
    fidelity: Fidelity
    scales: Array
