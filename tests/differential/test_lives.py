"""Claims about what is told: the enactment and the conclusion never contradict each other, over many told lives."""

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.design.keys import Elsewhere, HostOnly, InImage, InKmu, InPartition, InUicr, Key, PushTarget
from bootverify.design.life import Behaviour, Deployed, Life, Recovery, Rule
from bootverify.design.network import NetworkStage
from bootverify.design.protection import Span
from bootverify.encoder.lives import CONDITIONS
from bootverify.executor.lives import ENACTMENTS
from bootverify.policy.told import TOLD
from bootverify.ranges import AddressRange
from bootverify.sources.attackers import all_attackers
from bootverify.sources.design_file import design_of
from bootverify.sources.document import parse_written, read_written
from bootverify.sources.importers.card.scenario import parse
from bootverify.sources.mutate import mutated

ROUNDS = 5
SDKS = ("2.6.1", "nRF Connect SDK 1.6-3.1", "nRF Connect SDK 3.4", "nRF Connect SDK 2.x", "MCUboot 2.1", "any")
MODES = ("overwrite", "swap", "swap-move", "swap-scratch", "swap-offset", "single-slot", "serial", "")
WORDS = {
    "nRF5340": "SPU",
    "nRF9160": "SPU",
    "nRF52840": "ACL",
    "nRF54L15": "RRAMC",
}


def _card(soc: str, *, nsib: bool, external: bool) -> dict[str, Any]:
    """A plain chain on `soc`, one world."""
    region = "external" if external else "internal"
    entries = [{"name": "settings_storage", "at": 0xF8000, "size": 0x8000}]
    chain: list[dict[str, Any]] = []
    if nsib:
        chain.append({"stage": "b0", "role": "first stage (NSIB)", "mutability": "immutable"})
        entries += [
            {"name": "b0", "at": 0x0, "size": 0x8000},
            {"name": "provision", "at": 0x8000, "size": 0x8000},
            {"name": "s0", "at": 0x10000, "size": 0x10000},
            {"name": "s1", "at": 0x20000, "size": 0x10000},
        ]
    else:
        entries.append({"name": "mcuboot", "at": 0x0, "size": 0x30000})
    shipped = "updatable over the air (s0/s1)" if nsib else "immutable"
    chain.append(
        {
            "stage": "mcuboot",
            "role": "bootloader",
            "mutability": shipped,
            "verified_by": "b0",
            "signature": "ecdsa-p256",
        }
    )
    app = {"stage": "app", "role": "application", "mutability": "updatable over the air", "verified_by": "mcuboot"}
    chain.append({**app, "signature": "ecdsa-p256", "encrypted": "ecies-p256" if external else "none"})
    entries += [
        {"name": "app", "at": 0x30000, "size": 0x60000},
        {"name": "mcuboot_secondary", "at": 0x0 if external else 0x90000, "size": 0x60000, "region": region},
        {"name": "mcuboot_scratch", "at": 0x60000, "size": 0x8000, "region": "external"},
    ]
    locks = (
        [
            {
                "span": [0, 0x10000 if external else 0x8000],
                "perm": "R-X, locked until reset",
                "set_by": "b0",
                "when": "at start",
            }
        ]
        if nsib
        else []
    )
    own = {"span": [0x10000 if nsib else 0, 0x30000], "perm": "R-X, locked until reset"}
    locks.append({**own, "set_by": "mcuboot", "when": "before hand-off"})
    protection = {"engine": WORDS[soc], "locks": locks, "tfm": "absent", "approtect": "on"}
    keys = [
        {"name": "hash_a", "kind": "hash", "placement": "provision partition", "used_for": "verify mcuboot"},
        {"name": "hash_b", "kind": "hash", "placement": "provision partition", "used_for": "verify mcuboot"},
        {"name": "pub", "kind": "public", "placement": "mcuboot image", "used_for": "verify app"},
        {"name": "priv", "kind": "private", "placement": "host only", "used_for": "sign app"},
        {"name": "dec", "kind": "private", "placement": "mcuboot image", "used_for": "unwrap image AES key"},
        {"name": "kek", "kind": "symmetric", "placement": "KMU slots 8-9", "used_for": "other", "push_to": "engine"},
    ]
    if not nsib:
        keys = keys[2:]
    if soc == "nRF52840":
        keys = [key for key in keys if "KMU" not in key["placement"]]
    design = {"chain": chain, "partitions": {"entries": entries}, "protection": protection, "keys": keys}
    design["update"] = {"mode": "overwrite", "downgrade": "none", "validate_primary_each_boot": True}
    return {"format": "scenario-card/1", "id": "T", "soc": soc, "sdk": "2.6.1", "design": design}


