"""A transition system, a claim, its lemmas and their obligations as one SMT-LIB script that any solver answers.

Every value, guard, next value and lemma is a named definition, so that an obligation is a few words long and all of
it reads from top to bottom. Lemmas are functions of their variables: what a transition makes of one is that function of
the next values. Equal systems give equal text, whatever was built before them.
"""

from collections.abc import Iterable, Iterator, Sequence

from bootverify.encoder.logic.smtlib import quoted, width
from bootverify.encoder.logic.system import System, Transition
from bootverify.encoder.logic.terms import BOOL, Op, Sort, Term, nodes

BEGINS = "a recovery begins"
RANK = ("boots", "at")  # what rises in a recovery: the number of the boot, then the mark
Named = tuple[Term, str]  # a lemma and the words that it is shown by


def system_text(system: System, claim: Term, over: Term | None = None) -> str:
    """Sorts, variables, starts, every transition, and the claim; the part that a design determines.

    `over`: of a recovery, where it is not under way.
    """
    lines = ["; --- sorts: each value by its name", *_sorts(system)]
    lines += ["; --- the state, each variable within its sort, and where it starts"]
    for variable in system.variables:
        lines += _declared(variable)
        start = _start(variable, system)
        lines.append(f"(define-fun {_start_name(variable)} () Bool {start})")
    lines.append(f"(define-fun start () Bool {_all(map(_start_name, system.variables))})")
    lines += ["; --- the transitions: guard, and the next value of each variable that changes; all others stay"]
    shared = _Shared(system)
    for transition in system.transitions:
        lines += _transition(transition, shared)
    lines += ["; --- the claim, of every state that is ever reached"]
    lines.append(_function("claim", claim))
    if over is not None:
        lines += ["; --- the recovery: where none is under way, or its last boot has ended", _function("over", over)]
    return "\n".join(lines) + "\n"


def proof_text(system: System, claim: Term, lemmas: Sequence[Named], over: Term | None = None) -> str:
    """The lemmas and the questions to the solver, each with the answer that it must give."""
    lines = [
        "; --- the invariant: lemmas that hold at the start, that every transition keeps, and that imply the claim"
    ]
    for number, (term, words) in enumerate(lemmas, start=1):
        lines += [f"; {_comment(words)}", lemma_text(number, term)]
    applied = [_applied(f"lemma {number}", term) for number, (term, _) in enumerate(lemmas, start=1)]
    lines.append(f"(define-fun invariant () Bool {_all(applied)})")
    lines += [
        "; --- what is asked, and what must be answered",
        *_questions(system, claim, [term for term, _ in lemmas]),
        *(_of_recovery(system, over) if over is not None else ()),
    ]
    return "\n".join(lines) + "\n"


def lemma_text(number: int, term: Term) -> str:
    """The line that defines a lemma."""
    return _function(f"lemma {number}", term)


def _questions(system: System, claim: Term, lemmas: list[Term]) -> Iterator[str]:
    yield from _asked("there is a start", ["start"], "sat")
    yield from _asked("every lemma holds at the start", ["start", "(not invariant)"], "unsat")
    for transition in system.transitions:
        touched = [n for n, lemma in enumerate(lemmas, start=1) if not lemma.free.isdisjoint(transition.updates)]
        if touched:
            after = _all(_applied(f"lemma {n}", lemmas[n - 1], transition) for n in touched)
            guard = quoted(f"guard of {transition.name}")
            words = f"`{transition.name}` keeps lemma {', '.join(map(str, touched))}"
            yield from _asked(words, ["invariant", guard, f"(not {after})"], "unsat")
    holds = _applied("claim", claim)
    yield from _asked("the claim is not true of every state", [f"(not {holds})"], "sat")
    yield from _asked("the lemmas imply the claim", ["invariant", f"(not {holds})"], "unsat")


def _of_recovery(system: System, over: Term) -> Iterator[str]:
    """It comes to its end: nothing is stuck before that, and each step gets on."""
    under_way = f"(not {_applied('over', over)})"
    for transition in system.transitions:
        if transition.name == BEGINS:
            guard, after = quoted(f"guard of {BEGINS}"), _applied("over", over, transition)
            yield from _asked("it can begin", ["invariant", guard, f"(not {after})"], "sat")
    guards = [f"(not {quoted(f'guard of {transition.name}')})" for transition in system.transitions]
    yield from _asked("nothing is stuck while it is", ["invariant", under_way, *guards], "unsat")
    variables = {each.name: each for each in system.variables}
    for each in system.transitions:
        (boots, boots_after), (at, at_after) = (
            (quoted(name), quoted(_after(variables[name], each) if variables[name] in each.updates else name))
            for name in RANK
        )
        rises = f"(or (bvult {boots} {boots_after}) (and (= {boots} {boots_after}) (bvult {at} {at_after})))"
        asked = ["invariant", quoted(f"guard of {each.name}"), under_way, f"(not {rises})"]
        yield from _asked(f"`{each.name}` gets on", asked, "unsat")


def _asked(words: str, assertions: Iterable[str], answer: str) -> Iterator[str]:
    yield f"; {_comment(words)}: {answer}"
    yield "(push 1)"
    for each in assertions:
        yield f"(assert {each})"
    yield f"(set-info :status {answer})"
    yield "(check-sat)"
    yield "(pop 1)"


