"""How a unit is driven and simulated: the spike trains of the paper, and the options that its currents of picoamperes need."""

from cosim.analysis import Options, Tran

TEXT_SPIKES = (0.010, 0.110, 0.150, 0.200)  # [s] Lim 2025, section 3.4
CAPTION_SPIKES = (0.010, 0.110, 0.115, 0.120)  # [s] caption of Fig. 7
ONE_SPIKE = (0.010,)
DURATION = 0.25  # [s]
STEP = 50e-6  # [s] largest time step: at 200 us the membrane is 1.6 % off
LOGIC_STEP = 20e-6  # [s] of units that fire


def options(temperature: float = 27.0) -> Options:
    """Sub-threshold currents of picoamperes: gmin of 1e-12 alone moves the baseline by 25 %; gear at 200 us errs by 4..6 %."""
    return Options(reltol=1e-4, abstol=1e-15, gmin=1e-15, method="trap", temperature=temperature)


def transient(duration: float = DURATION, *, temperature: float = 27.0) -> Tran:
    """The transient of a unit without spike output, `duration` in seconds."""
    return Tran(stop=duration, max_step=STEP, options=options(temperature))


def firing_transient(duration: float = DURATION) -> Tran:
    """The transient of units that fire: trap rings on the logic until the simulator stops, gear does not and needs shorter steps."""
    tight = Options(reltol=1e-4, abstol=1e-15, gmin=1e-15, method="gear")
    return Tran(stop=duration, max_step=LOGIC_STEP, options=tight)
