"""Policies: named claims about one subject, with reason, repair and mutations that break them."""

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import Any

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker
from bootverify.design.reference import Reference
from bootverify.design.source import NOWHERE, Source
from bootverify.policy.formula import Formula

EVERY = "True"  # the condition `applies` of an ask that says none
BOOTS = 2  # undisturbed ones, given by a claim that recovers and does not say how many


class Severity(Enum):
    """How bad a violation is."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class SubjectKind(Enum):
    """What a policy is asked of."""

    STAGE = "stage"
    IMAGE = "image"
    KEY = "key"
    PARTITION = "partition"
    MAP = "map"
    NETWORK = "network"  # a program of the network core


class ClaimKind(Enum):
    """What decides how a verdict is earned (ARCHITECTURE, "How a verdict is earned")."""

    LAYOUT = "layout"
    ALWAYS = "always"
    NEVER = "never"
    POSSIBLE = "possible"
    RECOVERS = "recovers"
    SUPPORTED = "supported"
    TOLD = "told"  # both sides judge it from what is told of the life of the device


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A formula and the way it quantifies over histories; `text` as written.

    `boots`: after how many of them, undisturbed, the formula of a claim that recovers is true.
    """

    kind: ClaimKind
    formula: Formula
    text: str
    boots: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """For subjects of one kind that `applies` selects, the claim; `against` narrows the policy's attackers.

    `told` names what is judged from what is told, where the boot system has no moves for the claim. `of_told_lives`:
    asked only where a design tells of the device's life; `named`: only of what somebody names, a subject or an attacker
    of `against`.
    """

    subject: SubjectKind
    applies: Formula
    claim: Claim
    against: tuple[Attacker, ...] = ()
    told: str = ""
    of_told_lives: bool = False
    named: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """An edit of a design after which the policy must be violated.

    `on` names a file of tests/scenarios; `drop` removes the entry at a path, `change` sets entries
    to values. A claim of the kind `supported` is broken by becoming undefined.
    """

    on: str
    subject: str
    attacker: str
    story: str
    drop: str | None = None
    change: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One file of `policies/`."""

    id: str
    title: str
    severity: Severity
    asks: tuple[Ask, ...]
    against: tuple[Attacker, ...]
    because: str
    repair: str
    references: tuple[Reference, ...]
    mutations: tuple[Mutation, ...]
    source: Source = field(default=NOWHERE, compare=False)
