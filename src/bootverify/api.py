"""What other programs import: load a design, check it, replay a trace, re-check a certificate, explain a name."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256
from json import JSONDecodeError
from pathlib import Path
from typing import TYPE_CHECKING

from bootverify.check.accepted import Accepted, Waiver, accept
from bootverify.check.replays.replay import replay
from bootverify.check.run import Options, check_design
from bootverify.check.verdict import Report
from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.design.firmware import Firmware, HeldKey, OpeningKey
from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.machine.action import Action
from bootverify.machine.trace import Inputs, Step, Trace, from_json
from bootverify.policy.rules import Rules
from bootverify.sources import importers
from bootverify.sources.attackers import load_attacker
from bootverify.sources.input_file import MIB, read_bytes, read_text
from bootverify.sources.inputs import load, read
from bootverify.sources.policies import load_policies
from bootverify.sources.rules import load_rules
from bootverify.sources.support import load_support

if TYPE_CHECKING:
    from bootverify.check.replays.scripted import Scripted
    from bootverify.check.session import Session
    from bootverify.executor.programmed.story import Story
    from bootverify.secrets.find import ScanResult

TRACE_LIMIT = 16 * MIB
BYSTANDER = Attacker(name="nobody", title="no attacker", capabilities=frozenset())


def check(
    design: Design,
    *,
    policies: Sequence[str] = (),
    subjects: Iterable[str] = (),
    attackers: Sequence[str] = (),
    options: Options | None = None,
    progress: Callable[[float], None] | None = None,
) -> Report:
    """The report on `design`: all of ours that apply, or the policies, subjects and attackers that are named.

    An attacker who is named is asked about even where the policy does not list him. `progress` is told the share done.

    Raises:
        InputError: a name is unknown, or a file that was named is wrong.
    """
    rules = load_rules(policies, attackers)
    return check_design(
        design,
        rules.policies,
        rules.attackers,
        rules.support,
        subjects=subjects,
        options=_for(rules, options),
        progress=progress,
    )


def session(
    *, policies: Sequence[str] = (), attackers: Sequence[str] = (), options: Options | None = None
) -> "Session":
    """What answers the same questions about many designs of one family, and asks nothing twice.

    Raises:
        InputError: a name is unknown, or a file that was named is wrong.
    """
    from bootverify.check.session import Session  # noqa: PLC0415 - for several designs alone

    rules = load_rules(policies, attackers)
    return Session(rules.policies, rules.attackers, rules.support, _for(rules, options))


def accepting(
    *, waivers: Path | str | None = None, baseline: Path | str | None = None, today: date
) -> Callable[[Report], Accepted]:
    """What marks the violations of a report that a file of waivers, or an earlier report, accepts on that day.

    Raises:
        InputError: a file is wrong; every fault with its line. Nothing that can be wrong is left for later.
    """
    if waivers is None and baseline is None:
        return lambda report: accept(report, [], frozenset(), today)
    from bootverify.sources.waivers import load_baseline, load_waivers  # noqa: PLC0415 - few have any

    entries = load_waivers(waivers) if waivers else []
    found = [Waiver(**entry.model_dump(), source=Source(file=place)) for entry, place in entries]
    known = load_baseline(baseline) if baseline else frozenset()
    return lambda report: accept(report, found, known, today)


def ask(design: Design, policy: str, subjects: Iterable[str], attacker: Attacker) -> Report:
    """One policy of ours or of the user's, asked against one attacker, whoever he is."""
    options = Options(any_attacker=True)
    return check_design(design, load_policies(policy), (attacker,), load_support(), subjects=subjects, options=options)


def firmware_in(
    sources: Sequence[Path | str],
    *,
    soc: str = "",
    map_file: Path | None = None,
    sdk: str | None = None,
    public_keys: Iterable[Path | str] = (),
    keys: Iterable[Path | str] = (),
) -> Firmware | None:
    """The bytes that a build directory or programming files hold; None where `sources` are neither, or hold none.

    Raises:
        InputError: a file cannot be read, files contradict each other, or nothing tells the SoC.
    """
    from bootverify.sources.importers.programmed import programmable, read_programmed  # noqa: PLC0415 - all formats

    paths = [Path(source) for source in sources]
    for path in paths:
        if str(path) != "-" and not path.exists():
            raise InputError.at(str(path), 0, "there is no such file or directory; check the path")
    if not paths[0].is_dir() and not any(programmable(path) for path in paths):
        return None
    found = read_programmed(paths, soc=soc, map_file=map_file, sdk=sdk)
    if found is None:
        return None
    provisioned = paths[0] / importers.KEY_FILE
    held = tuple(_held_keys(public_keys or ([provisioned] if provisioned.is_file() else [])))
    return replace(found, keys=(*found.keys, *held), opens=tuple(_opening_keys(keys)))


