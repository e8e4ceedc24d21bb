"""Which questions a design gives rise to: policy x subject x attacker, in a fixed order."""

from collections.abc import Iterable, Iterator, Sequence

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import Image, Stage
from bootverify.design.design import Design
from bootverify.design.keys import Key
from bootverify.design.life import NOTHING_KNOWN
from bootverify.design.memory import Partition
from bootverify.design.network import NetworkStage
from bootverify.design.protection import Attribution
from bootverify.errors import InputError
from bootverify.policy.policy import Ask, ClaimKind, Policy, SubjectKind
from bootverify.policy.static import applies

# They read what a build wrote, whatever its life is.
_HAVE_THE_FILES = frozenset({Capability.READ_FACTORY_FILES, Capability.READ_BUILD})

Part = Stage | Image | Key | Partition | NetworkStage
Subject = Part | Design
WHOLE_MAP = "partition map"  # the map itself, or every partition


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One policy asked of one subject in the presence of one attacker."""

    policy: Policy
    ask: Ask
    subject: Subject
    attacker: Attacker

    @property
    def part(self) -> Part:
        """The subject of a claim that is proved or replayed: never the map."""
        assert not isinstance(self.subject, Design)
        return self.subject

    @property
    def about(self) -> str:
        """What reports call the subject."""
        return WHOLE_MAP if isinstance(self.subject, Design) else self.subject.name


def questions(
    design: Design,
    policies: Sequence[Policy],
    attackers: Sequence[Attacker],
    *,
    subjects: Iterable[str] = (),
    any_attacker: bool = False,
) -> Iterator[Question]:
    """The questions, by policy, then subject, then attacker.

    `subjects` keeps those called so (a stage and its image go by either name, its code partition too; `partition map`
    means every partition). A policy is asked of the attackers that it, or the ask,
    names in `against`, and of whoever can do the same; with `any_attacker` of all that are given.
    """
    wanted = set(subjects)
    for policy in policies:
        for ask in policy.asks:
            told = ask.claim.kind is ClaimKind.TOLD
            told_apart = told and not (_tells(design) or (any_attacker and _alone(policy, ask)))
            if ask.of_told_lives and not (_tells(design) or any_attacker):
                continue
            if ask.named and not (wanted or (any_attacker and ask.against)):
                continue
            for subject in _subjects(design, ask.subject):
                if told_apart and not (isinstance(subject, Key) and subject.found):
                    continue
                if wanted and not _called(design, subject, _for(design, policy, ask, subject, wanted)):
                    continue
                if not applies(design, ask.applies, subject):
                    continue
                for attacker in attackers:
                    if told_apart and not _HAVE_THE_FILES & attacker.capabilities:
                        continue
                    if _unheard_of(design, attacker) and not any_attacker:
                        continue
                    listed = policy.against if told_apart or ask.named else (*policy.against, *ask.against)
                    asked = any_attacker or _asked_of(design, attacker, listed)
                    if asked and _meant(design, policy, ask, subject, attacker):
                        yield Question(policy=policy, ask=ask, subject=subject, attacker=attacker)


def known(design: Design, names: Iterable[str]) -> tuple[str, ...]:
    """`names`, each of which is that of a part of the design, or `partition map`; else InputError."""
    parts = (design.stages, design.images, design.keys, design.network, design.partitions)
    there = {each.name for group in parts for each in group} | {WHOLE_MAP}
    named = tuple(names)
    for name in named:
        if name not in there:
            file = design.files[0].file if design.files else design.name
            listed = ", ".join(sorted({each.name for group in parts[:4] for each in group}))
            raise InputError.at(file, 0, f"nothing is called `{name}`; stages, images and keys: {listed}")
    return named


def exists(design: Design, attacker: Attacker) -> str:
    """Why `attacker` cannot exist in `design`; empty when he can."""
    application = design.application
    if attacker.needs_tfm and not design.has_tfm:
        return "there is no TF-M, so no secure partition"
    if attacker.can(Capability.RUN_NETWORK_CORE) and design.soc.known and not design.soc.network_core:
        return f"{design.soc.name} has no network core"
    if attacker.needs is None:
        return ""
    if application is None:
        return "the chain has no application"
    if not design.soc.known:
        return ""
    if attacker.needs == "no_trustzone" and design.soc.trustzone:
        return f"{design.soc.name} has a secure and a non-secure state"
    no_states = f"{design.soc.name} has no TrustZone"
    if attacker.needs == "secure" and (application.attribution is not Attribution.SECURE or not design.soc.trustzone):
        return f"{application.name} runs in non-secure state" if design.soc.trustzone else no_states
    if attacker.needs == "non_secure" and application.attribution is not Attribution.NON_SECURE:
        secure = f"{application.name} runs in secure state: there is no non-secure code"
        return secure if design.soc.trustzone else no_states
    return ""


def _subjects(design: Design, kind: SubjectKind) -> tuple[Subject, ...]:
    match kind:
        case SubjectKind.STAGE:
            return design.stages
        case SubjectKind.IMAGE:
            return design.images
        case SubjectKind.KEY:
            return design.keys
        case SubjectKind.PARTITION:
            return design.partitions
        case SubjectKind.MAP:
            return (design,)
        case SubjectKind.NETWORK:
            return design.network


def _tells(design: Design) -> bool:
    """Whether the design says anything that the claims about its life could be judged from."""
    return design.life != NOTHING_KNOWN or bool(design.proposed)


def _unheard_of(design: Design, attacker: Attacker) -> bool:
    """Whether he holds the cable of a port that a design does not speak of which tells nothing of its life."""
    return attacker.can(Capability.USE_CABLE) and not _tells(design)


def _alone(policy: Policy, ask: Ask) -> bool:
    """Whether a told claim can be asked where nothing of a life is told: the chain and the network core may decide."""
    return ask.subject is SubjectKind.NETWORK or not _mixed(policy)


def _mixed(policy: Policy) -> bool:
    """Whether some of its claims are proved or replayed, recoveries aside: those are what told lives are about.

    What is asked of something that somebody names, or of told lives alone, says nothing of the others.
    """
    others = (ask for ask in policy.asks if not (ask.named or ask.of_told_lives))
    return any(ask.claim.kind not in {ClaimKind.TOLD, ClaimKind.RECOVERS} for ask in others)


def _asked_of(design: Design, attacker: Attacker, listed: Sequence[Attacker]) -> bool:
    """Whether `listed` holds him; also, if he cannot exist here, by his name, so that the answer says so."""
    return any(each.name == attacker.name for each in listed) or _one_of(design, attacker, listed)


def _meant(design: Design, policy: Policy, ask: Ask, subject: Subject, attacker: Attacker) -> bool:
    """Whether `ask` is about `attacker`: it names him, or names nobody and no other ask of the subject names him."""
    if ask.against:
        return at_least(design, attacker, ask.against)
    others = (other for other in policy.asks if other is not ask and other.subject is ask.subject)
    return not any(
        _one_of(design, attacker, other.against) and applies(design, other.applies, subject) for other in others
    )


def _one_of(design: Design, attacker: Attacker, named: Iterable[Attacker]) -> bool:
    """Whether `attacker` is one of `named` in this design, under whatever name: they can do the same."""
    return any(each.capabilities == attacker.capabilities and not exists(design, each) for each in named)


def at_least(design: Design, attacker: Attacker, named: Iterable[Attacker]) -> bool:
    """Whether `attacker` can do all that one of `named` can who exists in this design; names say nothing.

    Somebody who can do nothing is named for what happens without anybody: he stands for nobody else.
    """
    among = [each for each in named if each.capabilities or not attacker.capabilities]
    return any(each.capabilities <= attacker.capabilities and not exists(design, each) for each in among)


def _called(design: Design, subject: Subject, names: set[str]) -> bool:
    if isinstance(subject, Design):
        return WHOLE_MAP in names
    if subject.name in names:
        return True
    if isinstance(subject, Partition):
        return WHOLE_MAP in names or any(stage.name in names and subject.name == stage.code for stage in design.stages)
    if isinstance(subject, Image):
        return any(stage.name in names for stage in design.stages_of(subject.name))
    return isinstance(subject, Stage) and subject.image in names


def _for(design: Design, policy: Policy, ask: Ask, subject: Subject, names: set[str]) -> set[str]:
    """Those of `names` that may mean the subject: where parts of images are asked about apart, theirs mean no image."""
    if isinstance(subject, Stage) and ask.named:
        return names - {subject.image}
    if not isinstance(subject, Image):
        return names
    apart = [each for each in policy.asks if each.named and each.subject is SubjectKind.STAGE]
    parts = [
        stage for stage in design.stages_of(subject.name) if any(applies(design, each.applies, stage) for each in apart)
    ]
    return names - {stage.name for stage in parts if stage.name != subject.name}


def names_of(design: Design, subject: Subject) -> tuple[str, ...]:
    """Every name that goes for the subject: its own, and those of its image, stages and slots."""
    match subject:
        case Stage():
            image = design.image(subject.image)
            return (subject.name, image.name, *image.slots, *([subject.code] if subject.code else []))
        case Image():
            return (subject.name, *subject.slots, *(stage.name for stage in design.stages_of(subject.name)))
        case _:
            return (subject.name,)
