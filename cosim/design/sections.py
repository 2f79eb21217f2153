"""The sections of a design file: every key with its meaning, unit, range and default."""

from dataclasses import dataclass, fields

from cosim.design.section import Axis, Bound, Section, text
from cosim.params import Limit, Span, param

MOST_STOPS = 20_000  # of the staircase


@dataclass(frozen=True, kw_only=True)
class DeviceSection(Section):
    """Which memristor."""

    title = "device"
    memristor: str = text("card of the memristor", default="lim2025_full_window", file="card")
    comparison: str = text("card that stands beside it in the report", default="lim2025_analog_window", file="card")


@dataclass(frozen=True, kw_only=True)
class TransistorSection(Section):
    """Which transistors, and the widths that are compared."""

    title = "transistor"
    nmos: str = text("card of the NMOS", default="c5n_nmos", file="card")
    pmos: str = text("card of the PMOS", default="c5n_pmos", file="card")
    length: float = param("drawn channel length", "m", default=0.5e-6, above=0.0, most=1e-3)
    w_over_l: tuple[float, ...] = param("widths over length that are compared", "1", default=(5.0, 10.0, 20.0, 65.0, 130.0, 330.0), above=0.0, most=1e5)
    chosen: float = param("width over length of the design", "1", default=65.0, above=0.0, most=1e5)
    library: str = text("the user's own model library, relative to the design file", default="", file="library")
    model: str = text("name of the NMOS model in that library", default="")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.library and not self.model:
            raise self._reject("model", "''", f"the name of an NMOS model in {self.library}")
        if self.model and not self.library:
            raise self._reject("library", "''", f"the file that holds the model {self.model}")


@dataclass(frozen=True, kw_only=True)
class SupplySection(Section):
    """Voltages that are there to drive a cell."""

    title = "supply"
    drain: float = param("supply of the cell's upper end", "V", default=3.0, above=0.0)
    gate: float = param("voltage of the word line", "V", default=3.0, above=0.0)


@dataclass(frozen=True, kw_only=True)
class CellSection(Section):
    """How the cell is driven."""

    title = "cell"
    full_operation: str = text("the operation that must complete at full voltage; the other one is gradual", default="set", choices=("set", "reset"))
    full_voltage: float = param("voltage that this operation needs across the memristor", "V", default=2.0, above=0.0)
    read_voltage: float = param("voltage at which conductance is read", "V", default=50e-3, above=0.0)
    body: str = text("where the body of the transistor goes", default="lowest", choices=("grounded", "lowest"))


@dataclass(frozen=True, kw_only=True)
class RuleSection(Section):
    """The sizing rule: how much of the cell's voltage the transistor may take at full set."""

    title = "rule"
    share: float = param("largest share of the transistor in the cell's voltage at full set", "%", default=0.12, above=0.0, below=1.0)
    strict_share: float = param("the stricter limit that is answered beside it", "%", default=0.10, above=0.0, below=1.0)
    w_over_l_range: tuple[float, ...] = param("widths over length between which the crossing is searched", "1", default=(1.0, 1000.0), above=0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.w_over_l_range) != 2 or not self.w_over_l_range[0] < self.w_over_l_range[1]:
            raise self._reject("w_over_l_range", [float(f"{end:g}") for end in self.w_over_l_range], "two numbers, the smaller one first")


@dataclass(frozen=True, kw_only=True)
class CornersSection(Section):
    """Over what the answer must hold."""

    title = "corners"
    temperature: tuple[float, ...] = param("temperatures of all devices", "degC", default=(-40.0, 27.0, 85.0), above=-273.15, below=1000.0)
    supply_tolerance: float = param("deviation of the supplies, up and down", "%", default=0.10, least=0.0, below=1.0)
    threshold_skew: float = param("deviation of the threshold voltages in the slow (up) and the fast (down) process", "V", default=0.0, least=0.0, most=1.0)
    mobility_skew: float = param("deviation of the mobilities in the slow (down) and the fast (up) process", "%", default=0.0, least=0.0, below=1.0)