@cache
def _bases() -> tuple[Design, ...]:
    shapes = [(soc, nsib, external) for soc in WORDS for nsib in (False, True) for external in (False, True)]
    return tuple(
        parse(parse_written(yaml.safe_dump(_card(soc, nsib=nsib, external=external)).encode(), f"{soc}.yaml"))
        for soc, nsib, external in shapes
    )


def _maybe(rng: random.Random, *values: Any) -> Any:
    return rng.choice(values)


def _life(rng: random.Random) -> Life:
    rules = [
        Rule(
            by=by,
            image=_maybe(rng, "", "", "mcuboot", "app"),
            slots=_maybe(rng, None, 2, 20),
            booted=_maybe(rng, None, 1, 21),
            planned=_maybe(rng, None, 2, 30),
            every_release=_maybe(rng, None, True, False),
        )
        for by in ("version", "nsib", "mcuboot", "security-counter")
        if rng.random() < 0.3
    ]
    return Life(
        mode=rng.choice(MODES),
        rules=_maybe(rng, tuple(rules), tuple(rules), None),
        compare_build_number=_maybe(rng, None, True, False),
        releases=_maybe(rng, (), ((0, 1, 2, 2), (0, 1, 2, 3)), ((1, 0, 0, 0), (1, 1, 0, 0), (1, 1, 0, 1))),
        request=_maybe(rng, "", "permanent", "test"),
        validate=_maybe(rng, None, True, False),
        recovery=_maybe(rng, None, *Recovery),
        factory_image=_maybe(rng, "", "signed", "encryptable"),
        clear_release=rng.random() < 0.2,
        save_encrypted=_maybe(rng, None, True, False),
        metadata_allow_list=_maybe(rng, None, True, False),
        deployed=_maybe(
            rng,
            None,
            Deployed(image="mcuboot", version=1, key=_maybe(rng, "a", "b", "z"), booted=_maybe(rng, True, False)),
        ),
        foreign_keys_exported=_maybe(rng, None, False, True),
        glitch=_maybe(rng, False, True),
        event=_maybe(rng, "", "", "crashing-release", "wrong-variant"),
        behaviours=frozenset(each for each in Behaviour if rng.random() < 0.2),
    )


def _key(rng: random.Random, key: Key) -> Key:
    places = [
        InImage(image="mcuboot"),
        InImage(image="app"),
        InKmu(slots=(8, 9), push_to=rng.choice(list(PushTarget)), readable=rng.random() < 0.3),
        InUicr(),
        InPartition(partition="provision"),
        InPartition(partition="settings_storage"),
        InPartition(partition="mcuboot_scratch"),
        HostOnly(),
        Elsewhere(what="service", words=""),
    ]
    moved = key.placements if rng.random() < 0.6 else (rng.choice(places),)
    return replace(
        key,
        placements=moved,
        published=rng.random() < 0.15,
        revocable=_maybe(rng, None, True, False),
        reusable=_maybe(rng, False, True),
        all_words_written=_maybe(rng, None, True, False),
        found=_maybe(rng, (), (), ("build",), ("factory",)),
        other_half=_maybe(rng, "", "priv") if key.name == "pub" else "",
    )


