"""``.model`` lines: levels, versions, and what LTspice's models have that ngspice's have not."""

import re
from dataclasses import dataclass, field

from cosim.spice.translation.blocks import Block
from cosim.spice.translation.place import Place
from cosim.spice.translation.statements import Statement, option, words

KINDS = {"d", "npn", "pnp", "njf", "pjf", "nmf", "pmf", "nmos", "pmos", "sw", "csw", "ltra", "urc"}
INFORMATION = {"mfg", "type", "iave", "ipk", "vpk", "vds", "ron", "qg", "vceo", "icrating", "diss", "pn", "power"}  # ratings: simulate nothing
IDEAL_DIODE = {"ron", "roff", "vfwd", "vrev", "rrev", "epsilon", "revepsilon", "ilimit", "revilimit"}
SWITCH = {"sw": {"ron", "roff", "vt", "vh"}, "csw": {"ron", "roff", "it", "ih"}}
LEVELS = {"1", "2", "3", "4", "5", "6", "8", "14", "49", "54"}  # the same model in both programs
BSIM3 = {"8", "49"}
BSIM3_CODE = "3.3.0"  # what LTspice runs, whatever the card says: real I-V files agree with it only
OTHER_LEVELS = {"9": "BSIM3SOI", "12": "EKV", "73": "HiSIM_HV"}


@dataclass(frozen=True)
class Model:
    """A model: its kind, parameters by name, and flags without value."""

    kind: str
    parameters: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        """Its level; "1" where it says none."""
        return self.parameters.get("level", "1").split(".")[0]


def read_model(statement: Statement, block: Block, depth: int = 0) -> Model:
    """The model of a ``.model`` line; ``ako:`` takes over what another one says.

    Raises:
        DialectError: it cannot be read, or stands on a model that is not there.
    """
    _, _, rest = statement.text.split(None, 2)
    hit = re.match(r"(?:ako\s*:\s*(\S+?)(?=[\s(]|$)\s*)?([a-z]\w*)?\s*(.*)$", rest, re.I)
    if hit is None or not (hit[1] or hit[2]):
        statement.refuse("`.model` must have a name and a type")
    inner = hit[3].strip()
    if inner.startswith("("):
        inner = inner[1:].rstrip().removesuffix(")")
    parameters, flags = dict[str, str](), list[str]()
    for word in words(inner):
        given = option(word)
        if given:
            parameters[given[0]] = given[1]
        else:
            flags.append(word.lower())
    if not hit[1]:
        return Model((hit[2] or "").lower(), parameters, tuple(flags))
    parent = block.model(hit[1])
    if parent is None or depth > 20:
        statement.refuse(f"`ako:{hit[1]}`: there is no such model")
    base = read_model(parent, block, depth + 1)
    return Model(base.kind, base.parameters | parameters, (*base.flags, *flags))


def write_model(place: Place, name: str, statement: Statement) -> str:
    """The line of a model for ngspice."""
    model = read_model(statement, place.block)
    if model.kind == "vdmos":
        statement.refuse("`VDMOS` is LTspice's own power MOSFET; give the .subckt of its maker, or a level 1 to 8 model")
    if model.kind not in KINDS:
        statement.refuse(f"`.model` of type {model.kind} is not translated; known are {', '.join(sorted(KINDS))}")
    parameters = dict(model.parameters)
    _check_kind(statement, model)
    if model.kind not in SWITCH:
        parameters = {key: value for key, value in parameters.items() if key not in INFORMATION}
    if model.kind in ("nmos", "pmos"):
        _check_mosfet(place, statement, parameters)
    flags = _flags(place, statement, model)
    shown = " ".join([*flags, *(f"{key}={value if key == 'version' else place.value(statement, value)}" for key, value in parameters.items())])
    return f".model {name} {model.kind}({shown})" if shown else f".model {name} {model.kind}"


def _check_kind(statement: Statement, model: Model) -> None:
    """Refuse what has another meaning in ngspice, or none."""
    given = {*model.parameters, *model.flags}
    if model.kind == "d" and (ideal := sorted(given & IDEAL_DIODE)):
        statement.refuse(f"`{ideal[0]}` makes LTspice's diode of straight lines, which is not in ngspice; give Is, N and Rs")
    if model.kind in SWITCH:
        if other := sorted(set(model.parameters) - SWITCH[model.kind]):
            statement.refuse(f"`{other[0]}` of a switch is not in ngspice")
        hysteresis = model.parameters.get("vh", model.parameters.get("ih", "0"))
        if hysteresis.lstrip("{'( ").startswith("-"):
            statement.refuse("a switch with negative hysteresis turns smoothly in LTspice and not in ngspice; write a behavioral source")
    if model.kind in ("npn", "pnp", "njf", "pjf", "nmf", "pmf") and model.level != "1":
        statement.refuse(f"level {model.level} of {model.kind} is another model in ngspice")


def _check_mosfet(place: Place, statement: Statement, parameters: dict[str, str]) -> None:
    level = parameters.get("level", "1").split(".")[0]
    if level not in LEVELS:
        known = OTHER_LEVELS.get(level)
        statement.refuse(f"MOSFET level {level}{f' ({known} in LTspice)' if known else ''} is another model in ngspice, or none")
    if level in BSIM3 and parameters.get("version", BSIM3_CODE) not in (BSIM3_CODE, "3.3"):
        place.note(statement, f"BSIM3 VERSION={parameters['version']}", f"{BSIM3_CODE}, the code that LTspice runs for every BSIM3 card")
        parameters["version"] = BSIM3_CODE


def _flags(place: Place, statement: Statement, model: Model) -> list[str]:
    kept = []
    for flag in model.flags:
        if flag == "noiseless" and not place.shared.noise:
            place.note(statement, "noiseless", "left out: no noise is analyzed")
        elif model.kind == "ltra":
            kept.append(flag)
        elif flag:
            statement.refuse(f"`{flag}` of a model is not in ngspice")
    return kept