@dataclass(frozen=True, kw_only=True)
class LevelsSection(Section):
    """The staircase of conductance levels, and how they are told apart."""

    title = "levels"
    first_stop: float = param("magnitude of the first reset-stop voltage", "V", default=0.5, above=0.0)
    last_stop: float = param("magnitude of the last reset-stop voltage", "V", default=2.0, above=0.0)
    step: float = param("smallest step between two stop voltages", "V", default=1e-3, above=0.0)
    gap: float = param("smallest distance between two levels", "S", default=0.2e-6, least=0.0)
    reads: int = param("reads of each level", "1", default=30, least=2)
    noise: float = param("relative deviation of a read", "%", default=0.02, least=0.0, below=1.0)
    seeds: int = param("repetitions with other noise", "1", default=100, least=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.last_stop > self.first_stop:
            raise self._reject("last_stop", self.last_stop, f"> first_stop={self.first_stop:g}")
        if (self.last_stop - self.first_stop) / self.step > MOST_STOPS:
            raise self._reject("step", self.step, f">= {(self.last_stop - self.first_stop) / MOST_STOPS:g}, for {MOST_STOPS} stops at most")


@dataclass(frozen=True, kw_only=True)
class VariabilitySection(Section):
    """Cycle-to-cycle and device-to-device spread."""

    title = "variability"
    spreads: tuple[float, ...] = param("relative deviations that are compared", "%", default=(0.01, 0.03, 0.05, 0.10, 0.30, 0.50), least=0.0, most=1.0)
    cycles: int = param("cycles at each of them", "1", default=10, least=1)


@dataclass(frozen=True, kw_only=True)
class NoiseSection(Section):
    """Read noise over time."""

    title = "noise"
    card: str = text("card of the read noise", default="lim2025_read_noise", file="card")
    duration: float = param("length of the trace", "s", default=100.0, above=0.0)
    interval: float = param("time between two samples", "s", default=0.1, above=0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.interval < self.duration:
            raise self._reject("interval", self.interval, f"< duration={self.duration:g}")


@dataclass(frozen=True, kw_only=True)
class SweepSection(Section):
    """Which cells `cosim sweep` simulates: how the points are laid, what moves, and what is asked of each."""

    title = "sweep"
    method: str = text("how the points are laid", default="grid", choices=("grid", "list", "random", "latin_hypercube"))
    points: int = param("points of a random plan or of a Latin hypercube", "1", default=100, least=1)
    bench: str = text(
        "what is simulated: the I-V loop, the share at full voltage, or the headroom under the supply", default="loop", choices=("loop", "share", "headroom")
    )
    orientation: str = text("memristor on drain, on source, or both", default="both", choices=("both", "mod", "mos"))
    corners: str = text("at which corners every point is simulated", default="nominal", choices=("nominal", "all"))
    w_over_l: Axis = param("width over length", "1", default=None, above=0.0)
    length: Axis = param("drawn channel length", "m", default=None, above=0.0, most=1e-3)
    gate: Axis = param("voltage of the word line", "V", default=None, above=0.0)
    drain: Axis = param("supply of the cell's upper end", "V", default=None, above=0.0)
    full_voltage: Axis = param("voltage of the full operation", "V", default=None, above=0.0)
    read_voltage: Axis = param("voltage at which conductance is read", "V", default=None, above=0.0)
    temperature: Axis = param("of all devices", "degC", default=None, above=-273.15, below=1000.0)
    supply: Axis = param("factor on all supplies", "1", default=None, above=0.0)
    vt_shift: Axis = param("added to the magnitude of the threshold voltage", "V", default=None, least=-5.0, most=5.0)
    mobility: Axis = param("factor on the mobility", "1", default=None, above=0.0)
    x0: Axis = param("initial filament state", "1", default=None, least=0.0, most=1.0)
    i0s: Axis = param("factor on the current scale of the memristor", "1", default=None, above=0.0)
    rss: Axis = param("factor on the series resistance of the memristor", "1", default=None, above=0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.method == "grid":
            for name, axis in self.axes.items():
                if isinstance(axis, Span) and axis.points is None:
                    raise self._reject(name, str(axis), "given `points` too in a grid")
        if self.method == "list":
            self._check_list()
        for name in ("temperature", "supply", "vt_shift", "mobility"):
            if self.corners == "all" and name in self.axes:
                raise self._reject("corners", "'all'", f"'nominal' where {name} is swept")
        for name, bench in (("drain", "headroom"), ("read_voltage", "loop")):
            if name in self.axes and self.bench != bench:
                raise self._reject("bench", repr(self.bench), f"{bench!r} where {name} is swept")

    @property
    def axes(self) -> dict[str, tuple[float, ...] | Span]:
        """What moves, in the order of the section."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.type == Axis and getattr(self, each.name) is not None}

    def _check_list(self) -> None:
        lengths = {}
        for name, axis in self.axes.items():
            if isinstance(axis, Span):
                raise self._reject(name, str(axis), "a list of values where method is 'list'")
            lengths[name] = len(axis)
        for name, length in lengths.items():
            if length != next(iter(lengths.values())):
                raise self._reject(name, f"{length} values", f"as many values as {next(iter(lengths))} has, {next(iter(lengths.values()))}")


@dataclass(frozen=True, kw_only=True)
class MismatchSection(Section):
    """Spread of single devices, drawn anew for every point of a sweep."""

    title = "mismatch"
    draws: int = param("cells that are drawn at each point; 0 for none", "1", default=0, least=0)
    a_vt: float = param("deviation of one transistor's threshold times the root of W L", "V*m", default=0.0, least=0.0, most=1e-6)
    a_mobility: float = param("relative deviation of one transistor's mobility times the root of W L", "%*m", default=0.0, least=0.0, most=1e-6)
    memristor: float = param("relative spread of the memristor's current scale and series resistance", "%", default=0.0, least=0.0, most=1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.draws and not (self.a_vt or self.a_mobility or self.memristor):
            raise self._reject("draws", self.draws, "0 where a_vt, a_mobility and memristor are all 0")


@dataclass(frozen=True, kw_only=True)
class LimitsSection(Section):
    """What a cell of a sweep must do, and how many of them must."""

    title = "limits"
    least_yield: float = param("smallest share of the cells that must be within all limits", "%", default=0.0, least=0.0, most=1.0)
    on: Bound = param("conductance after set, at the read voltage", "S", default=None)
    off: Bound = param("conductance after reset, at the read voltage", "S", default=None)
    on_off: Bound = param("their ratio", "1", default=None)
    share: Bound = param("share of the transistor in the cell's voltage", "%", default=None)
    memristor_max: Bound = param("largest voltage across the memristor", "V", default=None)
    memristor_min: Bound = param("smallest voltage across the memristor", "V", default=None)
    headroom: Bound = param("voltage that the memristor has more than it needs", "V", default=None)
    memristor: Bound = param("voltage across the memristor at the end of the full operation", "V", default=None)
    transistor: Bound = param("voltage across the transistor then", "V", default=None)
    current: Bound = param("through the cell then", "A", default=None)
    power: Bound = param("drawn by the cell then", "W", default=None)

    @property
    def bounds(self) -> dict[str, Limit]:
        """Measure -> limit, in the order of the section."""
        return {each.name: getattr(self, each.name) for each in fields(self) if isinstance(getattr(self, each.name), Limit)}


@dataclass(frozen=True, kw_only=True)
class TuningSection(Section):
    """Closed-loop tuning of conductances by pulses (ISPP)."""

    title = "tuning"
    targets: tuple[float, ...] = param(
        "conductances that are tuned", "S", default=(20e-6, 40e-6, 60e-6, 80e-6, 100e-6, 120e-6, 140e-6, 160e-6, 180e-6), above=0.0
    )
    band: float = param("relative half-width around a target", "%", default=0.03, above=0.0, below=1.0)
    strict_band: float = param("the narrower one beside it", "%", default=0.01, above=0.0, below=1.0)
    step: float = param("step of the amplitude, the paper's controller", "V", default=10e-3, above=0.0, most=1.0)
    back_off: float = param("where a descent begins below the nominal voltage, the paper's controller", "V", default=0.05, least=0.0)
    reads: int = param("reads that must all lie inside, the paper's controller", "1", default=5, least=1)
    resolution: float = param("resolution of the amplitude, the slope controller", "V", default=1e-3, above=0.0)
    noise: float = param("relative deviation of a read", "%", default=0.02, above=0.0, below=1.0)
    correlation_time: float = param("of the correlated noise", "s", default=3.0, above=0.0, most=1e6)
    spread: float = param("device-to-device spread of the current scale and of the series resistance", "%", default=0.05, least=0.0, most=1.0)
    pulse_width: float = param("flat top of a pulse", "s", default=10e-3, above=0.0)
    pulse_edge: float = param("rise and fall of a pulse", "s", default=0.5e-3, above=0.0)
    seeds: int = param("repetitions with other devices and noise", "1", default=100, least=2)
    most_pulses: int = param("pulses after which a trace ends, wide band", "1", default=60, least=1)
    most_pulses_strict: int = param("pulses after which a trace ends, narrow band", "1", default=150, least=1)
    rows: int = param("rows of the array", "1", default=64, least=1, most=1024)
    columns: int = param("columns of the array", "1", default=10, least=1, most=1024)
    wire_resistance: float = param("one segment of a bit or source line", "ohm", default=1.0, least=0.0)


@dataclass(frozen=True, kw_only=True)
class NeuronSection(Section):
    """The neuron-synapse-neuron unit."""

    title = "neuron"
    card: str = text("card of the unit that is built; those of the paper stand beside it", default="robust", file="card")
    memristor: str = text("card of the memristor in front of it", default="lim2025_analog_window", file="card")
    opamp: str = text("card of the op-amps of the units that are built; the printed ones have ideal op-amps", default="opamp_micropower", file="card")
    tau_rise: float = param("rise of the synaptic current", "s", default=0.5e-3, above=0.0, most=1.0)
    tau_fall: float = param("decay of the synaptic current", "s", default=2e-3, above=0.0, most=1.0)
    tau_mem: float = param("decay of the membrane potential", "s", default=15e-3, above=0.0, most=1.0)
    temperature: tuple[float, ...] = param(
        "temperatures at which the units are simulated", "degC", default=(-40.0, -20.0, 0.0, 17.0, 27.0, 37.0, 55.0, 70.0, 85.0), above=-273.15, below=1000.0
    )
    supply_tolerance: float = param("deviation of the supply, up and down", "%", default=0.10, least=0.0, below=1.0)
    a_vt: float = param("deviation of one transistor's threshold times the root of W L", "V*m", default=9e-9, least=0.0, most=1e-6)
    draws: int = param("units whose transistors are all drawn", "1", default=200, least=2, most=100_000)
    peak_tolerance: float = param("deviation of the peak that a drawn unit may have", "%", default=0.05, above=0.0, below=1.0)
    offset: float = param("offset that auto-zero leaves to an op-amp", "V", default=0.2e-3, least=0.0, most=0.1)
    noise: float = param("relative deviation of a cell's current, read noise", "%", default=0.07, least=0.0, below=1.0)
    correlation_time: float = param("of the read noise", "s", default=1e-3, above=0.0, most=1e6)
    images: int = param("images through ten noisy columns", "1", default=100, least=2, most=1797)
    trains: int = param("input trains through the chain of spiking units", "1", default=20, least=1, most=10_000)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tau_rise >= self.tau_fall:
            raise self._reject("tau_rise", self.tau_rise, f"< tau_fall={self.tau_fall:g} s: a current cannot rise slower than it decays")


@dataclass(frozen=True, kw_only=True)
class NetworkSection(Section):
    """The spiking network on arrays and units: training, mapping, inference. Time constants are those of [neuron], its read noise too."""

    title = "network"
    data: str = text("set of images", default="optdigits", choices=("digits", "optdigits"))
    seeds: int = param("networks that are trained, one a seed", "1", default=5, least=2, most=100)
    epochs: int = param("passes over the images in a training", "1", default=40, least=1, most=10_000)
    variant: str = text("card of the units that compute with ideal biases", default="two_pole", file="card")
    built: str = text("card of the units with op-amps and mismatch", default="robust_array", file="card")
    images: int = param("test images through the circuit; no more than there are", "1", default=1124, least=20, most=100_000)
    calibration: int = param("other images, which the error bound is measured on", "1", default=100, least=20, most=100_000)
    few_images: int = param("stratified test images at each point of a grid in the circuit", "1", default=100, least=2, most=100_000)
    bits: tuple[float, ...] = param("bits of a weight that are compared", "1", default=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0), least=1.0, most=8.0)
    chosen_bits: int = param("bits of the chip whose errors are budgeted", "1", default=3, least=1, most=8)
    tuning_errors: tuple[float, ...] = param(
        "tuning errors that are compared", "%", default=(0.0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.10, 0.15, 0.20), least=0.0, most=1.0
    )
    tuning_error: float = param("tuning error of the chip", "%", default=0.03, least=0.0, most=1.0)
    noises: tuple[float, ...] = param("read noises that are compared", "%", default=(0.0, 0.01, 0.02, 0.03, 0.05, 0.07), least=0.0, below=1.0)
    draws: int = param("chips of each network at a point of a grid", "1", default=4, least=1, most=1000)
    chips: int = param("chips whose transistors are all drawn", "1", default=100, least=2, most=10_000)
    goal: float = param("accuracy that a chip may lose before it counts as bad", "%", default=0.01, above=0.0, below=1.0)
    wire_resistance: float = param("one segment of a bit or source line", "ohm", default=1.0, least=0.0)
    variation: float = param("device-to-device spread in the budget, as if nothing had been tuned", "%", default=0.05, least=0.0, most=1.0)
    window: float = param("how long an image is looked at", "s", default=0.1, least=0.05, most=10.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("bits", "tuning_errors", "noises"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise self._reject(name, [float(f"{each:g}") for each in values], "values that differ")
        if any(each != int(each) for each in self.bits):
            raise self._reject("bits", [float(f"{each:g}") for each in self.bits], "whole numbers")
        if self.chosen_bits not in self.bits:
            raise self._reject("chosen_bits", self.chosen_bits, f"one of bits={[int(each) for each in self.bits]}")
        for name in ("tuning_errors", "noises"):
            if 0.0 not in getattr(self, name):
                raise self._reject(name, [float(f"{each:g}") for each in getattr(self, name)], "with 0 among them, which the others are compared with")


@dataclass(frozen=True, kw_only=True)
class StorageSection(Section):
    """Storing real numbers in cells: the channel, how finely it is written and read, and what it must reach."""

    title = "storage"
    channel: str = text("storage channel: a name, or a table of measurements", default="pcm-zarcone2020", file="channel")
    stand_in: str = text("channel in its place where its data are not there; empty for none", default="pcm-zarcone2020-gaussian", file="channel")
    delay: float = param("between write and read; less than the channel was measured at is its shortest", "s", default=0.0, least=0.0, most=1e10)
    bins: int = param("bins of the reads, analog reading", "1", default=1000, least=10, most=20_000)
    writes: tuple[float, ...] = param("numbers of write states that are compared", "1", default=(2.0, 4.0, 8.0, 16.0), least=2.0, most=64.0)
    reads: tuple[float, ...] = param("numbers of read states that are compared", "1", default=(2.0, 4.0, 8.0, 16.0, 32.0, 64.0), least=2.0, most=256.0)
    bandwidths: tuple[float, ...] = param(
        "factors on Scott's bandwidth whose capacities are compared", "1", default=(0.5, 0.9, 1.0, 1.06, 1.5, 2.0), above=0.0, most=10.0
    )
    starts: int = param("starts of the search for the scalar code", "1", default=60, least=1, most=10_000)
    centers: int = param("Gaussians in the encoder and in the decoder", "1", default=100, least=4, most=1000)
    snr: float = param("signal-to-noise ratio that a stored sample must have", "dB", default=9.4, above=0.0, most=100.0)
    energy: float = param("energy that a stored and recalled sample may take", "J", default=128e-12, above=0.0)
    converter_bits: int = param("bits of the converters of the joint code", "1", default=4, least=1, most=12)
    bit_line: float = param("voltage of the bit line during a write", "V", default=3.0, above=0.0)
    read_voltage: float = param("voltage of the bit line during a read", "V", default=0.1, above=0.0)
    nmos: str = text("card of the access transistor", default="c5n_nmos", file="card")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("writes", "reads"):
            values = getattr(self, name)
            if any(each != int(each) for each in values) or list(values) != sorted(set(values)):
                raise self._reject(name, [float(f"{each:g}") for each in values], "whole numbers that rise")
        if 1.0 not in self.bandwidths:
            raise self._reject("bandwidths", [float(f"{each:g}") for each in self.bandwidths], "with 1 among them, which the others are compared with")


@dataclass(frozen=True, kw_only=True)
class LoopSection(Section):
    """The loop from circuit to channel to code and back. Cells are those of [neuron] and [tuning], networks those of [network], seed 0 in the circuit."""

    title = "loop"
    noise: str = text("card of the read noise, of tuning and of every read", default="lim2025_read_noise", file="card")
    low: float = param("lowest conductance that is written", "S", default=7.5e-6, above=0.0)
    high: float = param("highest conductance that is written", "S", default=140e-6, above=0.0)
    levels: int = param("written levels of the channel, equally far apart in the logarithm", "1", default=64, least=2, most=1024)
    samples: int = param("devices at each level", "1", default=400, least=10, most=5000)
    delays: tuple[float, ...] = param("between the end of tuning and a read", "s", default=(10e-3, 1.0, 100.0), least=0.0, most=1e10)
    interval: float = param("widest 95 % interval of the capacity, in bits", "1", default=0.05, above=0.0, most=10.0)
    assumed_drift: str = text("drift model assumed for delays beyond the measured retention; empty for none", default="", file="channel")
    assumed_delays: tuple[float, ...] = param("delays at which it is shown", "s", default=(1e4, 1e6), above=0.0, most=1e10)
    images: int = param("stratified test images through the circuit", "1", default=500, least=20, most=100_000)
    bits: tuple[float, ...] = param("bits of a weight for which levels are designed", "1", default=(1.0, 2.0, 3.0, 4.0), least=1.0, most=8.0)
    networks: int = param("networks that levels are designed for, seeds 0, 1, ...", "1", default=10, least=1, most=100)
    draws: int = param("arrays that are tuned for each kind of levels, as many of each network", "1", default=20, least=2, most=1000)
    audited: int = param("images through the circuit for each number of bits and kind of levels", "1", default=25, least=1, most=10_000)
    error: float = param("tuning error that training must bear", "%", default=0.10, above=0.0, most=0.5)
    chips: int = param("arrays on which that is tested", "1", default=12, least=2, most=1000)
    stages: int = param("parts in which an array is written while its network is trained", "1", default=8, least=2, most=64)
    stuck_low: float = param("share of cells that stay at full reset", "%", default=0.0, least=0.0, most=1.0)
    stuck_high: float = param("share of cells that stay at full set", "%", default=0.0, least=0.0, most=1.0)
    most_stuck: float = param("share of stuck cells that an array may have", "%", default=0.0, least=0.0, most=1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low < self.high:
            raise self._reject("high", self.high, f"> low={self.low:g} S")
        for name in ("delays", "bits", "assumed_delays"):
            values = getattr(self, name)
            if list(values) != sorted(set(values)):
                raise self._reject(name, [float(f"{each:g}") for each in values], "values that rise")
        if any(each != int(each) for each in self.bits):
            raise self._reject("bits", [float(f"{each:g}") for each in self.bits], "whole numbers")
        if self.draws % self.networks:
            raise self._reject("draws", self.draws, f"a multiple of networks={self.networks}")
        if self.stuck_low + self.stuck_high > 1.0:
            raise self._reject("stuck_high", self.stuck_high, f"<= {1.0 - self.stuck_low:g}, what the cells that are stuck low leave")


@dataclass(frozen=True, kw_only=True)
class RunSection(Section):
    """How it is run."""

    title = "run"
    seed: int = param("of all random draws", "1", default=1, least=0)
    engine: str = text("simulator; empty is any", default="", choices=("", "ngspice", "ltspice"))
