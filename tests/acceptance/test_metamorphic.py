"""Designs changed in ways whose effect on each verdict is known: the irrelevant, protections, stronger attackers."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.edited import SCENARIOS

from bootverify import api
from bootverify.sources.design_file import parse_design

NAMES = ("SB-S18", "SB-S38", "SB-S01")
POLICIES = (
    "rot-immutable",
    "boot-write-denied",
    "authentic-only",
    "secret-confidential",
    "no-secret-in-updatable",
    "isolation-boundary",
)
FOES = {
    "SB-S05": ("remote-ota", "app-code-ns", "secure-partition", "debug-port"),
    "SB-S18": ("remote-ota", "app-code", "debug-port"),
    "SB-S38": ("remote-ota", "app-code-secure"),
    "SB-S01": ("remote-ota", "app-code-secure", "debug-port"),
}
Plain = dict[str, Any]
Verdicts = dict[tuple[str, str, str], str]


def _plain(name: str) -> Plain:
    return yaml.safe_load((SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8"))


def _verdicts(plain: Plain, foes: tuple[str, ...]) -> Verdicts:
    design = parse_design(yaml.safe_dump(plain, sort_keys=False).encode(), shown="changed.yaml")
    report = api.check(design, policies=list(POLICIES), attackers=list(foes))
    assert not report.discrepancies
    return {(each.policy, each.subject, each.attacker): each.verdict.value for each in report.findings}


@cache
def _drawn(name: str) -> Verdicts:
    return _verdicts(_plain(name), FOES[name])


def _renamed(plain: Plain, old: str, new: str) -> Plain:
    """Every mention of a key or stage by another name."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {new if key == old else key: walk(each) for key, each in value.items()}
        if isinstance(value, list):
            return [walk(each) for each in value]
        return new if value == old else value

    return walk(plain)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_other_names_of_keys_change_no_verdict(name: str) -> None:
    plain = _plain(name)
    fresh = {old: f"k{number}.{old[::-1]}" for number, old in enumerate(plain["keys"])}
    for old, new in fresh.items():
        plain = _renamed(plain, old, new)
    expected = {(policy, fresh.get(about, about), foe): word for (policy, about, foe), word in _drawn(name).items()}
    assert _verdicts(plain, FOES[name]) == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_partitions_and_an_area_in_external_memory_change_no_verdict(name: str) -> None:
    plain = _plain(name)
    added = {"pictures": {"at": 0x200000, "size": 0x100000, "memory": "external"}}
    plain["partitions"] = {**added, **dict(reversed(plain["partitions"].items()))}
    found = _verdicts(plain, FOES[name])
    assert {key: word for key, word in found.items() if key[1] != "pictures"} == _drawn(name)


def _without_lock(plain: Plain) -> Iterator[tuple[str, Plain]]:
    for stage, image in plain["chain"].items():
        for number in range(len(image.get("protects") or ())):
            changed = deepcopy(plain)
            del changed["chain"][stage]["protects"][number]
            yield f"{stage} leaves span {number} open", changed


def _open_port(plain: Plain) -> Iterator[tuple[str, Plain]]:
    changed = deepcopy(plain)
    changed["lifecycle"].update({"approtect": False, "secure_approtect": False, "eraseprotect": False})
    yield "the port is open", changed


def _unchecked(plain: Plain) -> Iterator[tuple[str, Plain]]:
    for stage, image in plain["chain"].items():
        if image.get("validate_primary") is True:
            changed = deepcopy(plain)
            changed["chain"][stage]["validate_primary"] = False
            yield f"{stage} validates nothing at boot", changed


def _published(plain: Plain) -> Iterator[tuple[str, Plain]]:
    for key in plain["keys"]:
        changed = deepcopy(plain)
        changed["keys"][key]["published"] = True
        yield f"everybody has {key}", changed


@pytest.mark.slow
@pytest.mark.parametrize("weaken", [_without_lock, _open_port, _unchecked, _published])
@pytest.mark.parametrize("name", NAMES)
def test_less_protection_never_turns_violated_into_holds(
    name: str, weaken: Callable[[Plain], Iterator[tuple[str, Plain]]]
) -> None:
    for what, changed in weaken(_plain(name)):
        found = _verdicts(changed, FOES[name])
        better = [key for key, word in _drawn(name).items() if word == "violated" and found.get(key) == "holds"]
        assert not better, f"{name}, {what}: {better}"


ATTACKER = """\
attacker: {name}
title: may do what {parts} may do
capabilities: [{capabilities}]
needs: {needs}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "weaker", "capabilities", "needs"),
    [
        ("SB-S01", ("remote-ota", "app-code-secure"), "send_update, run_application", "secure"),
        ("SB-S18", ("remote-ota", "app-code"), "send_update, run_application", "no_trustzone"),
        ("SB-S05", ("remote-ota", "app-code-ns"), "send_update, run_application", "non_secure"),
        ("SB-S01", ("app-code-secure", "debug-port"), "run_application, debug", "secure"),
    ],
)
def test_a_stronger_attacker_never_turns_violated_into_holds(
    name: str, weaker: tuple[str, ...], capabilities: str, needs: str, tmp_path: Path
) -> None:
    path = tmp_path / "both.yaml"
    text = ATTACKER.format(name="both", parts=" and ".join(weaker), capabilities=capabilities, needs=needs)
    path.write_text(text, encoding="utf-8")
    design = api.load(SCENARIOS / f"{name}.yaml")
    policies = [each for each in POLICIES if each != "rot-immutable"]
    both = api.check(design, policies=policies, attackers=[str(path)])
    strong = {(each.policy, each.subject): each.verdict.value for each in both.findings}
    for (policy, about, foe), word in _drawn(name).items():
        if foe in weaker and policy in policies and word == "violated":
            assert strong.get((policy, about)) != "holds", f"{policy} of {about}: {foe} breaks it, both of them do not"