def firmware_of(inputs: Inputs) -> Firmware | None:
    """As `firmware_in`."""
    place = Path(inputs.map_file) if inputs.map_file else None
    return firmware_in(
        inputs.files,
        soc=inputs.soc,
        map_file=place,
        sdk=inputs.sdk or None,
        public_keys=inputs.public_keys,
        keys=inputs.keys,
    )


def boot_bytes(firmware: Firmware) -> "Story":
    """What a device does that was programmed with the bytes of a build: real images, real keys, real signatures."""
    from bootverify.executor.programmed.boot import boot as start_bytes  # noqa: PLC0415

    return start_bytes(firmware, published_keys())


def published_keys() -> dict[str, str]:
    """The keys whose private half is published, by fingerprint, key hash and provisioned hash."""
    from bootverify.sources.known_keys import known_keys  # noqa: PLC0415

    published: dict[str, str] = {}
    for key in known_keys():
        for digest in (key.fingerprint, key.keyhash, key.provisioned):
            if digest:
                published.setdefault(digest, key.name)
    return published


def boot(design: Design, actions: Sequence[Action] = (), *, attacker: str = "", source: str = "") -> Trace:
    """What a device fresh from production does: it boots as far as it goes, then `actions` happen in order.

    Without actions it runs to the application. A `TakeStep` of an action list need not be spelled out: between two
    actions the device runs on until it stays where it is, or is about to take the very step that comes next in the
    list. `source` is what the trace names as its design: the design's first file when nothing is given.

    Raises:
        InputError: an action cannot happen where it stands.
    """
    return scripted(design, actions, attacker=attacker, source=source, mapped=False).trace


def scripted(
    design: Design, actions: Sequence[Action], *, attacker: str = "", source: str = "", mapped: bool = True
) -> "Scripted":
    """As `boot`, with the flash map after each step where `mapped`."""
    from bootverify.check.replays.scripted import run_script  # noqa: PLC0415 - for `boot` alone

    return run_script(design, actions, _foe(attacker), source=source, mapped=mapped)


def live_bytes(
    firmware: Firmware, inputs: Inputs, actions: Sequence[Action], *, attacker: str = "", beside: Path | None = None
) -> "Scripted":
    """The life of a device that was programmed with `firmware`, which came of `inputs`, as a script has it.

    Files that the actions name are looked for here, `beside` (the folder of the script) and in the build.

    Raises:
        InputError: a file is not found, or an action cannot happen where it stands.
    """
    from bootverify.check.replays.scripted import run_life  # noqa: PLC0415 - for `boot` alone

    return run_life(firmware, inputs, actions, _foe(attacker), published_keys(), beside=beside)


def _foe(name: str) -> Attacker:
    return BYSTANDER if name in {"", BYSTANDER.name} else load_attacker(name)


def actions_in(path: Path | str, design: Design | None) -> tuple[Action, ...]:
    """The actions that a user's file lists for a device of `design`; InputError with the line of what is wrong."""
    from bootverify.sources.actions import load_actions  # noqa: PLC0415 - for `boot` alone

    return load_actions(path, design)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """A trace that was run again: `agrees` when every observation came out as recorded; else where it differs."""

    trace: Trace
    steps: tuple[Step, ...]
    difference: str

    @property
    def agrees(self) -> bool:
        """Every action happened and every observation is the recorded one."""
        return not self.difference


def replay_file(path: Path | str, *, design: Path | str | None = None) -> Repeated:
    """Run the trace in `path` again, on the design it names or on `design`.

    Raises:
        InputError: it is no trace, or the design cannot be read.
    """
    place = Path(path)
    trace = read_trace(place)
    if trace.programmed is not None:
        inputs = trace.programmed if design is None else replace(trace.programmed, files=(str(design),))
        from bootverify.check.replays.scripted import relive  # noqa: PLC0415 - most traces are of designs

        firmware = firmware_of(inputs)
        if firmware is None:
            raise InputError.at(inputs.files[0], 0, "there are no bytes of a build in it")
        return _again(trace, *relive(firmware, trace, _foe(trace.attacker), published_keys(), place.parent))
    wanted = Path(design) if design is not None else _design_of(trace, place)
    run = replay(load(wanted), _foe(trace.attacker), trace.actions, lambda _: False, exact=True)
    return _again(trace, run.steps, run.refused)


def read_trace(path: Path | str) -> Trace:
    """The trace in `path`.

    Raises:
        InputError: it is no trace, or too long.
    """
    try:
        return from_json(read_text(path, limit=TRACE_LIMIT))
    except (ValueError, RecursionError) as error:
        words = "this is no JSON" if isinstance(error, JSONDecodeError) else str(error)
        raise InputError.at(str(path), 0, f"{words}; give a file of `check --traces` or `boot --trace`") from None