def _designs(seed: int) -> Iterator[Design]:
    rng = random.Random(seed)
    for base in _bases():
        names = {part.name for part in base.partitions}
        keys = tuple(_key(rng, key) for key in base.keys)
        fits = all(
            not isinstance(place, InPartition) or place.partition in names for key in keys for place in key.placements
        )
        locks = tuple(
            Span(range=AddressRange(*sorted(rng.sample([0, 0x20000, 0x30000, 0x60000, 0x90000], 2))))
            for _ in range(rng.randrange(3))
        )
        network = (
            NetworkStage(
                name="b0n",
                boots=True,
                partition="app",
                locks=locks,
                approtect=_maybe(rng, None, True, False),
                eraseprotect=_maybe(rng, None, True, False),
            ),
            NetworkStage(
                name="net_app",
                boots=False,
                partition="app",
                verified_by=_maybe(rng, "mcuboot", "application core", ""),
                fed_by=_maybe(rng, "", "transfer-ram"),
                signature=_maybe(rng, True, False),
                transfer_locked=_maybe(rng, None, True, False),
            ),
        )
        proposed = tuple(
            replace(
                part,
                range=AddressRange.sized(part.range.start + (0x1000 if rng.random() < 0.15 else 0), part.range.size),
            )
            for part in base.partitions
            if not part.members and rng.random() < 0.95
        )
        lifecycle = replace(base.lifecycle, approtect=rng.random() < 0.7, eraseprotect=rng.random() < 0.4)
        yield replace(
            base,
            sdk=rng.choice(SDKS),
            life=_life(rng),
            keys=keys if fits else base.keys,
            network=network,
            proposed=_maybe(rng, (), proposed, base.partitions),
            lifecycle=lifecycle,
        )


def _subjects(design: Design, name: str) -> Iterator[Any]:
    kinds = {
        "image": design.images,
        "stage": design.stages,
        "key": design.keys,
        "network": design.network,
        "map": (design,),
        "partition": design.partitions,
    }
    for kind in TOLD[name].subjects:
        yield from kinds[kind]


NAMES = sorted(set(TOLD) - {"area_works"})  # the chains here have no TF-M; the cards below do


@pytest.mark.parametrize("name", NAMES)
def test_enactment_and_conclusion_never_contradict_each_other(name: str) -> None:
    _compared(name, range(ROUNDS))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_they_never_do_over_many_more_lives(name: str) -> None:
    _compared(name, range(ROUNDS, 20 * ROUNDS))


def _compared(name: str, seeds: range) -> None:
    seen: set[bool | None] = set()
    both = 0
    attackers: tuple[Attacker, ...] = all_attackers()
    for seed in seeds:
        for design in _designs(seed):
            for subject in _subjects(design, name):
                for attacker in attackers:
                    enacted = ENACTMENTS[name](design, subject, attacker)
                    concluded = CONDITIONS[name](design, subject, attacker)
                    where = f"seed {seed}, {design.soc.name}, {getattr(subject, 'name', '')}, {attacker.name}"
                    told = f"{where}: {enacted.why} / {concluded.why}"
                    assert {enacted.kept, concluded.kept} != {True, False}, told
                    seen.add(enacted.kept)
                    both += enacted.kept is not None and enacted.kept is concluded.kept
    assert both, "nothing was ever decided by both"
    assert seen >= ({True, False} if name != "bytes_signed" else {False})


def test_both_sides_agree_on_areas_at_every_border() -> None:
    seen = set()
    scenario = Path(__file__).parents[1] / "scenarios" / "SB-S05.yaml"
    written = read_written(scenario)
    for start in (0x3C000, 0x3A000, 0x38000, 0x40000):
        for size in (0xBE00, 0x7E00):
            own = min(size, start - 0x30200)
            parts = {"partitions.app.at": start, "partitions.app.size": 0x90000 - start, "partitions.tfm.size": own}
            if own != start - 0x30200:
                continue
            edited = mutated(written, parts)
            design = design_of(edited)
            for area in design.partitions:
                for attacker in all_attackers():
                    enacted = ENACTMENTS["area_works"](design, area, attacker)
                    concluded = CONDITIONS["area_works"](design, area, attacker)
                    assert {enacted.kept, concluded.kept} != {True, False}, f"{start:#x} {size:#x} {area.name}"
                    seen.add(enacted.kept)
    assert seen >= {True, False}


def test_both_sides_have_every_told_claim() -> None:
    assert set(ENACTMENTS) == set(CONDITIONS) == set(TOLD)
