"""What a name of the program means: policies, attackers, SoCs, stages, capabilities, verdicts, exit codes."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cache

from bootverify.design.attacker import Capability
from bootverify.design.reference import Reference
from bootverify.errors import InputError
from bootverify.policy.vocabulary import PREDICATES
from bootverify.report.open_points import MEANINGS, to_do
from bootverify.report.wrapping import folded, wrapped
from bootverify.sources.attackers import attacker_story, load_attacker
from bootverify.sources.catalog import names
from bootverify.sources.citations import document, titled
from bootverify.sources.models import load_soc, load_stage
from bootverify.sources.policies import load_policy
from bootverify.sources.standards import load_standard
from bootverify.whatif.migration.questions import Question

KINDS = {
    "policies": "policies",
    "attackers": "models/attackers",
    "socs": "models/socs",
    "stages": "models/stages",
    "standards": "models/standards",
}

VERDICTS = {
    "holds": "Proved for every history by an inductive invariant, shown by a replayed witness, or computed from a map;"
    " the finding says which.",
    "violated": "The reference executor booted real signed images and reached the bad state; the trace replays.",
    "undefined": "No document of the vendor defines the combination or behaviour; the open point is named.",
    "vacuous": "The premise is never met or the device never lives, so the claim says nothing.",
    "unknown": "Neither proved nor broken; the finding says why. Never a success.",
    "not-applicable": "The attacker or subject does not exist in this design.",
}
EXITS = {
    "0": "everything asked holds, and something was asked",
    "1": "something is violated",
    "2": "the input is wrong; standard error says what and where",
    "3": "something is undefined, vacuous or unknown, nothing violated",
    "4": "executor and encoder disagree: a defect of bootverify",
}
CAPABILITIES = {
    Capability.SEND_UPDATE: "sends arbitrary bytes to the update service",
    Capability.REPLAY_RELEASE: "sends genuine old releases to the update service",
    Capability.RUN_APPLICATION: "runs code in the application, with the application's attribution",
    Capability.RUN_SECURE_PARTITION: "runs code on the secure side after boot, where TF-M is present",
    Capability.DEBUG: "has a probe attached, erase-all included",
    Capability.CUT_POWER: "removes power at any moment, repeatedly",
    Capability.READ_FACTORY_FILES: "sees the files that are handed to production",
    Capability.READ_BUILD: "sees the artefacts of the build",
    Capability.READ_EXTERNAL: "reads the external memory chip, also while the device runs",
    Capability.WRITE_EXTERNAL: "writes the external memory chip, and answers two reads of one address differently",
    Capability.USE_CABLE: "sends any bytes to the recovery port",
    Capability.RUN_BOOTLOADER: "runs code in the bootloader asked about, or in the stage behind it, before hand-over",
    Capability.RUN_NETWORK_CORE: "runs code on the network core",
    Capability.INJECT_FAULT: "glitches the device",
}


def explained(name: str) -> str:
    """What `name` means, in 80 columns.

    Raises:
        InputError: nothing is called so; the nearest name is told, or where to find all.
    """
    for known, tell in _tellers():
        if name in known:
            return "\n".join(tell(name)) + "\n"
    known_names = sorted({each for known, _ in _tellers() for each in known if not each.isdigit()})
    near = get_close_matches(name, known_names, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"`bootverify list` has {', '.join(KINDS)}"
    raise InputError.at(name, 0, f"nothing is called so; {hint}")


def listing(kind: str) -> str:
    """The names of `kind` (a key of `KINDS`), one a line, each with its title, which is folded at 80 columns."""
    found = names(KINDS[kind])
    width = max(map(len, found), default=0)
    told = [wrapped(f"{name.ljust(width)}  {_title(kind, name)}", 0, width + 2) for name in found]
    return "".join(f"{line}\n" for lines in told for line in lines)


def _title(kind: str, name: str) -> str:
    match kind:
        case "policies":
            return load_policy(name).title
        case "attackers":
            return load_attacker(name).title
        case "socs":
            return load_soc(name).title
        case "standards":
            return load_standard(name).title
        case _:
            return load_stage(name).title


def _tellers() -> list[tuple[Iterable[str], Callable[[str], list[str]]]]:
    return [
        (names("policies"), _policy),
        (names("models/attackers"), _attacker),
        (names("models/socs"), _soc),
        (names("models/stages"), _stage),
        (names("models/standards"), _standard),
        ([each.value for each in Capability], _capability),
        (list(VERDICTS), lambda name: [name, *_text(VERDICTS[name])]),
        (list(EXITS), lambda name: [f"exit code {name}", *_text(EXITS[name])]),
        (list(PREDICATES), _predicate),
        (
            _open_points(),
            lambda name: [f"{name}: an open point", *(line for each in _open_points()[name] for line in _text(each))],
        ),
        ([each.value for each in Question], _question),
    ]


@cache
def _open_points() -> dict[str, list[str]]:
    """Each open point with what is said of it: generally, and of each SoC."""
    found = {name: [said, *(f"To do: {each}" for each in to_do([name]))] for name, said in MEANINGS.items()}
    said: dict[tuple[str, str], list[str]] = {}
    for soc in names(KINDS["socs"]):
        for point in load_soc(soc).open_points:
            said.setdefault((point.name, point.statement), []).append(soc)
    for (name, statement), socs in said.items():
        found.setdefault(name, []).append(f"{', '.join(socs)}: {statement}")
    return found


def _policy(name: str) -> list[str]:
    policy = load_policy(name)
    lines = [*_head(policy.id, f"{policy.title} ({policy.severity.value})"), ""]
    for ask in policy.asks:
        boots = ask.claim.boots
        when = f", after {boots} undisturbed boot{'s' if boots > 1 else ''}" if boots else ""
        lines += _text(f"asked of each {ask.subject.value}: {ask.claim.kind.value} {ask.claim.text}{when}")
    lines += wrapped("against " + ", ".join(each.name for each in policy.against), 2, 10)
    lines += ["", *_text(policy.because), "", *wrapped(f"To do: {policy.repair}", 2, 9), ""]
    lines += _references(policy.references)
    if policy.mutations:
        lines += ["", "Broken, for example, when"]
        lines += [line for each in policy.mutations for line in wrapped(f"- {each.story}", 2, 4)]
    return lines


def _attacker(name: str) -> list[str]:
    attacker = load_attacker(name)
    lines = [*_head(attacker.name, attacker.title), ""]
    for each in sorted(attacker.capabilities, key=lambda capability: capability.value):
        lines += wrapped(f"{each.value}: {CAPABILITIES.get(each, each.value)}", 2, 4)
    story = attacker_story(name)
    return [*lines, *(["", *_text(story)] if story else [])]


def _soc(name: str) -> list[str]:
    soc = load_soc(name)
    lines = [*_head(soc.name, soc.title), ""]
    lines += _text(f"internal memory {soc.flash}, erase page {soc.page:#x}, write unit {soc.word} bytes")
    lines += _text(f"RAM {soc.ram}; UICR {soc.uicr}" + (f"; OTP {soc.otp}" if soc.otp else ""))
    guard = soc.guard
    lines += _text(f"protection: {guard.kind.value}, granule {guard.granule:#x}, {guard.entries} entries")
    lines += _text(f"TrustZone: {'yes' if soc.trustzone else 'no'}; KMU slots: {soc.kmu_slots}")
    return [*lines, "", *_references(soc.references)]


def _references(cited: Iterable[Reference]) -> list[str]:
    told = []
    for each in cited:
        found = document(each)
        told += [*wrapped(titled(each), 2, 4), *wrapped(found.imprint, 4), *folded(found.place, 4)]
    return told


def _stage(name: str) -> list[str]:
    stage = load_stage(name)
    calls = " > ".join(call.operation for call in stage.program)
    return [*_head(stage.name, stage.title), "", *_text(calls), "", *_references(stage.references)]


def _standard(name: str) -> list[str]:
    standard = load_standard(name)
    lines = [*_head(standard.name, standard.title), *_text(f"cited as {standard.cited}; edition {standard.edition}")]
    lines += [*_text(standard.publisher), *_text(standard.url), ""]
    for clause, words in standard.clauses.items():
        bearing = [each for each in names("policies") if clause in standard.clauses_of(load_policy(each))]
        lines += [*_text(f"{clause}: {words}"), *_text(f"  {', '.join(bearing) or 'no policy'}")]
    return lines


def _capability(name: str) -> list[str]:
    return [name, *_text(CAPABILITIES.get(Capability(name), name))]


def _question(name: str) -> list[str]:
    question = Question(name)
    return [f"{name}: {question.words} (asked by `migrate`)", *_text(question.meaning)]


def _predicate(name: str) -> list[str]:
    predicate = PREDICATES[name]
    return [f"{name}({', '.join(predicate.arguments)})", *_text(predicate.meaning)]


def _head(name: str, title: str) -> list[str]:
    return wrapped(f"{name}: {title}", 0, 2)


def _text(words: str) -> list[str]:
    return wrapped(words, 2)
