"""`FlashChannel`: a flash cell whose threshold voltage is read, a mixture of normal laws for each of its states.

Source: Gaussian states as in arXiv 2506.17646, where with equal deviations only the window over the deviation matters. A mixture serves states with tails.
Not here: quantizers of such a cell (`cosim.coding`).
"""

from dataclasses import dataclass

import numpy as np

from cosim._types import Array
from cosim.cards import read_card
from cosim.channels.channel import Axis
from cosim.channels.kernel import normal_masses
from cosim.channels.measured import even_edges
from cosim.errors import InputError, reject
from cosim.params import check_params, param

_REACH = 5.0  # deviations from the outer means to the ends of the read axis


@dataclass(frozen=True, kw_only=True)
class FlashCard:
    """States that are equally far apart, with equal deviations but for the erased one."""

    name: str
    states: float = param("how many states", "1", least=2, most=4096)
    erased: float = param("mean threshold voltage of the erased state", "V")
    window: float = param("from the mean of the erased state to that of the highest", "V", above=0.0)
    deviation: float = param("standard deviation of a programmed state", "V", above=0.0)
    erased_deviation: float = param("standard deviation of the erased state", "V", above=0.0)
    description: str = ""
    sources: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        check_params(self)
        if self.states != int(self.states):
            raise reject(InputError, self.name, "states", self.states, "a whole number")


@dataclass(frozen=True, kw_only=True, eq=False)
class FlashChannel:
    """States 0..L-1 and their threshold voltages.

    Attributes:
        name: of the channel.
        weights: ``(states, components)`` of the mixtures, each row sums to one.
        means, deviations: ``(states, components)`` [V].
        costs: ``(states,)`` energy of programming [J], or None.
    """

    name: str
    weights: Array
    means: Array
    deviations: Array
    costs: Array | None = None

    def __post_init__(self) -> None:
        where, shape = f"channel {self.name}", np.shape(self.means)
        if len(shape) != 2 or shape[0] < 2 or shape[1] < 1 or np.shape(self.weights) != shape or np.shape(self.deviations) != shape:
            raise reject(InputError, where, "shape of the means", shape, "(states, components) as weights and deviations, with >= 2 states")
        for name, values in (("means", self.means), ("weights", self.weights), ("deviations", self.deviations)):
            if not np.all(np.isfinite(values)):
                raise reject(InputError, where, name, float(np.ravel(values)[~np.isfinite(np.ravel(values))][0]), "finite")
        if np.min(self.weights) < 0.0 or np.max(np.abs(np.sum(self.weights, axis=1) - 1.0)) > 1e-9:
            raise reject(InputError, where, "weights", np.round(np.sum(self.weights, axis=1), 6).tolist(), ">= 0, with the sum 1 for each state")
        if np.min(self.deviations) <= 0.0:
            raise reject(InputError, where, "deviation", float(np.min(self.deviations)), "> 0 V")
        if self.costs is not None and (np.shape(self.costs) != shape[:1] or not np.min(self.costs) >= 0.0):
            raise reject(InputError, where, "costs", f"shape {np.shape(self.costs)}", f"{shape[0]} energies >= 0 J")

    @property
    def written(self) -> Axis:
        """The state."""
        return Axis(name="state", unit="1", least=0.0, most=len(self.means) - 1.0)

    @property
    def read(self) -> Axis:
        """The threshold voltage."""
        least, most = np.min(self.means - _REACH * self.deviations), np.max(self.means + _REACH * self.deviations)
        return Axis(name="threshold voltage", unit="V", least=float(least), most=float(most))

    @property
    def delays(self) -> tuple[float, float]:
        """No time."""
        return 0.0, 0.0

    def sample(self, written: Array, *, delay: float = 0.0, rng: np.random.Generator) -> Array:
        """One read of each write."""
        state = self.place(written)
        drawn, component = rng.random(state.shape), np.zeros(state.shape, dtype=int)
        for column in np.cumsum(self.weights, axis=1).T[:-1]:
            component += drawn >= column[state]
        return self.means[state, component] + self.deviations[state, component] * rng.standard_normal(state.shape)

    def transition(self, inputs: Array, edges: Array, *, delay: float = 0.0) -> Array:
        """``(levels, bins)``, see `Channel`."""
        state = self.place(inputs)
        return np.einsum("sc,scb->sb", self.weights[state], normal_masses(self.means[state], self.deviations[state], edges))

    def energy(self, written: Array) -> Array:
        """``(...)`` energy of programming each state [J]."""
        if self.costs is None:
            raise InputError(f"channel {self.name}: has no energies")
        return np.asarray(self.costs)[self.place(written)]

    def levels(self, count: int | None = None) -> Array:
        """``(levels,)`` all states, or `count` of them, evenly spread."""
        states = len(self.means)
        if count is not None and not 1 <= count <= states:
            raise reject(InputError, f"channel {self.name}", "levels", count, f"within 1..{states}, as many as it has")
        return np.round(np.linspace(0.0, states - 1.0, count or states))

    def edges(self, bins: int, *, delay: float = 0.0) -> Array:
        """``(bins + 1,)`` evenly spaced over the read axis, the outer ones infinite."""
        return even_edges(self.read, bins)

    def place(self, written: Array) -> Array:
        """``(...)`` whole numbers of the states.

        Raises:
            InputError: no such state.
        """
        written = np.asarray(written, dtype=float)
        state = np.round(np.nan_to_num(written, nan=-1.0, posinf=-1.0, neginf=-1.0))
        strange = ~((np.abs(written - state) <= 1e-6) & (state >= 0) & (state < len(self.means)))
        if np.any(strange):
            raise reject(InputError, f"channel {self.name}", "state", float(written[strange][0]), f"a whole number within 0..{len(self.means) - 1}")
        return state.astype(int)


def equal_states(count: int, *, window_over_deviation: float, name: str = "flash-equal") -> FlashChannel:
    """States equally far apart with a deviation of 1 V, so that the window is the ratio of the two."""
    card = FlashCard(name=name, states=count, erased=0.0, window=window_over_deviation, deviation=1.0, erased_deviation=1.0)
    return flash_channel(card, name=name)


def qlc(window_over_deviation: float) -> FlashChannel:
    """A cell of four bits: 16 equal states, with a deviation of 1 V."""
    return equal_states(16, window_over_deviation=window_over_deviation, name="flash-qlc-equal")


def flash_channel(card: FlashCard, *, name: str | None = None) -> FlashChannel:
    """The channel of a card."""
    count = int(card.states)
    means = card.erased + np.linspace(0.0, card.window, count)
    deviations = np.full(count, card.deviation)
    deviations[0] = card.erased_deviation
    return FlashChannel(name=name or card.name, weights=np.ones((count, 1)), means=means[:, None], deviations=deviations[:, None])


def load_flash(name: str = "flash_qlc") -> FlashCard:
    """The card ``device_data/channel/<name>.toml``, or the card file at that path."""
    return read_card(FlashCard, "channel", name)
