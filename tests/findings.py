"""How many of the defects that people found in the corpus our policies find, and how many false friends they report.

The expected hits are read from the corpus' own table; a hit counts as found when the policy is violated, as asked
when it is undefined and names what would have to be known.
"""

import re
from collections import defaultdict
from pathlib import Path

from bootverify.check.run import check_design
from bootverify.check.verdict import Verdict
from bootverify.errors import InputError
from bootverify.policy.policy import ClaimKind
from bootverify.sources.attackers import load_attacker
from bootverify.sources.policies import all_policies
from tests.corpus import Item, items, read_item

# Which policy speaks of what a quick check of the corpus looked for; "" where reading the file must fail.
POLICY_OF = {
    "private-key-in-image": "private-key-in-image",
    "signed-with-public-key": "no-published-key",
    "default-mcuboot-key": "no-published-key",
    "sdk-nsib-key": "no-published-key",
    "enc-key-as-signing-key": "no-published-key",
    "nsib-key-not-set": "no-published-key",
    "provisioned-known-key": "no-published-key",
    "overlap": "map-no-overlap",
    "span-mismatch": "map-spans-members",
    "end-address-wrong": "map-spans-members",
    "outside-region": "map-inside-memory",
    "outside-flash": "map-inside-memory",
    "slot-size-differs": "slot-sizes-equal",
    "slot1-size-differs": "slot-sizes-equal",
    "spu-misaligned": "boundary-alignment",
    "fprotect-misaligned": "lock-span-on-granule",
    "rram-protect-limit": "lock-span-on-granule",
    "mcuboot-no-fprotect": "boot-locks-itself",
    "b0-without-provision": "provision-present",
    "external-secondary-plain": "external-secondary-plain",
    "static-vs-built": "static-equals-built",
    "boot-loader-planned-not-built": "static-equals-built",
    "serial-recovery": "serial-recovery-absent",
    "smp-bt-open": "radio-update-guarded",
    "approtect-open": "debug-port-closed",
    "unreadable-yaml": "",
}
# What the text beside the table calls legitimate: (part of the repository's name, part of a path, policy).
FALSE_FRIENDS = (
    ("nRFLEAudioUnicast", "", "static-equals-built"),
    ("open-earable-gateway", "", "static-equals-built"),
    ("pirun/delta_dfu", "", "slot-sizes-equal"),
    ("vitalthings/nrf53_update", "", "map-no-overlap"),
    ("hellesvik-nordic", "mcuboot_netcore_serial_recovery", "map-no-overlap"),
    ("nrfconnect/sdk-nrf", "_internal", "slot-sizes-equal"),
    ("", "_internal", "slot-sizes-equal"),  # of several maps in one item; its others may be wrong
)
_ROW = re.compile(r"^\| ([a-z0-9-]+) \| \d+ \| ([^|]*[BPSFD]-[0-9a-f]{8}[^|]*)\|", re.MULTILINE)


def expected(corpus: Path) -> dict[str, list[str]]:
    """Check -> the items that the table lists for it (it abbreviates long rows)."""
    text = (corpus / "FINDINGS.md").read_text(encoding="utf-8")
    return {check: re.findall(r"[BPSFD]-[0-9a-f]{8}", row) for check, row in _ROW.findall(text)}


def verdicts(corpus: Path) -> tuple[dict[str, dict[str, set[Verdict]]], dict[str, Item]]:
    """Item -> policy -> verdicts of the questions about maps and keys; a refused item has no policies."""
    policies = [policy for policy in all_policies() if all(ask.claim.kind is ClaimKind.LAYOUT for ask in policy.asks)]
    someone = load_attacker("remote-ota")
    found: dict[str, dict[str, set[Verdict]]] = {}
    listed = {item.id: item for item in items(corpus)}
    for item in listed.values():
        answers: dict[str, set[Verdict]] = defaultdict(set)
        try:
            for design in read_item(item):
                report = check_design(design, policies, [someone], ())
                assert not report.discrepancies
                for finding in report.findings:
                    answers[finding.policy].add(finding.verdict)
        except InputError:
            answers = defaultdict(set)
        found[item.id] = answers
    return found, listed


def tally(corpus: Path) -> list[str]:
    """Lines for the score: found, asked and missed hits; false friends reported."""
    answers, listed = verdicts(corpus)
    lines = []
    total = {"found": 0, "asked": 0, "missed": 0}
    rightly: list[str] = []
    for check, ids in expected(corpus).items():
        if check not in POLICY_OF:
            continue
        missed = []
        for each in ids:
            got = answers[each].get(POLICY_OF[check], set())
            kind = "found" if Verdict.VIOLATED in got or (not POLICY_OF[check] and not answers[each]) else "missed"
            kind = "asked" if kind == "missed" and Verdict.UNDEFINED in got else kind
            if kind == "missed" and any(_friend(listed[each], POLICY_OF[check], entry) for entry in FALSE_FRIENDS):
                rightly.append(f"{each} {check}")
                continue
            total[kind] += 1
            missed += [f"{each} ({'refused' if not answers[each] else kind})"] if kind != "found" else []
        if missed:
            lines.append(f"  {check}: {', '.join(missed)}")
    wrong = [
        f"{item.id} {policy}"
        for repo, part, policy in FALSE_FRIENDS[:-1]
        for item in listed.values()
        if _friend(item, policy, (repo, part, policy)) and Verdict.VIOLATED in answers[item.id].get(policy, set())
    ]
    lines += [f"  rightly not reported, as the text beside the table says: {', '.join(rightly)}"] if rightly else []
    first = f"findings  {total['found']} found, {total['asked']} asked about, {total['missed']} missed"
    return [f"{first}; {len(wrong)} false friends reported", *lines, *(f"  false friend: {each}" for each in wrong)]


def _friend(item: Item, policy: str, entry: tuple[str, str, str]) -> bool:
    """Whether the text beside the table calls it legitimate that such an item looks like a hit."""
    repo, part, meant = entry
    places = str(item.facts.get("path", "")) + " ".join(map(str, item.paths))
    return policy == meant and repo in item.facts["repo"] and part in places
