"""Channels by name, and from files of measurements: what a user types finds its channel here."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from cosim.channels.channel import Channel
from cosim.errors import InputError, reject

if TYPE_CHECKING:
    from cosim.channels.rram import Technology


@dataclass(frozen=True, kw_only=True)
class Named:
    """A channel that has a name.

    Attributes:
        description: one line.
        load: the channel, for a bandwidth of its kernels in units of Scott's.
        measured: it has kernels, and is read from measurements that are not shipped.
        counted: it is read from counts that are not shipped.
    """

    description: str
    load: Callable[[float], Channel]
    measured: bool = False
    counted: bool = False

    @property
    def needs_data(self) -> bool:
        """Whether it is there only with the folder of the data sets."""
        return self.measured or self.counted


def named(name: str, *, bandwidth: float = 1.0) -> Channel:
    """The channel of a name.

    Args:
        name: one of `NAMES`.
        bandwidth: of the kernels of a measured channel, in units of Scott's.

    Raises:
        InputError: no such name, or a bandwidth for a channel without kernels.
        DataError: its measurements are not there.
    """
    if name not in NAMES:
        near = get_close_matches(name.lower(), NAMES, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"the names are {', '.join(NAMES)}"
        raise InputError(f"channel {name[:80]!r}: must be a name or the path of a table; {hint}")
    if bandwidth != 1.0 and not NAMES[name].measured:
        raise reject(InputError, f"channel {name}", "bandwidth", bandwidth, "left out, as it has no kernels")
    return NAMES[name].load(bandwidth)


def open_channel(what: str | Path, *, raw_reads: bool = False, normalize: bool = False, bandwidth: float = 1.0) -> Channel:
    """The channel of a name, or of a table in a file.

    Args:
        what: one of `NAMES`, or the path of a table (`cosim.channels.tables`); a file that is called like a channel is given as ``./name``.
        raw_reads: take the reads of a file as they are, also negative ones, instead of in decades.
        normalize: take the reads of a file in decades below those of the same device at its lowest level.
        bandwidth: of the kernels, in units of Scott's.

    Raises:
        InputError: no such name or file, or an option that does not go with it.
        DataError: the table cannot be used, or the measurements of a name are not there.
    """
    text = str(what)
    if text in NAMES or not (Path(text).suffix or "/" in text or "\\" in text or _is_there(text)):
        if raw_reads or normalize:
            option = "raw_reads" if raw_reads else "normalize"
            raise reject(InputError, f"channel {text}", option, True, "left out; it goes with a table in a file")
        return named(text, bandwidth=bandwidth)
    return _of_file(text, raw_reads=raw_reads, normalize=normalize, bandwidth=bandwidth)


def _of_file(path: str, *, raw_reads: bool, normalize: bool, bandwidth: float) -> Channel:
    from cosim.channels.measured import MeasuredChannel
    from cosim.channels.tables import read_measurements

    measurements = read_measurements(path, positive=not raw_reads)
    return MeasuredChannel.from_measurements(measurements, bandwidth=bandwidth, normalized=normalize, scale="linear" if raw_reads else "log10")


def _is_there(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # too long, or not the name of a file
        return False


def _pcm(bandwidth: float, *, raw: bool = False) -> Channel:
    from cosim.channels.measured import zarcone

    return zarcone(raw=raw, bandwidth=bandwidth)


def _pcm_gaussian(_: float) -> Channel:
    from cosim.channels.gaussian import load_gaussian

    return load_gaussian()


def _flash(_: float) -> Channel:
    from cosim.channels.flash import flash_channel, load_flash

    return flash_channel(load_flash(), name="flash-qlc")


def _rram(technology: "Technology") -> Callable[[float], Channel]:
    def load(_: float) -> Channel:
        from cosim.channels.rram import load_rram

        return load_rram(technology)

    return load


def _relaxing(technology: "Technology") -> Callable[[float], Channel]:
    def load(_: float) -> Channel:
        from cosim.channels.rram import load_relaxing

        return load_relaxing(technology)

    return load


def _population(name: str) -> Callable[[float], Channel]:
    def load(_: float) -> Channel:
        from cosim.channels.population import population

        return population(name)

    return load


def _drift(name: str) -> Callable[[float], Channel]:
    def load(_: float) -> Channel:
        from cosim.channels.pcm import load_pcm

        return load_pcm(name)

    return load


NAMES: dict[str, Named] = {
    "pcm-zarcone2020": Named(description="phase-change cells, measured; reads relative to the reset of each device", load=_pcm, measured=True),
    "pcm-zarcone2020-raw": Named(
        description="phase-change cells, measured; resistances as they are", load=lambda bandwidth: _pcm(bandwidth, raw=True), measured=True
    ),
    "pcm-zarcone2020-gaussian": Named(description="normal stand-in of pcm-zarcone2020, from its moments", load=_pcm_gaussian),
    "flash-qlc": Named(description="flash cell of four bits, 16 normal states of the threshold voltage", load=_flash),
    "rram-a": Named(description="RRAM of technology A, 16 levels that relax, counted", load=_rram("A"), counted=True),
    "rram-b": Named(description="RRAM of technology B, 16 levels that relax, counted", load=_rram("B"), counted=True),
    "rram-a-levels": Named(description="normal stand-in of rram-a", load=_relaxing("A")),
    "rram-b-levels": Named(description="normal stand-in of rram-b", load=_relaxing("B")),
    "drift500k": Named(description="population of switches that drifts to 500 kohm", load=_population("drift500k")),
    "tio2": Named(description="TiO2 device as its mean drift was published", load=_population("tio2")),
    "tio2-mm": Named(description="TiO2 device with the mean and the spread of its drift", load=_population("tio2-mm")),
    "pcm-joshi2020": Named(description="phase-change memory that drifts, 25 uS, with read noise", load=_drift("pcm-joshi2020")),
    "pcm-hermes": Named(description="phase-change memory of the Hermes chip, one device a cell", load=_drift("pcm-hermes")),
    "pcm-hermes-pair": Named(description="phase-change memory of the Hermes chip, two devices a cell", load=_drift("pcm-hermes-pair")),
}
