"""From what a design file says of life, network core and open points to the design's own values."""

from collections.abc import Iterable

from bootverify.design.attacker import Attacker
from bootverify.design.boot import BootGo, Stage
from bootverify.design.keys import InImage, Key
from bootverify.design.life import Deployed, Life, Rule
from bootverify.design.network import NetworkStage
from bootverify.design.openpoint import OpenPoint
from bootverify.design.protection import Span
from bootverify.errors import Fault, InputError
from bootverify.ranges import AddressRange
from bootverify.sources.attackers import load_attacker
from bootverify.sources.catalog import names
from bootverify.sources.schema import DesignEntry
from bootverify.sources.schema_life import LifeEntry
from bootverify.sources.written import Path, Written


def told_life(design: DesignEntry, stages: Iterable[Stage], written: Written) -> Life:
    """The told life, each rule with its line; where anything is told, what the chain says need not be told again."""
    entry = design.life
    modes = {step.mode.value for stage in stages for step in stage.steps if isinstance(step, BootGo)}
    of_chain = modes.pop() if len(modes) == 1 and entry != LifeEntry() else ""
    checks = {each.validate_primary for each in design.chain.values() if each.program == "mcuboot"}
    validates = checks.pop() if len(checks) == 1 and entry != LifeEntry() else None
    rules = None
    if entry.rules is not None:
        rules = tuple(
            Rule(
                by=rule.by,
                image=rule.image,
                slots=rule.slots,
                booted=rule.booted,
                planned=rule.planned,
                every_release=rule.every_release,
                source=written.source(("life", "rules", i)),
            )
            for i, rule in enumerate(entry.rules)
        )
    told = entry.deployed
    deployed = None
    if told is not None:
        place = written.source(("life", "deployed"))
        deployed = Deployed(image=told.image, version=told.version, key=told.key, booted=told.booted, source=place)
    return Life(
        mode=entry.mode or of_chain,
        rules=rules,
        compare_build_number=entry.compare_build_number,
        releases=tuple((each[0], each[1], each[2], each[3]) for each in entry.releases),
        request=entry.request,
        validate=validates if entry.validate_primary is None else entry.validate_primary,
        validate_once=entry.validate_once,
        recovery=entry.recovery,
        factory_image=entry.factory_image,
        clear_release=entry.clear_release,
        save_encrypted=entry.save_encrypted,
        metadata_allow_list=entry.metadata_allow_list,
        boot_record=entry.boot_record,
        deployed=deployed,
        foreign_keys_exported=entry.foreign_keys_exported,
        glitch=entry.glitch,
        event=entry.event,
        behaviours=frozenset(entry.behaviours),
        source=written.source(("life",)),
    )


def network(entry: DesignEntry, written: Written) -> tuple[NetworkStage, ...]:
    """The programs of the network core, first stage first."""
    return tuple(
        NetworkStage(
            name=name,
            boots=each.boots,
            partition=each.partition,
            verified_by=each.verified_by,
            fed_by=each.fed_by,
            signature=each.signature,
            updatable=each.updatable,
            locks=tuple(
                Span(range=AddressRange(pair[0], max(pair)), source=written.source(("network", name, "locks", i)))
                for i, pair in enumerate(each.locks)
            ),
            transfer_locked=each.transfer_locked,
            version_read=each.version_read,
            staging=each.staging,
            approtect=each.approtect,
            eraseprotect=each.eraseprotect,
            source=written.source(("network", name)),
        )
        for name, each in entry.network.items()
    )


def open_points(entry: DesignEntry, keys: tuple[Key, ...], written: Written) -> tuple[OpenPoint, ...]:
    """The open points that the file itself names, and what a release in clear leaves open."""
    named = tuple(
        OpenPoint(
            name=each.name,
            statement=each.statement,
            about=tuple(each.about),
            policies=tuple(each.policies),
            attackers=tuple(_attacker(name, written, ("open_points", i, "attackers")) for name in each.attackers),
            contradiction=each.contradiction,
            source=written.source(("open_points", i)),
        )
        for i, each in enumerate(entry.open_points)
    )
    return (*named, *_in_clear(entry, keys, written))


def _in_clear(entry: DesignEntry, keys: tuple[Key, ...], written: Written) -> tuple[OpenPoint, ...]:
    """Which secrets of images were in the release that was shipped in clear, nothing tells."""
    boots = {name for name, image in entry.chain.items() if image.program == "mcuboot"}
    started = {name for name, image in entry.chain.items() if image.verified_by in boots}
    places = [(key, place) for key in keys if key.secret for place in key.placements if isinstance(place, InImage)]
    inside = dict.fromkeys(key.name for key, place in places if place.image in started)
    if not entry.life.clear_release or not inside:
        return ()
    point = OpenPoint(
        name="release-in-clear",
        statement="whether the release that was shipped in clear holds the secret",
        about=tuple(inside),
        policies=("secret-confidential", "secret-use-restricted"),
        source=written.source(("life", "clear_release")),
    )
    return (point,)


def _attacker(name: str, written: Written, at: Path) -> Attacker:
    known = names("models/attackers")
    if name not in known:
        words = f"no attacker is called `{name}`; one of: {', '.join(known)}"
        raise InputError([Fault(file=written.file, line=written.line(at) or 1, message=words)])
    return load_attacker(name)
