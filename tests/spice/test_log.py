"""What logs say: texts that ngspice 39 wrote (mode ``lta``), and the line of the netlist that they mean."""

import pytest

from cosim.spice.log import Finding, diagnose, read_log
from cosim.status import Status

DECK = """* deck
v1 in 0 1

* nosuch is a comment here
r1 in 0
+ {nope}
m1 in 0 0 0 nosuch
x1 in 0 nosub
.include parts.lib
.op
.end
"""
PARTS = """* parts
.subckt part a b
m7 a b b b other
.ends
"""
SOURCES = {"deck.cir": DECK, "parts.lib": PARTS}
REJECTED = {
    "a missing model, its line numbered": (
        "warning, can't find model 'nosuch' from line\n    m1 in 0 0 0 nosuch\nCircuit: * deck\n"
        "Error on line 7 or its substitute:\n  m1 in 0 0 0 nosuch\ncould not find a valid modelname\n    Simulation interrupted due to error!",
        "deck.cir, line 7: can't find model 'nosuch'; could not find a valid modelname: `m1 in 0 0 0 nosuch`",
    ),
    "a line number counted in an include": (
        "Error on line 3 or its substitute:\n  m1 in 0 0 0 nosuch\ncould not find a valid modelname",
        "deck.cir, line 7: could not find a valid modelname: `m1 in 0 0 0 nosuch`",
    ),
    "a missing model inside of a subcircuit": (
        "warning, can't find model 'other' from line\n    m7 a b b b other\nError on line:\n  m.x1.m7 in 0 0 0 other\ncould not find a valid modelname",
        "parts.lib, line 3: can't find model 'other'; could not find a valid modelname: `m7 a b b b other`",
    ),
    "a missing parameter on a continued line": (
        "Netlist line no. 5:\nUndefined parameter [nope]\nNetlist line no. 5:\nCannot compute substitute\nERROR: fatal error in ngspice, exit(1)",
        "deck.cir, line 5: Undefined parameter [nope]: `r1 in 0 {nope}`",
    ),
    "a missing subcircuit": (
        "Error: unknown subckt: x1 in 0 nosub\n    Simulation interrupted due to error!",
        "deck.cir, line 8: unknown subckt: `x1 in 0 nosub`",
    ),
    "a missing include": (
        "Error: Could not find include file parts.lib\nError: there aren't any circuits loaded.",
        "deck.cir, line 9: Could not find include file: `.include parts.lib`",
    ),
    "too few nodes": (
        'Too few parameters for subcircuit type "nosub" (instance: xx1)\n    Simulation interrupted due to error!',
        'deck.cir, line 8: Too few parameters for subcircuit type "nosub": `x1 in 0 nosub`',
    ),
    "an unclosed subcircuit": (
        "Error: Mismatch of .subckt ... .ends statements!\n    This will cause subsequent errors.\nCheck line .subckt part a b",
        "parts.lib, line 2: Mismatch of .subckt ... .ends statements: `.subckt part a b`",
    ),
    "a sweep of a missing source": (
        'Fatal error: DC Transfer Function: Voltage source named "vx" is not in the circuit\ndoAnalyses: no such device\nrun simulation(s) aborted',
        'deck.cir: DC Transfer Function: Voltage source named "vx" is not in the circuit',
    ),
    "nothing of the wanted signals": (
        "Error: no data saved for D.C. Operating point analysis; analysis not run\ndoAnalyses: not found\nrun simulation(s) aborted",
        "deck.cir: no data saved for D.C. Operating point analysis; analysis not run",
    ),
    "a statement that is in no file": (
        "Error on line:\n  q.x9.q1 a b c gone\nbad thing",
        "deck.cir: bad thing: `q.x9.q1 a b c gone`",
    ),
}
DIVERGED = {
    "doAnalyses: TRAN:  Timestep too small; time = 1.05e-06, timestep = 1.25e-20: cause unrecorded.": (
        "TRAN: Timestep too small; time = 1.05e-06, timestep = 1.25e-20: cause unrecorded."
    ),
    'doAnalyses: OP:  Timestep too small; trouble with node "a"': 'OP: Timestep too small; trouble with node "a"',
    "doAnalyses: iteration limit reached": "iteration limit reached",
    "doAnalyses: matrix is singular": "matrix is singular",
    "Fatal Error: Analysis: Time step too small; time = 1e-9": "Analysis: Time step too small; time = 1e-9",
}


@pytest.mark.parametrize("case", REJECTED)
def test_the_engine_s_own_error_is_placed_in_the_netlist(case):
    log, message = REJECTED[case]
    assert diagnose(log, SOURCES) == Finding(Status.rejected_netlist, message)


@pytest.mark.parametrize("said", DIVERGED)
def test_a_run_that_does_not_converge_is_told_in_the_engine_s_words(said):
    log = f"Error: Transient op failed, timestep too small\nDC solution failed -\n{said}\nrun simulation(s) aborted"
    assert diagnose(log, SOURCES) == Finding(Status.no_convergence, DIVERGED[said])


def test_warnings_on_the_way_to_a_solution_are_no_error():
    log = "Warning: singular matrix:  check node a\nWarning: source stepping failed\nNote: Transient op finished successfully\nNo. of Data Rows : 1"
    assert diagnose(log, SOURCES) is None


def test_a_full_disk_comes_before_all_else():
    log = "Error: something\nWarning: rawfile write error !!\ndoAnalyses: pause requested\nrun simulation interrupted"
    assert diagnose(log, SOURCES) == Finding(Status.no_space, "the engine could not write its raw file")


def test_a_log_of_ltspice_is_decoded(tmp_path):
    path = tmp_path / "deck.log"
    path.write_bytes("Circuit: * deck\n\nFatal Error: µ\n".encode("utf-16-le"))
    assert read_log(path) == "Circuit: * deck\nFatal Error: µ"


def test_a_log_with_stray_bytes_is_read(tmp_path):
    path = tmp_path / "deck.log"
    path.write_bytes(b"Circuit: \xff\n\n\nend  \n")
    assert read_log(path) == "Circuit: \N{REPLACEMENT CHARACTER}\nend"


def test_a_log_that_is_not_there_is_empty(tmp_path):
    assert read_log(tmp_path / "deck.log") == ""
