"""The only file that knows SMT solvers: SMT-LIB text in, an answer out."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata

from bootverify.errors import SolverUnavailable

RLIMIT = 20_000_000  # z3's deterministic resource count; about seconds, the same on every machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Sat:
    """There is an assignment; names to values as SMT-LIB text, where the solver was asked for them."""

    assignment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsat:
    """There is none; `core` names assertions that suffice for that, empty when not computed."""

    core: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The solver gave up."""

    reason: str


Answer = Sat | Unsat | Unknown

_PACKAGES = {"z3": "z3-solver", "cvc5": "cvc5", "bitwuzla": "bitwuzla"}


def available() -> dict[str, str]:
    """The installed solvers and their versions, z3 first."""
    found = {}
    for name, package in _PACKAGES.items():
        try:
            found[name] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def solve(text: str, solver: str = "z3", *, rlimit: int = RLIMIT) -> Answer:
    """What `solver` answers to the script `text`, which ends in one `(check-sat)`.

    Raises:
        SolverUnavailable: it is not installed.
    """
    match solver:
        case "z3":
            return _z3(text, rlimit)
        case "cvc5":
            return _cvc5(text)
        case "bitwuzla":
            return _bitwuzla(text)
        case _:
            raise SolverUnavailable(f"no solver is called `{solver}`; one of {', '.join(_PACKAGES)}")


@cache
def _module(name: str) -> object:
    try:
        return import_module(name)
    except ImportError as error:
        raise SolverUnavailable(f"`{name}` is not installed; pip install {_PACKAGES[name]}") from error


def _z3(text: str, rlimit: int) -> Answer:
    z3 = _module("z3")
    context = z3.Context()  # type: ignore[attr-defined]  # a fresh one: the answer depends on the text alone
    solver = z3.SolverFor("QF_BV", ctx=context)  # type: ignore[attr-defined]
    solver.set("rlimit", rlimit)
    solver.set("unsat_core", True)
    solver.from_string(text.replace("(check-sat)", ""))
    result = str(solver.check())
    if result == "unsat":
        return Unsat(core=tuple(sorted(str(name).strip("|") for name in solver.unsat_core())))
    if result == "sat":
        model = solver.model()
        return Sat(assignment={str(name): str(model[name]) for name in model.decls()})
    return Unknown(reason=str(solver.reason_unknown()))


def _cvc5(text: str) -> Answer:
    cvc5 = _module("cvc5")
    manager = cvc5.TermManager()  # type: ignore[attr-defined]
    solver = cvc5.Solver(manager)  # type: ignore[attr-defined]
    parser = cvc5.InputParser(solver)  # type: ignore[attr-defined]
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "query")  # type: ignore[attr-defined]
    symbols = parser.getSymbolManager()
    said = ""
    while True:
        command = parser.nextCommand()
        if command.isNull():
            break
        said += str(command.invoke(solver, symbols))
    return _said(said.strip())


def _bitwuzla(text: str) -> Answer:
    bitwuzla = _module("bitwuzla")
    options = bitwuzla.Options()  # type: ignore[attr-defined]
    options.set(bitwuzla.Option.PRODUCE_UNSAT_CORES, True)  # type: ignore[attr-defined]
    manager = bitwuzla.TermManager()  # type: ignore[attr-defined]
    parser = bitwuzla.Parser(manager, options)  # type: ignore[attr-defined]
    parser.parse(text.replace("(check-sat)", ""), True, False)
    result = parser.bitwuzla().check_sat()
    return _said(str(result).rsplit(".", maxsplit=1)[-1].lower())


def _said(word: str) -> Answer:
    if word == "unsat":
        return Unsat(core=())
    if word == "sat":
        return Sat(assignment={})
    return Unknown(reason=word or "no answer")
