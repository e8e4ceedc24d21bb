"""Release facts of a card: behaviours of the named release that a verdict rests on, read by key phrases."""

import re

from bootverify.sources.importers.card.draft import OF_ACCESS, OF_UPDATES, Draft
from bootverify.sources.importers.card.words import besides, says, turned

NO_SLOT = r"last|full|exhaust|no (free |counter )*slot( is (free|left))?"
LOCK = r"\block\b|(flash|write) protection"
LOST = (
    r"(not|never|cannot be) (resumed|completed)|neither \w+ nor (resumed|completed)|lost|shifted|no bootable"
    r"|bricks?\b|bricked|asserts|stuck|unbootable|no longer boots?|(does not|never) boots?( again)?"
)
# What a behaviour is about: a sentence that speaks of one more of these is about something else, too.
SUBJECTS = (
    r"\b(counters?|versions?|downgrades?|locks?|locked|keys?|metadata|tlvs?|scratch|variants?|confirm\w*"
    r"|acknowledg\w*|debug)\b"
)
# A behaviour is told when each pattern of one of its lines is found; the order matters, the first that fits counts.
BEHAVIOURS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("counter-full-refuses", ("counter", "refus|reject", "update|image", NO_SLOT)),
    ("counter-full-stops", ("counter", NO_SLOT, "does not boot|no longer boots?|stops|brick|unbootable")),
    ("counter-fails-closed", ("counter", rf"fail|cannot be (stored|written)|{NO_SLOT}|without a free",
     r"not booted|not started|refus|passed over|skipped|fail-closed")),
    ("counter-fails-open", ("counter", rf"fail|error|ignored|cannot be (stored|written)|{NO_SLOT}",
     r"\bboots?\b|booted|fail-open|goes on|continu|started",
     r"^(?!.*\b(not|never|longer) (be )?(boot|start|continu))")),
    ("version-unchecked-when-permanent", ("version|downgrade", "test", "permanent|test swaps",
     r"\b(not|nor|only|never)\b|skip")),
    ("swap-cut-survives", ("reset|power|interrupt|cut", "resum|complet|continu", r"^(?!.*\b(not|never|cannot)\b)")),
    ("swap-cut-loses-image", ("reset|power|interrupt|cut", LOST)),
    ("misfit-blocks-staging", ("variant|slot", "neither|nor|not (installed|removed|erased)|fits no|slot in use",
     "block|occupi|stays|removed", r"^(?!.*\b(is|gets) (removed|erased))")),
    ("misfit-is-dropped", ("variant|fits no|wrong|slot in use", "erased|dropped|removed|discarded",
     r"^(?!.*\b(not|never|neither)\b)")),
    ("acknowledged-early", ("acknowledg|report|says", "before", "finish|written|copy|flash|complete")),
    ("signed-metadata", ("metadata|tlv|entries", r"only|refus|reject|must", "signed|protected|covers|cover")),
    ("unsigned-metadata", ("metadata|tlv|entries", "accept|taken|read|used", "not cover|unsigned|unprotected|outside")),
    ("scratch-encrypted", ("scratch", "encrypted", r"^(?!.*(plain|in clear))")),
    ("scratch-plain", ("scratch", "plain|in clear|decrypted")),
    ("lock-failure-stops", (r"\block\b|protect", "cannot be set|fail|error|not possible",
     "stop|halt|cancel|refus|does not (boot|continue)|loops|hangs")),
    ("lock-failure-passes", (r"\block\b|protect", "cannot be set|fail|error|result",
     "go(es)? on|ignored|continue|boots? (anyway|all the same)")),
    ("lock-off", (LOCK, r"\boff\b|disabled|not (enabled|set|chosen)|no lock is (on|enabled|set)|has no default")),
    ("lock-on", (LOCK, r"\bon\b|enabled|\bset\b", "default|always", r"^(?!.*\b(no|not|never|fail|cannot|off)\b)")),
    ("lock-entries-reused", ("lock|entry|entries", "entry 0|first entry|same entry",
     "every stage|each stage|again|reports success|re-?use", r"^(?!.*first free)")),
    ("lock-entries-counted", ("lock|entry|entries", "first free", "error|fail", "none|no free|left")),
    ("no-second-slot-opened", ("(no )?second slot", "opens? none|opens? no|not open|none")),
    ("build-check-off", ("build-time|check|assert", "not in force|off|disabled|compiled out")),
)  # fmt: skip
LOCKS_OVER = "lock-entries-reused"


def behaviour(fact: object) -> str | None:
    """The name of what `fact` tells; None where it denies or restricts that, or speaks of something else beside it.

    >>> behaviour("an interrupted swap is resumed"), behaviour("an interrupted swap is resumed, the counter is raised")
    ('swap-cut-survives', None)
    """
    told = re.sub(r"[,;(]?\s*\bbecause\b[^,;)]*\)?", " ", str(fact), flags=re.IGNORECASE)  # a reason is no behaviour
    for name, patterns in BEHAVIOURS:
        if says(told, *patterns) and not turned(told, *patterns) and not says(besides(told, *patterns), SUBJECTS):
            return name
    return None


def put_behaviours(draft: Draft) -> None:
    """The release facts of `update` and `protection`; one that is not read leaves open what it may bear on."""
    found: list[str] = []
    for part, policies in (("update", OF_UPDATES), ("protection", OF_ACCESS)):
        facts = (draft.design.get(part) or {}).get("release_facts") or []
        for i, fact in enumerate(facts if isinstance(facts, list) else [facts]):
            name = behaviour(fact)
            if name is None:
                draft.open(
                    (part, "release_facts", i), "unread-release-fact", f"release fact: {fact}", policies=policies
                )
            else:
                if name == LOCKS_OVER:
                    _reuse_entries(draft, (part, "release_facts", i), fact)
                else:
                    found.append(name)
                draft.note((part, "release_facts", i), f"release fact read as {name}: {fact}")
    if "version-unchecked-when-permanent" in found:
        for name, entry in draft.native["chain"].items():
            if entry.get("program") == "mcuboot" and entry.get("downgrade") == "version":
                draft.put(("chain", name, "compare_tests_only"), True, ("update", "release_facts"))
    if found:
        found += draft.native["life"].get("behaviours", [])
        draft.put(("life", "behaviours"), sorted(set(found)), ("update", "release_facts"))


def _reuse_entries(draft: Draft, at: tuple[str | int, ...], fact: object) -> None:
    """The lock library of before 2021-06 in every boot stage of the application core (soc.md 3)."""
    for name, entry in draft.native["chain"].items():
        if "protects" in entry:
            draft.put(("chain", name, "lock_library"), "counted", at)
    second = [
        str(told.get("stage")) for told in draft.design.get("chain") or [] if says(told.get("role", ""), "network")
    ]
    if second:
        draft.open(at, "lock-library", f"release fact, as for the network core: {fact}", about=second)
