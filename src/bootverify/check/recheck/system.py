"""What a certificate says: sorts, variables, start, transitions, claim and lemmas, in the one order that they have.

Nothing is taken on trust: guards and next values read the old state and free inputs alone, lemmas and claim their
parameters; a next value is of its variable's sort, so it stays among the values that the sort has.
"""

from collections.abc import Mapping

from bootverify.check.recheck.reader import Commands, Expression, Refused, written

BOOL = "Bool"
RESERVED = frozenset({BOOL, "_", "BitVec", "true", "false", "not", "and", "or", "=", "ite", "let", "bvule", "bvult"})
BEGINS = "a recovery begins"
RANK = ("boots", "at")  # what rises in a recovery

Sorts = Mapping[str, str]  # of names
Value = bool | str


class System:
    """All that `commands` say before the questions, which they have left then.

    Raises:
        Refused: anything is not as a certificate has it.
    """

    def __init__(self, commands: Commands) -> None:
        self.recovers = False  # whether the claim is of a recovery, which has to come to its end
        self.values: dict[str, list[Value]] = {BOOL: [False, True]}  # of each sort
        self.variables: dict[str, str] = {}  # with their sorts, like the inputs
        self.inputs: dict[str, str] = {}
        self.bodies: dict[str, Expression] = {}  # of all definitions
        self.parameters: dict[str, tuple[str, ...]] = {}  # of those that are functions of the state
        self.updates: dict[str, list[str]] = {}  # what each transition assigns to
        self.lemmas: list[str] = []
        self.lines: list[str] = []  # what solvers are told of it
        self._commands = commands
        self._names = set(RESERVED)
        self._constants = {"false": BOOL, "true": BOOL}  # each with its sort: what all definitions may mention
        self._seen = dict(self._constants)  # and what those of a transition may
        self._head()
        self._state()
        while commands.begins("set-info", ":transition"):
            self._transition()
        self._proof()

    def applied(self, name: str, transition: str = "") -> Expression:
        """A lemma or the claim in the present state, or after a transition."""
        given = self.parameters[name]
        return (name, *(self.after(transition, each) if transition else each for each in given)) if given else name

    def after(self, transition: str, variable: str) -> str:
        """The name of what `variable` becomes; the variable itself when it stays."""
        return f"{variable} after {transition}" if variable in self.updates[transition] else variable

    # -- the parts, in order

    def _head(self) -> None:
        while self._commands.begins("set-info"):
            match self._commands.next:
                case (_, str(key), str(value)) as command:
                    self._kept(key, command)
                    self.recovers |= key == ":claim" and value.startswith('"recovers')
                case _:
                    raise self._misplaced()
        self._kept("", ("set-logic", "QF_BV"))
        while self._commands.begins("define-sort"):
            self._sort()

    def _state(self) -> None:
        while self._commands.begins("declare-const"):
            name = self._declared(self.variables)
            self._defined(f"start of {name}", self._constants | {name: self.variables[name]}, BOOL)
        self._given("start", conjunction([f"start of {each}" for each in self.variables]))

    def _transition(self) -> None:
        title = self._commands.next
        transition = str(title[-1]).strip('"')
        self._kept(f"transition {transition}", title)
        self.updates[transition] = []
        while self._commands.begins("declare-const"):
            self._declared(self.inputs)
        while self._commands.begins("define-fun") and not self._commands.begins("define-fun", "claim"):
            name = str(self._commands.next[1])
            variable = name.removesuffix(f" after {transition}")
            if variable != name and variable in self.variables:
                self._defined(name, self._seen, self.variables[variable])
                self.updates[transition].append(variable)
            elif name.startswith("shared "):
                self._seen[name] = self._defined(name, self._seen)
            else:
                self._defined(f"guard of {transition}", self._seen, BOOL)
        if f"guard of {transition}" not in self.bodies:
            raise Refused(f"`{transition}` has no guard")

    def _proof(self) -> None:
        self._function("claim")
        if self.recovers:
            self._function("over")
            if BEGINS not in self.updates or not self.variables.keys() >= set(RANK):
                raise Refused("a recovery that does not begin, or has no boots")
        while self._commands.begins("define-fun", name := f"lemma {len(self.lemmas) + 1}"):
            self._function(name)
            self.lemmas.append(name)
        self._given("invariant", conjunction([self.applied(each) for each in self.lemmas]))

    # -- single commands

    def _kept(self, name: str, *commands: tuple[Expression, ...]) -> None:
        """Pass `commands`, which have to come next and give something a new name, and keep them for the solvers."""
        if name in self._names or name.startswith("?"):
            raise Refused(f"`{name}` is defined twice, or is no name")
        self._names.add(name)
        for each in commands:
            self._commands.expect(each)
            self.lines.append(written(each))

    def _sort(self) -> None:
        match self._commands.next:
            case (_, str(sort), (), ("_", "BitVec", str(bits))) as command if bits.isdecimal() and len(bits) < 3:
                self._kept(sort, command)
            case _:
                raise self._misplaced()
        values: list[Value] = []
        while self._commands.begins("define-fun"):
            value, number = str(self._commands.next[1]), f"#b{len(values):0{bits}b}"
            self._kept(value, ("define-fun", value, (), sort, number))
            self._constants[value] = self._seen[value] = sort
            values.append(value)
        self.values[sort] = values

    def _declared(self, among: dict[str, str]) -> str:
        """A constant; behind one with a sort of ours stands that it is among its values, which bits need not be."""
        match self._commands.next:
            case (_, str(name), str(sort)) as command if self.values.get(sort):
                bounds = [] if sort == BOOL else [("assert", ("bvule", name, str(self.values[sort][-1])))]
                self._kept(name, command, *bounds)
                among[name] = self._seen[name] = sort
                return name
        raise self._misplaced()

    def _defined(self, name: str, scope: Sorts, sort: str = "", parameters: Sorts | None = None) -> str:
        """A definition that mentions nothing but `scope`; its sort, which is `sort` where that is told."""
        match self._commands.next:
            case (_, _, _, str(found), body) if found == (sort or found) and sort_of(body, scope) == found:
                self._kept(name, ("define-fun", name, tuple((parameters or {}).items()), found, body))
                self.bodies[name] = body
                return found
        raise self._misplaced()

    def _function(self, name: str) -> None:
        """A definition that mentions its parameters alone; they are variables of the state, in order of their names."""
        match self._commands.next:
            case (_, _, tuple(given), *_):
                parameters = {variable: sort for variable, sort in self.variables.items() if (variable, sort) in given}
                self.parameters[name] = tuple(sorted(parameters))
                self._defined(name, self._constants | parameters, BOOL, dict(sorted(parameters.items())))
            case _:
                raise self._misplaced()

    def _misplaced(self) -> Refused:
        return Refused(f"`{written(self._commands.next)[:60]}` does not belong here")

    def _given(self, name: str, body: Expression) -> None:
        """The definition of `name` as just this."""
        self._kept(name, ("define-fun", name, (), BOOL, body))
        self.bodies[name] = body


def sort_of(body: Expression, scope: Sorts) -> str:
    """The sort of an expression.

    Raises:
        Refused: it has none, or mentions something else than `scope`.
    """
    match body:
        case str(name) if name in scope:
            return scope[name]
        case ("let", ((str(name), bound),), inner) if name.startswith("?"):
            return sort_of(inner, {**scope, name: sort_of(bound, scope)})
        case ("not", _) | ("and" | "or", _, _, *_) if all(sort_of(each, scope) == BOOL for each in body[1:]):
            return BOOL
        case ("=", left, right) if sort_of(left, scope) == sort_of(right, scope):
            return BOOL
        case ("ite", condition, then, otherwise) if sort_of(condition, scope) == BOOL:
            if (sort := sort_of(then, scope)) == sort_of(otherwise, scope):
                return sort
    raise Refused(f"`{written(body)[:60]}` has no sort here")


def conjunction(parts: list[Expression]) -> Expression:
    """All of them, as a certificate writes it."""
    return parts[0] if len(parts) == 1 else ("and", *parts) if parts else "true"
