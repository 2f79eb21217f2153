"""Weights on a chip: exact at the read voltage, then with everything that a real array adds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.analysis import Op
from cosim.circuits.cells import device_bench
from cosim.codesign.network.mapping import READ_VOLTAGE, MappingPlan, Window, device_conductance, map_weights, quantized, without_errors
from cosim.devices.memristor.card import load_memristor
from cosim.devices.memristor.static import conductance
from cosim.errors import CosimError, DataError, DeviceError, InputError
from cosim.simulation import simulate

CARD = load_memristor("lim2025_analog_window")
WINDOW = Window.of(CARD)
PLAIN = MappingPlan()


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def weights(inputs: int = 64, outputs: int = 10) -> np.ndarray:
    return rng(5).uniform(0.0, 1.0, (inputs, outputs))


@given(weight=st.floats(0.0, 1.0), name=st.sampled_from(["lim2025_analog_window", "lim2025_full_window"]))
def test_the_state_gives_the_target_at_the_read_voltage(weight: float, name: str):
    card = load_memristor(name)
    mapped = map_weights(np.array([[weight]]), card, PLAIN, rng())
    window = Window.of(card)
    assert mapped.target[0, 0] == pytest.approx(window.low + weight * (window.high - window.low), rel=1e-12)
    assert conductance(card, mapped.cells.states, voltage=READ_VOLTAGE) == pytest.approx(mapped.target, rel=1e-9)
    assert np.array_equal(mapped.conductance, mapped.target)


def test_weights_zero_and_one_are_the_ends_of_the_window():
    mapped = map_weights(np.array([[0.0, 1.0]]), CARD, PLAIN, rng())
    assert mapped.cells.states == pytest.approx(np.array([[0.0, 1.0]]), abs=1e-9)
    assert mapped.weights == pytest.approx(np.array([[WINDOW.low / WINDOW.high, 1.0]]), rel=1e-12)


def test_a_higher_weight_is_a_higher_state():
    states = map_weights(np.linspace(0.0, 1.0, 1001)[:, None], CARD, PLAIN, rng()).cells.states
    assert np.diff(states[:, 0]).min() > 0


def test_the_state_is_not_the_weight():
    """The series resistance bends the law; a linear mapping would be off by more than 2 % of full scale."""
    states = map_weights(np.linspace(0.0, 1.0, 101)[:, None], CARD, PLAIN, rng()).cells.states[:, 0]
    assert np.max(np.abs(states - np.linspace(0.0, 1.0, 101))) > 0.009


@pytest.mark.parametrize("bits", [1, 2, 3, 5, 8])
def test_weights_go_to_the_nearest_level(bits: int):
    found = weights()
    step = (WINDOW.high - WINDOW.low) / (2**bits - 1)
    target = quantized(found, WINDOW, MappingPlan(bits=bits))
    steps = (target - WINDOW.low) / step
    assert steps == pytest.approx(np.rint(steps), abs=1e-9)
    assert len(np.unique(np.rint(steps))) == min(2**bits, len(np.unique(np.rint(found * (2**bits - 1)))))
    assert np.max(np.abs(target - WINDOW.conductance(found))) <= 0.5 * step * (1 + 1e-9)


@given(bits=st.integers(1, 16), weight=st.floats(0.0, 1.0))
def test_quantization_of_a_level_is_that_level(bits: int, weight: float):
    once = quantized(np.array([[weight]]), WINDOW, MappingPlan(bits=bits))
    again = quantized(np.clip((once - WINDOW.low) / (WINDOW.high - WINDOW.low), 0.0, 1.0), WINDOW, MappingPlan(bits=bits))
    assert again == pytest.approx(once, rel=1e-12)


def test_given_levels_are_used_in_any_order():
    levels = (150e-6, 10e-6, 50e-6)
    found = quantized(weights(), WINDOW, MappingPlan(levels=levels))
    distances = np.abs(WINDOW.conductance(weights())[..., None] - np.array(levels))
    assert found == pytest.approx(np.array(levels)[np.argmin(distances, axis=-1)])


def test_thresholds_say_which_level_a_target_goes_to():
    found = quantized(weights(), WINDOW, MappingPlan(levels=(10e-6, 50e-6, 150e-6), thresholds=(40e-6, 140e-6)))
    wanted = WINDOW.conductance(weights())
    assert np.array_equal(found, np.select([wanted <= 40e-6, wanted <= 140e-6], [10e-6, 50e-6], 150e-6))


def test_thresholds_halfway_are_the_nearest_level_with_rates_too():
    levels, rates = (10e-6, 50e-6, 150e-6), tuple(rng(4).uniform(0.0, 1.0, 64).tolist())
    nearest = quantized(weights(), WINDOW, MappingPlan(levels=levels, rates=rates))
    assert np.array_equal(quantized(weights(), WINDOW, MappingPlan(levels=levels, thresholds=(30e-6, 100e-6), rates=rates)), nearest)
    assert not np.array_equal(quantized(weights(), WINDOW, MappingPlan(levels=levels, thresholds=(20e-6, 60e-6), rates=rates)), nearest)


@pytest.mark.parametrize("level", [1e-6, 250e-6])
def test_a_level_outside_of_the_window_is_refused(level: float):
    words = rf"^mapping, levels={level:g}: must be within {WINDOW.low:.4g}\.\.{WINDOW.high:.4g} S, the window of the card$".replace("+", r"\+")
    with pytest.raises(DeviceError, match=words):
        quantized(weights(), WINDOW, MappingPlan(levels=(20e-6, level)))


@pytest.mark.parametrize("error_of", ["target", "full_scale"])
def test_tuning_errors_have_the_standard_deviation_asked_for(error_of: str):
    found = np.full((200, 100), 0.5)
    mapped = map_weights(found, CARD, MappingPlan(tuning_error=0.03, error_of=error_of), rng(1))
    scale = mapped.target if error_of == "target" else WINDOW.high
    relative = (mapped.conductance - mapped.target) / scale
    assert relative.std() == pytest.approx(0.03, rel=0.02)
    assert abs(relative.mean()) < 4 * 0.03 / np.sqrt(found.size)


def test_tuning_never_leaves_the_window():
    mapped = map_weights(weights(), CARD, MappingPlan(tuning_error=0.3, error_of="full_scale"), rng(1))
    assert mapped.conductance.min() == WINDOW.low
    assert mapped.conductance.max() == WINDOW.high
    assert conductance(CARD, mapped.cells.states, voltage=READ_VOLTAGE) == pytest.approx(mapped.conductance, rel=1e-9)


def test_measured_errors_are_drawn_in_the_place_of_a_gaussian():
    errors = (-0.02, 0.01, 0.04)
    mapped = map_weights(np.full((60, 50), 0.5), CARD, MappingPlan(errors=errors, tuning_error=0.5), rng(2))
    relative = (mapped.conductance / mapped.target - 1).ravel()
    for error in errors:
        assert np.mean(np.isclose(relative, error, atol=1e-9)) == pytest.approx(1 / 3, abs=0.04)


def test_cells_are_stuck_in_the_shares_asked_for():
    mapped = map_weights(np.full((200, 100), 0.5), CARD, MappingPlan(stuck_low=0.1, stuck_high=0.05), rng(3))
    assert np.mean(mapped.conductance == WINDOW.low) == pytest.approx(0.1, abs=0.01)
    assert np.mean(mapped.conductance == WINDOW.high) == pytest.approx(0.05, abs=0.008)
    assert mapped.target == pytest.approx(np.full((200, 100), WINDOW.conductance(np.array(0.5))))


def test_a_chip_can_be_stuck_as_a_whole():
    mapped = map_weights(weights(8, 2), CARD, MappingPlan(stuck_low=1.0), rng(3))
    assert np.all(mapped.conductance == WINDOW.low)


def test_one_seed_is_one_chip():
    plan = MappingPlan(bits=4, tuning_error=0.02, variation=0.05, stuck_low=0.01, stuck_high=0.01)
    first, second, other = (map_weights(weights(), CARD, plan, rng(seed)) for seed in (7, 7, 8))
    assert np.array_equal(first.conductance, second.conductance)
    assert np.array_equal(first.cells.current_scale, second.cells.current_scale)
    assert not np.isclose(first.conductance, other.conductance).all()


def test_the_plan_without_errors_keeps_its_levels_alone():
    plan = MappingPlan(bits=4, tuning_error=0.02, variation=0.05, stuck_low=0.01, stuck_high=0.01, errors=(0.1,))
    assert without_errors(plan) == MappingPlan(bits=4)
    exact = map_weights(weights(), CARD, without_errors(plan), rng())
    assert np.array_equal(exact.conductance, exact.target)


def test_devices_that_differ_conduct_as_the_spice_card_says():
    mapped = map_weights(np.array([[0.0, 0.3], [0.7, 1.0]]), CARD, MappingPlan(variation=0.2), rng(1))
    cells, bench = mapped.cells, device_bench(CARD, READ_VOLTAGE, frozen=True)
    for place in np.ndindex(2, 2):
        values = {"x0": cells.states[place], "i0s": cells.current_scale[place], "rss": cells.series_scale[place]}
        waves = simulate(bench, Op(), values={name: float(value) for name, value in values.items()}).require()
        assert -waves["i(vte)"][0] / READ_VOLTAGE == pytest.approx(mapped.conductance[place], rel=1e-4)


def test_variation_spreads_conductances_by_about_itself_where_the_series_resistance_is_small():
    mapped = map_weights(np.full((200, 50), 0.2), CARD, MappingPlan(variation=0.05), rng(4))
    assert (mapped.conductance / mapped.target).std() == pytest.approx(0.05, rel=0.06)


def test_devices_like_their_card_have_its_conductance():
    mapped = map_weights(weights(), CARD, PLAIN, rng())
    assert device_conductance(CARD, mapped.cells) == pytest.approx(mapped.target, rel=1e-9)


@pytest.mark.parametrize("wrong", [-0.1, 1.0001, np.nan])
def test_a_weight_outside_of_zero_to_one_is_refused(wrong: float):
    found = weights(3, 2)
    found[1, 1] = wrong
    with pytest.raises(DataError, match=r"^mapping: weights of shape \(3, 2\) within .*: must be \(inputs, outputs\) within 0\.\.1$"):
        map_weights(found, CARD, PLAIN, rng())


def test_weights_of_another_dimension_are_refused():
    with pytest.raises(DataError, match=r"^mapping: weights of shape \(3,\)"):
        map_weights(np.zeros(3), CARD, PLAIN, rng())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"error_of": "range"}, r"^mapping, error_of=range: must be target or full_scale$"),
        ({"stuck_low": 0.7, "stuck_high": 0.5}, r"^mapping, stuck_high=0\.5: must be <= 0\.3, what the cells that are stuck low leave$"),
        ({"bits": 3, "levels": (20e-6,)}, r"^mapping, levels: must be left out where bits are given$"),
        ({"levels": (2e-5, 3e-5), "thresholds": (2e-5, 2.5e-5)}, r"^mapping, thresholds=2 values: must be one less than the 2 levels, and rise$"),
        ({"levels": (2e-5, 3e-5, 4e-5), "thresholds": (3.5e-5, 2.5e-5)}, r"^mapping, thresholds=2 values: must be one less than the 3 levels, and rise$"),
        ({"bits": 17}, r"^mapping, bits=17"),
        ({"tuning_error": -0.1}, r"^mapping, tuning_error=-0\.1"),
    ],
)
def test_plans_that_make_no_sense_are_refused(values: dict, words: str):
    with pytest.raises(CosimError, match=words):
        MappingPlan(**values)


def test_rounding_with_rates_keeps_the_mean_of_each_column():
    window, rng = Window.of(CARD), np.random.default_rng(1)
    weights, rates = rng.uniform(0.0, 0.6, (64, 10)), rng.uniform(0.0, 1.0, 64)
    wanted = rates @ window.conductance(weights)
    nearest, kept = (rates @ quantized(weights, window, MappingPlan(bits=2, rates=each)) for each in ((), tuple(rates)))
    assert np.abs(kept - wanted).mean() < 0.35 * np.abs(nearest - wanted).mean()
    assert len(np.unique(quantized(weights, window, MappingPlan(bits=2, rates=tuple(rates))))) <= 4


def test_rounding_with_rates_leaves_exact_levels_alone():
    window = Window.of(CARD)
    weights = np.array([[0.0, 1.0], [1.0, 1.0]])
    assert quantized(weights, window, MappingPlan(bits=1, rates=(0.5, 0.5))) == pytest.approx(window.conductance(weights))


def test_rates_of_another_number_of_inputs_are_refused():
    with pytest.raises(InputError, match=r"^mapping, rates=3 values: must be as many as inputs, 2$"):
        quantized(np.ones((2, 2)), Window.of(CARD), MappingPlan(bits=1, rates=(0.1, 0.2, 0.3)))
