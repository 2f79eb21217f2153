"""Energy: blocks against the supply, what rests and what a spike adds."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.analysis import Op
from cosim.circuits.neuron.card import load_neuron
from cosim.circuits.neuron.drive import options
from cosim.circuits.neuron.unit import Parts, unit
from cosim.codesign.neuron.energy import Energy, energy
from cosim.devices.opamp import load_opamp
from cosim.errors import InputError
from cosim.simulation import simulate
from cosim.spice.engines import find_engine
from cosim.sweep.lab import Lab

LAB = Lab(engine=find_engine("ngspice"), workers=1)
IDEAL = Parts()
REAL = Parts(opamp=load_opamp("opamp_micropower"))
ROBUST = load_neuron("robust")


@pytest.fixture(scope="module")
def real() -> Energy:
    """The built unit with the op-amps of the design."""
    return energy(ROBUST, REAL, LAB)


@pytest.fixture(scope="module")
def fired() -> Energy:
    """The same unit when it fires."""
    return energy(ROBUST, REAL, LAB, threshold=0.12)


@pytest.mark.parametrize("parts", [IDEAL, REAL], ids=["ideal", "real"])
@pytest.mark.parametrize("name", ["as_printed", "linear", "two_pole", "robust", "board"])
def test_the_blocks_add_up_to_the_supply(name: str, parts: Parts):
    found = energy(load_neuron(name), parts, LAB)
    assert found.supply_quiescent > 0
    assert found.supply_spike > 0
    assert found.imbalance < 0.01
    assert sum(found.quiescent.values()) == pytest.approx(found.supply_quiescent, rel=0.01)


def test_the_blocks_of_a_unit_that_fires_add_up_too(fired: Energy):
    assert fired.imbalance < 0.01
    assert "spiking" in fired.quiescent
    assert fired.quiescent["spiking"] > 1e-7


def test_ideal_op_amps_take_nothing_and_have_no_blocks():
    found = energy(ROBUST, IDEAL, LAB)
    assert not {"tia", "inverter"} & set(found.quiescent)
    assert set(found.quiescent) == set(found.spike) == {"synapse", "mirror", "membrane", "references", "bias"}


def test_every_block_at_rest_takes_power(real: Energy):
    for block, power in real.quiescent.items():
        if block == "references":  # gates alone
            assert abs(power) < 1e-12
        else:
            assert power > 1e-9
    assert real.supply_quiescent > 0


def test_an_op_amp_at_rest_takes_its_quiescent_current_from_both_rails(real: Energy):
    expected = 2.0 * 3.3 * 2e-6
    assert [real.quiescent[block] for block in ("tia", "inverter")] == pytest.approx([expected, expected], rel=0.01)


def test_the_power_at_rest_is_that_of_the_operating_point():
    found = energy(ROBUST, IDEAL, LAB)
    waves = simulate(unit(ROBUST, held=0.0), Op(options=options()), saved=("i(vdd)",)).require()
    assert found.supply_quiescent == pytest.approx(-3.3 * waves["i(vdd)"][0], rel=1e-3)


def test_the_transimpedance_amplifier_feeds_the_column(real: Energy):
    charge = 50e-3 * 200e-6 * 1e-3  # of a conducting cell over a millisecond
    assert real.spike["tia"] == pytest.approx(3.3 * charge, rel=0.1)


def test_the_read_voltage_gives_what_the_cell_takes(real: Energy):
    assert real.read == pytest.approx(50e-3 * 50e-3 * 200e-6 * 1e-3, rel=0.1)


def test_the_gate_of_the_cell_takes_little(real: Energy):
    assert 0.0 < real.gate < 1e-3 * real.supply_spike


def test_an_op_amp_with_less_quiescent_current_rests_cheaper(real: Energy):
    opamp = REAL.opamp
    assert opamp is not None
    lean = energy(ROBUST, replace(REAL, opamp=replace(opamp, quiescent_current=1e-6)), LAB)
    assert real.supply_quiescent - lean.supply_quiescent == pytest.approx(2 * 2 * 3.3 * 1e-6, rel=0.01)
    assert lean.supply_spike == pytest.approx(real.supply_spike, rel=0.01)


def test_the_spike_output_rests_and_fires_for_less_than_the_rest(real: Energy, fired: Energy):
    assert fired.quiescent["spiking"] < 0.2 * fired.supply_quiescent
    assert fired.supply_quiescent - real.supply_quiescent == pytest.approx(fired.quiescent["spiking"], rel=0.02)
    assert 0.0 < fired.spike["spiking"] < fired.supply_spike


def test_an_imbalance_is_the_larger_of_power_and_energy():
    found = Energy(quiescent={"a": 1.0, "b": 1.1}, spike={"a": 1.0, "b": 0.9}, supply_quiescent=2.0, supply_spike=2.0, read=0.0, gate=0.0)
    assert found.imbalance == pytest.approx(0.05)
    assert np.isfinite(replace(found, supply_spike=1.0).imbalance)


def test_a_variant_without_spikes_cannot_fire():
    with pytest.raises(
        InputError, match=r"^neuron linear, block=spikes: must be one that the variant has; a spike output stands in robust, board, robust_array, robust_pairs$"
    ):
        energy(load_neuron("linear"), IDEAL, LAB, threshold=0.1)
