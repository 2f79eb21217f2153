"""The grammar of errors, their exit codes, and their way through a pickle."""

import pickle

import pytest

from cosim import errors
from cosim.errors import CosimError, DeviceError, InputError, reject

CLASSES = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, CosimError)]
EXIT_CODES = {
    "CosimError": 70,
    "CheckFailed": 1,
    "InputError": 2,
    "UnitError": 2,
    "DeviceError": 2,
    "CircuitError": 2,
    "DialectError": 2,
    "DesignError": 2,
    "DataError": 2,
    "AbsentError": 2,
    "EngineMissingError": 3,
    "SimulationError": 4,
    "StoreError": 4,
    "Cancelled": 130,
}


def test_every_class_has_the_exit_code_that_the_manual_prints():
    assert {each.__name__: each.exit_code for each in CLASSES} == EXIT_CODES


@pytest.mark.parametrize("kind", CLASSES, ids=lambda each: each.__name__)
def test_an_error_comes_back_from_a_worker_as_it_was(kind: type[CosimError]):
    back = pickle.loads(pickle.dumps(kind("where, what=1: must be 2")))  # noqa: S301
    assert type(back) is kind
    assert str(back) == "where, what=1: must be 2"


def test_a_rejected_value_is_told_as_where_what_and_what_is_allowed():
    error = reject(DeviceError, "memristor", "state", 1.2, "within 0..1")
    assert type(error) is DeviceError
    assert str(error) == "memristor, state=1.2: must be within 0..1"


def test_floats_are_told_in_short_form_and_texts_as_they_are():
    assert str(reject(InputError, "a", "b", 1 / 3, "c")) == "a, b=0.333333: must be c"
    assert str(reject(InputError, "a", "b", "x", "c")) == "a, b=x: must be c"
    assert str(reject(InputError, "a", "b", [1, 2], "c")) == "a, b=[1, 2]: must be c"
