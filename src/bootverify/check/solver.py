"""The only file that knows SMT solvers: SMT-LIB text in, an answer out.

Where it matters which values it finds, or a core of its own making is wanted, a z3 is asked that has seen nothing
before, so that the same text gets the same ones. z3 is spoken to through four functions of its C library: its Python
package takes longer to load, and to walk through, than the questions take to answer.
"""

import ctypes
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from bootverify.dataclass import dataclass
from bootverify.errors import SolverUnavailable

RLIMIT = 20_000_000  # z3's deterministic resource count; about seconds, the same on every machine
CVC5_SHARE = 10  # cvc5 counts other things, about so many times fewer; also the same on every machine
BITWUZLA_MILLISECONDS = 120_000  # bitwuzla has no such count
CORES = "(set-option :produce-unsat-cores true)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sat:
    """There is an assignment; `values` are those that were asked for, whole numbers, or 1 and 0 for true and false."""

    values: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsat:
    """There is none; `core` names assertions that suffice for that, empty when the text did not ask for one."""

    core: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The solver gave up, for a `reason` in its own words."""

    reason: str

    def words(self, solver: str) -> str:
        """What to tell a user whose question `solver` did not answer."""
        if any(word in self.reason for word in _BOUND_MET):
            return f"{solver} met its bound on work; --rlimit raises it"
        return f"{solver} gave up ({self.reason})"


Answer = Sat | Unsat | Unknown

_BOUND_MET = ("resource limit", "canceled", "RESOURCEOUT")  # what the solvers call it
_VALUE = re.compile(r"\(\|?([A-Za-z_][\w.]*)\|? (\d+|true|false)\)")
_TRUTH = {"true": "1", "false": "0"}
_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint)
_IGNORED = _HANDLER(lambda _context, _code: None)
_PACKAGES = {"z3": "z3-solver", "cvc5": "cvc5", "bitwuzla": "bitwuzla"}


def available(among: Collection[str] = tuple(_PACKAGES)) -> dict[str, str]:
    """The installed solvers of those, and their versions, z3 first."""
    found = {name: _version(name) for name in _PACKAGES if name in among}
    return {name: version for name, version in found.items() if version}


def _version(name: str) -> str:
    """The version of a solver, empty where it is not installed."""
    if name == "z3":
        with suppress(SolverUnavailable):
            told: bytes = _z3_library().Z3_get_full_version()
            return told.decode()
        return ""
    from importlib import metadata  # noqa: PLC0415 - slow to load, and few ask other solvers than z3

    try:
        return metadata.version(_PACKAGES[name])
    except metadata.PackageNotFoundError:
        return ""


def chosen(word: str) -> tuple[str, ...]:
    """The solvers that a user means by `word`: a name, several with commas between them, or `all` that are installed.

    Raises:
        SolverUnavailable: one is not known or not installed.
    """
    names = tuple(available()) if word == "all" else tuple(dict.fromkeys(each.strip() for each in word.split(",")))
    for name in names:
        _asker(name)
    return names


@lru_cache(maxsize=512)
def solve(
    text: str, solver: str = "z3", *, rlimit: int = RLIMIT, wanted: tuple[str, ...] = (), alone: bool = False
) -> Answer:
    """What `solver` answers to the script `text`, which ends in its one `(check-sat)`.

    `rlimit` bounds z3 and cvc5; bitwuzla has a bound of its own. The same text is asked once: attackers often differ in
    nothing that a claim is about. Of z3, `wanted` are symbols of sort Int or Bool whose values belong to the answer;
    with `alone` a z3 is asked that has seen nothing before, so that the same text gets the same values.

    Raises:
        SolverUnavailable: it is not installed.
    """
    if solver == "z3":
        return _z3(text, rlimit, wanted, alone=alone)
    return _asker(solver)(text, rlimit)


@lru_cache(maxsize=512)
def enough(text: str, names: tuple[str, ...], *, rlimit: int = RLIMIT) -> Answer:
    """What z3 answers where all `names`, truth values of the script `text`, are true; it must not ask anything itself.

    The core are names none of which can be left out; the last go first. They follow from what z3 says to one selection
    after the other, so the same text gets the same core, whatever was asked before.
    """
    return _shared().enough(text, names, rlimit)


def _asker(solver: str) -> Callable[[str, int], Answer]:
    match solver:
        case "z3":
            _z3_library()
            return _z3
        case "cvc5":
            _module(solver)
            return _cvc5
        case "bitwuzla":
            _module(solver)
            return _bitwuzla
        case _:
            raise SolverUnavailable(f"no solver is called `{solver}`; one of {', '.join(_PACKAGES)}, or all")


# -- z3


def _z3(text: str, rlimit: int, wanted: Sequence[str] = (), *, alone: bool = False) -> Answer:
    return (Z3() if alone or CORES in text else _shared()).ask(text, rlimit, wanted)


class Z3:
    """A z3 that forgets each question before the next: quicker than a new one, but cores may depend on those before."""

    def __init__(self) -> None:
        self._library = _z3_library()
        settings = self._library.Z3_mk_config()
        self._context = self._library.Z3_mk_context(settings)
        self._library.Z3_del_config(settings)
        # Errors are in what it says; without this one ends the process.
        self._library.Z3_set_error_handler(self._context, _IGNORED)

    def __del__(self) -> None:
        self._library.Z3_del_context(self._context)

    def ask(self, text: str, rlimit: int, wanted: Sequence[str] = ()) -> Answer:
        """As `solve`."""
        wants_core = CORES in text
        options = f"(reset)\n(set-option :rlimit {rlimit})\n"
        if not wants_core:
            # What z3 does first by itself with such texts takes longer than it takes to answer them.
            text = text.replace("(check-sat)", "(check-sat-using smt)")
        said = self._told(options + ("(set-option :smt.core.minimize true)\n" if wants_core else "") + text)
        if said == "unsat" and wants_core:
            core = self._told("(get-unsat-core)")
            return Unknown(reason=core) if core.startswith("(error") else Unsat(core=tuple(sorted(_symbols(core))))
        if said == "sat" and wanted:
            values = _VALUE.findall(self._told(f"(get-value ({' '.join(wanted)}))"))
            return Sat(values=tuple((name, int(_TRUTH.get(value, value))) for name, value in values))
        return self._undecided(said)

    def enough(self, text: str, names: Sequence[str], rlimit: int) -> Answer:
        """As the function."""
        said = self._told(f"(reset)\n(set-option :rlimit {rlimit})\n{text}{_assuming(names)}")
        if said != "unsat":
            return self._undecided(said)
        kept, at, share = list(reversed(names)), 0, max(len(names) // 2, 1)
        while at < len(kept):
            fewer = kept[:at] + kept[at + share :]
            if self._told(_assuming(fewer)) == "unsat":
                kept, share = fewer, 2 * share
            elif share > 1:
                share //= 2
            else:
                at += 1
        return Unsat(core=tuple(reversed(kept)))

    def _undecided(self, said: str) -> Answer:
        if said == "unknown":  # (:reason-unknown "max. resource limit exceeded")
            return Unknown(reason=self._told("(get-info :reason-unknown)").partition(" ")[2].strip('")'))
        return _said(said)

    def _told(self, commands: str) -> str:
        said: bytes = self._library.Z3_eval_smtlib2_string(self._context, commands.encode())
        return said.decode().strip()


@cache
def _shared() -> Z3:
    return Z3()


def warm() -> None:
    """Have z3 ready for questions, where it is installed: its first context takes longer than most of them."""
    with suppress(SolverUnavailable):
        _shared()


def _assuming(names: Iterable[str]) -> str:
    return f"(check-sat-assuming ({' '.join(f'|{name}|' for name in names)}))"


def _symbols(text: str) -> list[str]:
    """The names in a core, `(a |b c|)`."""
    parts = text.strip().removeprefix("(").removesuffix(")").split("|")
    plain = [name for part in parts[::2] for name in part.split()]
    return plain + parts[1::2]


@cache
def _z3_library() -> ctypes.CDLL:
    spec = find_spec("z3")
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    for place in places:
        for name in ("libz3.so", "libz3.dylib", "libz3.dll"):
            for folder in ("lib", "bin", "."):
                path = Path(place) / folder / name
                if path.is_file():
                    return _prepared(ctypes.CDLL(str(path)))
    raise SolverUnavailable(_missing("z3"))


def _prepared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer = ctypes.c_void_p
    library.Z3_mk_config.restype = pointer
    library.Z3_mk_context.restype = pointer
    library.Z3_mk_context.argtypes = [pointer]
    library.Z3_del_config.argtypes = [pointer]
    library.Z3_del_context.argtypes = [pointer]
    library.Z3_set_error_handler.argtypes = [pointer, _HANDLER]
    library.Z3_set_error_handler.restype = None
    library.Z3_get_full_version.restype = ctypes.c_char_p
    library.Z3_eval_smtlib2_string.restype = ctypes.c_char_p
    library.Z3_eval_smtlib2_string.argtypes = [pointer, ctypes.c_char_p]
    return library


# -- the others


@cache
def _module(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        raise SolverUnavailable(_missing(name)) from error


def _missing(name: str) -> str:
    return f"the solver `{name}` is not installed; pip install {_PACKAGES[name]}"


def _cvc5(text: str, rlimit: int) -> Answer:
    cvc5 = _module("cvc5")
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("rlimit", str(max(rlimit // CVC5_SHARE, 1)))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text.replace(CORES, ""), "query")
    symbols = parser.getSymbolManager()
    said = []
    try:
        while not (command := parser.nextCommand()).isNull():
            said.append(str(command.invoke(solver, symbols)))
    except RuntimeError as error:
        return Unknown(reason=str(error))
    return _said("".join(said).strip())


def _bitwuzla(text: str, _rlimit: int) -> Answer:
    bitwuzla = _module("bitwuzla")
    options = bitwuzla.Options()
    options.set(bitwuzla.Option.TIME_LIMIT_PER, BITWUZLA_MILLISECONDS)
    parser = bitwuzla.Parser(bitwuzla.TermManager(), options)
    # Its parser would print the answer; so the question is put by hand.
    try:
        parser.parse(text.replace(CORES, "").replace("(check-sat)", ""), True, False)
        result = parser.bitwuzla().check_sat()
    except Exception as error:  # noqa: BLE001 - it knows one class, made by its binding
        return Unknown(reason=str(error))
    return _said(str(result).rsplit(".", maxsplit=1)[-1].lower())


def _said(word: str) -> Answer:
    if word == "unsat":
        return Unsat()
    return Sat() if word == "sat" else Unknown(reason=word or "the bound on resources was met")
