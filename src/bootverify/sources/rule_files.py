"""The form of policies, attackers and support statements: what a user's file is held to, and the tests hold ours to.

The program reads what it was shipped with as it stands, which needs no library for that.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bootverify.design.attacker import Capability
from bootverify.policy.policy import BOOTS, EVERY, ClaimKind, Severity, SubjectKind


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class AskEntry(_Strict):
    """What is claimed of which subjects."""

    subject: SubjectKind = Field(description="what the claim is asked of; it calls that `it`")
    applies: str = Field(default=EVERY, description="asked of the subjects of which this is true")
    claim: dict[ClaimKind, str] = Field(
        min_length=1, max_length=1, description="how the claim quantifies over histories: its text"
    )
    boots: int = Field(default=BOOTS, ge=1, le=4, description="`recovers`: how many undisturbed boots it is given")
    against: list[str] = Field(default=[], description="the attackers it is asked about; absent: all of the policy")
    told: str = Field(default="", description="the told claim to fall back on where the boot system has no moves")
    of_told_lives: bool = Field(default=False, description="asked only of designs that tell of the device's life")
    named: bool = Field(default=False, description="asked only of subjects that somebody names")


class ReferenceEntry(_Strict):
    """A document that asks for the property."""

    document: str = Field(description="its id in models/documents.yaml, how a standard is cited, or a title")
    section: str = Field(description="the section")


class MutationEntry(_Strict):
    """An edit after which the policy is violated."""

    on: str = Field(description="a design of tests/scenarios")
    subject: str = Field(description="the subject whose answer changes")
    attacker: str = Field(description="the attacker against whom it does")
    story: str = Field(description="what went wrong, for the reader")
    drop: str | None = Field(default=None, description="the entry at this path is removed")
    change: dict[str, Any] = Field(default_factory=dict, description="entries at these paths are set to these values")


class PolicyEntry(_Strict):
    """A file of policies/."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="the name of the file")
    title: str = Field(min_length=1, max_length=120, description="the property that should hold")
    severity: Severity = Field(description="how bad it is where it does not")
    asks: list[AskEntry] = Field(min_length=1, description="the claims, each of one kind of subject")
    against: list[str] = Field(min_length=1, description="names of attackers")
    because: str = Field(description="why it matters")
    repair: str = Field(description="what to do where it is violated")
    references: list[ReferenceEntry] = Field(default_factory=list, description="the documents that it rests on")
    mutations: list[MutationEntry] = Field(
        default_factory=list, description="edits of designs that must break it: tests and examples at once"
    )


class StandardEntry(_Strict):
    """A file of models/standards/."""

    standard: str = Field(min_length=1, max_length=80, description="the name of the file")
    cited: str = Field(min_length=1, max_length=80, description="how the references of policies name it")
    title: str = Field(min_length=1, max_length=120, description="what it is called")
    edition: str = Field(default="", description="which edition its clauses are numbered as in")
    publisher: str = Field(default="", description="who publishes it")
    url: str = Field(default="", description="where it is found")
    clauses: dict[str, str] = Field(min_length=1, description="what each clause asks for, by its number")


class AttackerEntry(_Strict):
    """A file of models/attackers/."""

    attacker: str = Field(min_length=1, max_length=80, description="the name of the file")
    title: str = Field(min_length=1, max_length=120, description="who that is, in one line")
    capabilities: list[Capability] = Field(description="what he can do beside reading every update ever published")
    needs: Literal["secure", "non_secure", "no_trustzone"] | None = Field(
        default=None, description="exists only where the application runs in this state, or on a core without the two"
    )
    needs_tfm: bool = Field(default=False, description="exists only where TF-M is present")
    story: str = Field(default="", description="who that is in the field")


class _Row(_Strict):
    first: list[str] | None = None
    starts: list[str] | None = None
    decrypts: list[str] | None = None
    counters: list[str] | None = None
    verifies: list[str] | None = None
    installs: list[str] | None = None
    compares: list[str] | None = None
    encrypts: list[str] | None = None
    radios: list[str] | None = None
    wraps: list[str] | None = None
    pairs: list[str] | None = None
    rooms: list[str] | None = None
    keeps: list[str] | None = None
    most: int | None = None
    excluded: bool = False
    product: Literal["ncs", "mcuboot", "tfm"] = "ncs"
    socs: list[str] = []
    since: str | None = Field(default=None, alias="from")
    until: str | None = None
    statement: str
    document: str
    section: str = ""


class SupportEntry(_Strict):
    """A file of support rows, as written."""

    topic: str
    rows: list[_Row]
