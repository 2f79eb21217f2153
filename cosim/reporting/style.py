"""How every figure looks: sizes in print, colors, fonts, engineering ticks, and SVG that does not change from run to run.

Figures are drawn at the size at which they are printed, so that 7 pt here are 7 pt on paper. Colors are those of Okabe and
Ito for kinds, cividis for an order: both stay apart for the color-blind and in gray.
Not here: what is drawn (`figures_device`, `figures_transistor`, `figures_cell`).
"""

import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cosim.errors import InputError
from cosim.units import engineering

MILLIMETER = 1.0 / 25.4  # [inch]
FULL = 174.0  # [mm] width of the text on A4
HALF = 84.0  # [mm] two beside each other
BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE, BLACK, GRAY = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#111111", "#8A8A8A"
GAP = "\N{EN SPACE}"  # between the letter of a panel and its title: SVG folds plain spaces
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
MINUS, TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"
SIGNS = (  # pattern in plain text, what is printed
    (r"\bu(S|A|W|V|J|m|s)\b", r"µ\1"),
    (r"\bum2\b", "µm²"),
    (r"\b([kM]?)ohm\b", r"\1Ω"),
    (r"\bdegC\b", "°C"),
    (r"\+-", "±"),
    (r">=", "≥"),
    (r"<=", "≤"),
    (r"(?<=\d)\.\.(?=[-\d])", " to "),
    (r"(?<![\w.])-(?=\d)", MINUS),
    (r" - ", f" {MINUS} "),
    (r"(?<=\d) 1/(V|s)\b", r" \1⁻¹"),
)
SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 7.0,
    "axes.titlesize": 7.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 7.0,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "grid.color": "#E2E2E2",
    "grid.linewidth": 0.5,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.6,
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "legend.labelspacing": 0.3,
    "legend.borderaxespad": 0.3,
    "path.simplify": True,
    "path.simplify_threshold": 0.3,
    "svg.fonttype": "none",
    "svg.hashsalt": "cosim",
}


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A figure that is ready to print.

    Attributes:
        svg: the picture.
        title: what it shows.
        source: the figure of the paper that it stands beside.
        caption: what to read from it, with the numbers.
        alt: the picture in words, for those who cannot see it.
        width: in print [mm].
    """

    svg: bytes
    title: str
    source: str
    caption: str
    alt: str
    width: float


@contextmanager
def drawing_style() -> Iterator[None]:
    """The settings that all figures are drawn and written under.

    Raises:
        InputError: matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
    except ImportError as error:
        raise missing_package(error) from None
    with rc_context(SETTINGS):
        yield


def canvas(width: float, height: float, *, rows: int = 1, columns: int = 1, **grid: Any) -> tuple[Any, Any]:
    """A figure of ``width`` x ``height`` [mm] with ``rows`` x ``columns`` axes; `grid` goes to `Figure.subplots`."""
    figure = _sheet(width, height)
    return figure, figure.subplots(rows, columns, **grid)


def mosaic(width: float, height: float, names: list[list[str]], **grid: Any) -> tuple[Any, dict[str, Any]]:
    """A figure of ``width`` x ``height`` [mm] with axes placed by name, as `Figure.subplot_mosaic` does."""
    figure = _sheet(width, height)
    return figure, figure.subplot_mosaic(names, **grid)


def _sheet(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * MILLIMETER, height * MILLIMETER), layout="constrained")
    layout: Any = figure.get_layout_engine()
    layout.set(w_pad=0.04, h_pad=0.03, wspace=0.05, hspace=0.05)
    return figure


def decades(*values: Any, least: float = 0.0) -> tuple[float, float]:
    """Limits of a logarithmic axis around positive values, a little beyond them, and not below `least`."""
    import numpy as np

    everything = np.concatenate([np.ravel(each) for each in values])
    positive = everything[everything > max(least, 0.0)]
    return max(least, float(positive.min()) / 1.6), float(positive.max()) * 1.6


