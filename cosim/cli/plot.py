"""``cosim plot``: draw signals of a wave file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosim.cli.options import FILE, require_packages
from cosim.cli.output import check_writable, say
from cosim.errors import InputError
from cosim.files import replacing

if TYPE_CHECKING:
    from cosim.waves import Waves

ENDINGS = (".svg", ".pdf", ".png")
UNITS = {"time": "s", "frequency": "Hz"}
DOTS = 150  # an inch, of a .png


@click.command(short_help="Draw signals of a wave file.")
@click.argument("path", metavar="WAVES.raw", type=FILE)
@click.argument("signals", metavar="SIGNAL...", nargs=-1)
@click.option("-o", "--output", type=FILE, default=Path("plot.svg"), show_default=True, help="File to write: .svg, .pdf or .png.")
def plot(path: Path, signals: tuple[str, ...], output: Path) -> None:
    """Draw signals over their axis; without a signal, name those that there are."""
    if output.suffix not in ENDINGS:
        raise InputError(f"--output={output}: must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    check_writable(output)
    if path.is_dir():
        raise InputError(f"{path}: must be a raw file, not a folder")
    waves = _read(path)
    if not signals:
        say("\n".join(waves.signals))
        return
    require_packages("plot", "matplotlib")
    _draw(waves, signals, output, title=path.stem)
    say(f"{output}: {', '.join(signals)}, {waves.axis.shape[-1]} points")


def _read(path: Path) -> "Waves":
    from cosim.spice.raw import read_raw
    from cosim.status import Status
    from cosim.waves import Waves

    axis_name, axis, signals = read_raw(path)
    return Waves(axis_name=axis_name, axis=axis, signals=signals, engine="", version="", digest="", status=Status.ok)


def _draw(waves: "Waves", signals: tuple[str, ...], output: Path, *, title: str) -> None:
    """One panel for each unit, the axis common to all; the file is the same for the same waves."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter

    values = {name: waves[name] for name in signals}
    units = list(dict.fromkeys(_unit(name) for name in signals))
    with mpl.rc_context({"svg.hashsalt": "cosim"}):
        figure = Figure(figsize=(7, 1.2 + 2.2 * len(units)), layout="constrained")
        panels = figure.subplots(len(units), sharex=True, squeeze=False)[:, 0]
        for panel, unit in zip(panels, units, strict=True):
            for name in (each for each in signals if _unit(each) == unit):
                panel.plot(waves.axis, abs(values[name]) if values[name].dtype.kind == "c" else values[name].T, label=name)
            panel.set_ylabel("voltage" if unit == "V" else "current")
            panel.yaxis.set_major_formatter(EngFormatter(unit=unit))
            panel.legend(frameon=False)
            panel.grid(alpha=0.3)
        panels[0].set_title(title)
        panels[-1].set_xlabel(f"{waves.axis_name or 'point'} ({UNITS.get(waves.axis_name, 'V')})")
        if waves.axis_name == "frequency":
            panels[-1].set_xscale("log")
        _save(figure, output)


def _save(figure: object, output: Path) -> None:
    date = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(output.suffix)
    with replacing(output) as temporary:
        figure.savefig(temporary, metadata=date, dpi=DOTS)  # type: ignore[attr-defined]


def _unit(name: str) -> str:
    return "A" if name.lower().startswith("i") else "V"