def read_certificate(path: Path | str) -> str:
    """The text of the certificate in `path`, which need not prove anything.

    Raises:
        InputError: it is no certificate, or cannot be read.
    """
    from bootverify.check.certificate import is_certificate  # noqa: PLC0415 - as `recheck`
    from bootverify.check.recheck.verify import MOST_CHARACTERS  # noqa: PLC0415

    text = read_text(path, limit=MOST_CHARACTERS)
    if not is_certificate(text):
        raise InputError.at(str(path), 0, "this is no certificate; give a file of `check --certificates`")
    return text


def recheck(text: str, *, solvers: Sequence[str] = ("z3",), against: Design | None = None) -> list[str]:
    """What is wrong with a certificate; nothing when it proves what it says (and, with `against`, of that design)."""
    from bootverify.check.certificate import recheck as again  # noqa: PLC0415 - solvers are heavy

    return again(text, tuple(solvers), against)


def scan(
    paths: Iterable[Path | str],
    *,
    public_keys: Iterable[Path | str] = (),
    keys: Iterable[Path | str] = (),
    exhaustive: bool = False,
    progress: Callable[[float], None] | None = None,
) -> "ScanResult":
    """The key material in files and build directories; `public_keys` are files of keys whose private half is sought.

    `keys` are files of private keys that encrypted images are opened with, beside those that are found.

    Raises:
        InputError: a file cannot be read or taken apart, or a key file holds no key that is looked for.
    """
    from bootverify.secrets.keys import read_public_keys  # noqa: PLC0415 - its tables are built on loading
    from bootverify.secrets.scan import Options as ScanOptions  # noqa: PLC0415
    from bootverify.secrets.scan import scan as scan_files  # noqa: PLC0415
    from bootverify.sources.known_keys import known_keys, symmetric_keys  # noqa: PLC0415

    given = [key for path in public_keys for key in read_public_keys(read_bytes(path, limit=MIB), str(path))]
    options = ScanOptions(
        exhaustive=exhaustive,
        published={key.fingerprint: key.name for key in known_keys()},
        symmetric=symmetric_keys(),
        opens=tuple(read_bytes(path, limit=MIB) for path in keys),
        progress=progress,
    )
    named = list(paths)
    result = scan_files(named, given, options)
    for path in named if result.finds else ():
        if Path(path).is_dir():
            result = importers.with_standing(Path(path), str(path), result)
    return result


def _held_keys(files: Iterable[Path | str]) -> Iterable[HeldKey]:
    """Key files in the form in which MCUboot compiles keys in (imgtool, getpub); files for a KMU too."""
    from bootverify.secrets.keyfile import provisioned_keys  # noqa: PLC0415
    from bootverify.secrets.keys import compiled_in, read_public_keys  # noqa: PLC0415 - its tables are built on loading

    for path in files:
        content = read_bytes(path, limit=MIB)
        for key in provisioned_keys(content) or read_public_keys(content, str(path)):
            form = compiled_in(key)
            if form is not None:
                kind, value = form
                yield HeldKey(kind=kind, value=value, digest=sha256(value).hexdigest(), file=str(path))


def _opening_keys(files: Iterable[Path | str]) -> Iterable[OpeningKey]:
    """Files of keys that open encrypted images; InputError for one that holds none."""
    from bootverify.secrets.opened import opening_keys  # noqa: PLC0415 - its tables are built on loading

    for path in files:
        found = opening_keys(read_bytes(path, limit=MIB))
        if not found:
            words = "this holds no key that opens images (EC P-256, X25519 or RSA as PEM or DER, AES as base64)"
            raise InputError.at(str(path), 0, words)
        yield from (OpeningKey(kind=kind, secret=secret, file=str(path)) for kind, secret in found)


def _for(rules: Rules, options: Options | None) -> Options:
    asked = options or Options()
    return asked.widened() if rules.any_attacker else asked


def _design_of(trace: Trace, place: Path) -> Path:
    for candidate in (Path(trace.file), place.parent / trace.file):
        if trace.file and candidate.exists():
            return candidate
    raise InputError.at(str(place), 0, f"its design `{trace.file}` is not here; name it with --design")


def _again(trace: Trace, steps: tuple[Step, ...], refused: str) -> Repeated:
    return Repeated(trace=trace, steps=steps, difference=_difference(trace, steps, refused))


def _difference(trace: Trace, steps: Sequence[Step], refused: str) -> str:
    if refused:
        return f"step {len(steps) + 1} cannot happen: {refused}"
    for number, (told, seen) in enumerate(zip(trace.steps, steps, strict=True), start=1):
        if told.observation != seen.observation:
            return f"step {number}: recorded {told.observation.at} {told.observation.log}, seen {seen.observation}"
    return ""


__all__ = [
    "Options",
    "Repeated",
    "Report",
    "boot",
    "check",
    "load",
    "read",
    "read_certificate",
    "recheck",
    "replay_file",
]
