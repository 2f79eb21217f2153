"""The command line: parse, call, print, exit code. One module a command; heavy imports stand inside the commands."""

import os
from typing import NoReturn

import click

import cosim
from cosim.cli import channel, check, code, data, doctor, fit, loop, netlist, plot, report, reproduce, sim, size, snn, sweep, tune
from cosim.cli.failures import GuardedGroup

EPILOG = "Exit codes: 0 pass, 1 a check failed, 2 bad input, 3 no engine, 4 a simulation failed, 70 internal error, 130 interrupted."


@click.group(
    "cosim", cls=GuardedGroup, invoke_without_command=True, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120}
)
@click.version_option(cosim.__version__, prog_name="cosim", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an internal error. May stand anywhere.")
@click.pass_context
def cli(context: click.Context) -> None:
    """Simulate and size memristive circuits with LTspice or ngspice."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for command in (
    doctor.doctor,
    netlist.netlist,
    sim.sim,
    plot.plot,
    size.size,
    sweep.sweep,
    tune.tune,
    fit.fit,
    snn.snn,
    check.check,
    loop.loop,
    channel.channel,
    code.code,
    data.data,
    report.report,
    reproduce.reproduce,
):
    cli.add_command(command)


def main() -> NoReturn:
    """Entry point of the program ``cosim``."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small fits beside many simulations: more threads only wait for each other
    cli.main(prog_name="cosim")