def _sorts(system: System) -> Iterator[str]:
    inputs = (each for transition in system.transitions for each in transition.inputs)
    terms = (term for t in system.transitions for term in (t.guard, *t.updates.values()))
    seen: dict[str, Sort] = {}
    for term in (*system.variables, *inputs, *nodes(*terms)):
        sort = term.sort
        if sort is BOOL or sort.name in seen:
            if seen.get(sort.name, sort) != sort:
                raise ValueError(f"two sorts are called `{sort.name}`")
            continue
        seen[sort.name] = sort
        yield f"(define-sort {quoted(sort.name)} () (_ BitVec {width(sort)}))"
        for index, value in enumerate(sort.values):
            yield f"(define-fun {_value(sort, value)} () {quoted(sort.name)} #b{index:0{width(sort)}b})"


def _declared(variable: Term) -> Iterator[str]:
    """The declaration, and that the bits name a value."""
    sort = variable.sort
    yield f"(declare-const {quoted(variable.name)} {_sort(sort)})"
    if sort is not BOOL:
        yield f"(assert (bvule {quoted(variable.name)} {_value(sort, sort.values[-1])}))"


def _start(variable: Term, system: System) -> str:
    values = system.init[variable]
    if variable.sort is BOOL:
        if len(set(values)) > 1:
            return "true"
        return quoted(variable.name) if values[0] else f"(not {quoted(variable.name)})"
    return _any(f"(= {quoted(variable.name)} {_value(variable.sort, str(value))})" for value in values)


def _start_name(variable: Term) -> str:
    return quoted(f"start of {variable.name}")


def _transition(transition: Transition, shared: "_Shared") -> Iterator[str]:
    yield f'(set-info :transition "{_comment(transition.name)}")'
    for each in transition.inputs:
        yield from _declared(each)
    for target, term in [(None, transition.guard), *transition.updates.items()]:
        yield from shared.definitions(term)
        name = f"guard of {transition.name}" if target is None else _after(target, transition)
        yield f"(define-fun {quoted(name)} () {_sort(term.sort)} {shared.text(term)})"


def _after(variable: Term, transition: Transition) -> str:
    return f"{variable.name} after {transition.name}"


class _Shared:
    """Inner terms that occur more than once, each defined just before its first use."""

    def __init__(self, system: System) -> None:
        roots = [term for each in system.transitions for term in (each.guard, *each.updates.values())]
        uses: dict[int, int] = {}
        for node in nodes(*roots):
            for argument in node.arguments:
                uses[argument.id] = uses.get(argument.id, 0) + 1
        for root in roots:
            uses[root.id] = uses.get(root.id, 0) + 1
        self._often = {number for number, count in uses.items() if count > 1}
        self._names: dict[int, str] = {}
        self._texts: dict[int, str] = {}

    def definitions(self, term: Term) -> Iterator[str]:
        """The definitions that the text of `term` needs and that no earlier one made."""
        for node in nodes(term):
            if node.id in self._texts:
                continue
            text = _text(node, [self._texts[argument.id] for argument in node.arguments])
            if node.id in self._often and _large(node):
                name = f"shared {len(self._names) + 1}"
                self._names[node.id] = name
                yield f"(define-fun {quoted(name)} () {_sort(node.sort)} {text})"
                text = quoted(name)
            self._texts[node.id] = text

    def text(self, term: Term) -> str:
        """The text of a term whose definitions were given."""
        return self._texts[term.id]


def _large(node: Term) -> bool:
    """Worth a name: more than one connective."""
    return any(argument.op not in {Op.CONST, Op.VAR} for argument in node.arguments) or len(node.arguments) > 2


def _function(name: str, term: Term) -> str:
    """The definition of `term` as a function of its variables; what occurs twice in it is bound by `let`."""
    parameters = " ".join(f"({quoted(each.name)} {_sort(each.sort)})" for each in _free(term))
    uses: dict[int, int] = {}
    for node in nodes(term):
        for argument in node.arguments:
            uses[argument.id] = uses.get(argument.id, 0) + 1
    texts: dict[int, str] = {}
    bound: list[str] = []
    for node in nodes(term):
        text = _text(node, [texts[argument.id] for argument in node.arguments])
        if uses.get(node.id, 0) > 1 and _large(node):
            bound.append(f"(let ((?{len(bound) + 1} {text})) ")
            text = f"?{len(bound)}"
        texts[node.id] = text
    body = "".join(bound) + texts[term.id] + ")" * len(bound)
    return f"(define-fun {quoted(name)} ({parameters}) Bool {body})"


def _applied(name: str, term: Term, transition: Transition | None = None) -> str:
    """The function at the state's variables, or at their next values."""
    arguments = [
        quoted(_after(each, transition) if transition is not None and each in transition.updates else each.name)
        for each in _free(term)
    ]
    return f"({quoted(name)} {' '.join(arguments)})" if arguments else quoted(name)


def _free(term: Term) -> list[Term]:
    return sorted(term.free, key=lambda each: each.name)


def _text(node: Term, parts: Sequence[str]) -> str:
    match node.op:
        case Op.CONST:
            return str(node.value).lower() if node.sort is BOOL else _value(node.sort, str(node.value))
        case Op.VAR:
            return quoted(node.name)
        case Op.NOT | Op.AND | Op.OR | Op.EQ | Op.ITE:
            return f"({node.op.value} {' '.join(parts)})"


def _value(sort: Sort, value: str) -> str:
    return quoted(f"{sort.name} {value}")


def _sort(sort: Sort) -> str:
    return "Bool" if sort is BOOL else quoted(sort.name)


def _all(parts: Iterable[str]) -> str:
    found = list(parts)
    return found[0] if len(found) == 1 else f"(and {' '.join(found)})" if found else "true"


def _any(parts: Iterable[str]) -> str:
    found = list(parts)
    return found[0] if len(found) == 1 else f"(or {' '.join(found)})"


def _comment(words: str) -> str:
    """One line without what would end a comment or a string."""
    return " ".join(words.replace('"', "'").split())
