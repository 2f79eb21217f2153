"""The pilot: a few devices a level, in the model, that tell how many are needed."""

from dataclasses import replace

import pytest

from cosim.codesign.circuit_channel.pilot import CLEARLY, check_samples, pilot
from cosim.codesign.circuit_channel.writer import Writer
from cosim.design import Design
from cosim.errors import InputError
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab
from cosim.sweep.store import Store

DESIGN = replace(Design(), loop=replace(Design().loop, levels=32, samples=100, interval=0.3))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """With a store of its own."""
    with Store.open(tmp_path_factory.mktemp("pilot") / "store") as store:
        yield Lab(engine=find_engine("ngspice"), store=store)


def _writer(lab, **changed):
    return Writer.of(replace(DESIGN, loop=replace(DESIGN.loop, **changed)), lab)


def test_a_pilot_is_of_few_devices_and_does_not_depend_on_how_many_are_asked_for(lab):
    found = pilot(_writer(lab), lab)
    assert found.samples == 40
    assert 4.0 < found.bits < 5.0
    assert pilot(_writer(lab, samples=3000), lab) == found


def test_only_clearly_too_few_samples_are_refused(lab):
    needed = pilot(_writer(lab), lab).needed(0.04)
    least = int(CLEARLY * needed) + 1
    check_samples(_writer(lab, samples=least, interval=0.04), lab)
    with pytest.raises(InputError, match=rf"^\[loop\], samples={least - 1}: must be >= {needed}, for an interval of the capacity of 0\.04 bits$"):
        check_samples(_writer(lab, samples=least - 1, interval=0.04), lab)


def test_many_levels_get_fewer_devices_each(lab):
    assert pilot(_writer(lab, levels=300), lab).samples == 16