def to_svg(figure: Any) -> bytes:
    """The figure as SVG, the same bytes for the same content."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def missing_package(error: ImportError) -> InputError:
    """The error for a package of the extra ``report`` that is not installed."""
    return InputError(f"report: the Python package {error.name} is missing; pip install 'cosim[report]'")


def shades(count: int) -> list[str]:
    """``count`` colors from dark to light in the order of cividis, none too light for white paper."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colormaps["cividis"](0.86 * index / max(count - 1, 1))) for index in range(count)]


def size_colors(sizes: Sequence[float], chosen: float) -> list[str]:
    """A color for each W/L: dark to light, the chosen one apart."""
    return [VERMILLION if size == chosen else shade for size, shade in zip(sizes, shades(len(sizes)), strict=True)]


def engineering_ticks(axis: Any, unit: str, *, crowded: float = 400.0) -> None:
    """Ticks such as ``10 µA`` on an axis, its limits set before.

    Args:
        axis: of a matplotlib axes.
        unit: SI unit.
        crowded: from which ratio of its ends on a logarithmic axis has ticks at 1 only, instead of at 1, 2 and 5.
    """
    from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    if axis.get_scale() == "log" and high / low < crowded:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(EngFormatter(unit=unit, sep="\N{NO-BREAK SPACE}"))
    axis.set_minor_formatter(NullFormatter())


def size_ticks(axes: Any, sizes: Sequence[float]) -> None:
    """A logarithmic axis of W/L with a tick at each size."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(list(sizes)))
    axes.xaxis.set_major_formatter(FixedFormatter([f"{size:g}" for size in sizes]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("W/L")


def quantity(value: float, unit: str, *, digits: int = 3) -> str:
    """A given number for people, as short as it can be: ``50 mV``, with a space that does not break."""
    return pretty(engineering(value, unit, digits=digits)).replace(" ", "\N{NO-BREAK SPACE}")


def measured(value: float, unit: str) -> str:
    """A simulated number in three significant digits, zeros at the end included: ``1.30 mA``."""
    if value == 0 or not math.isfinite(value):
        return quantity(value, unit)
    rounded = float(f"{value:.3g}")
    exponent = min(12, max(-15, 3 * math.floor(math.log10(abs(rounded)) / 3)))
    prefix = pretty(engineering(10.0**exponent, unit)).removeprefix("1 ")
    return f"{rounded / 10.0**exponent:#.3g}".rstrip(".").replace("-", MINUS) + "\N{NO-BREAK SPACE}" + prefix


def scientific(value: float) -> str:
    """A pure number in powers of ten: ``2.2 x 10^-8`` with true signs."""
    mantissa, exponent = f"{value:.1e}".split("e")
    power = str(int(exponent)).translate(str.maketrans("-0123456789", "\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}\N{NO-BREAK SPACE}{TIMES}\N{NO-BREAK SPACE}10{power}"


def pretty(text: str) -> str:
    """Signs and units as they are printed: µS, Ω, °C, ≥, a true minus, ``5.7 to 200`` for ``5.7..200``."""
    for pattern, sign in SIGNS:
        text = re.sub(pattern, sign, text)
    return text


def percent(share: float, *, digits: int = 1) -> str:
    """``0.107`` is ``10.7 %``."""
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"


def band(share: float) -> str:
    """A relative half-width: ``0.03`` is ``±3 %``, with a space that does not break."""
    return f"±{100 * share:g}\N{NO-BREAK SPACE}%"


def volts(value: float, *, digits: int = 2, sign: bool = False) -> str:
    """A voltage with a fixed number of decimals and a true minus."""
    return f"{value:{'+' if sign else ''}.{digits}f}".replace("-", MINUS) + "\N{NO-BREAK SPACE}V"


def listing(words: Iterable[str]) -> str:
    """``a, b and c``."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
