"""Units in the field, for tests: designs with edits, what `migrate` answers about them, and the answers by name."""

from pathlib import Path

from bootverify import api
from bootverify.check.verdict import Verdict
from bootverify.design.design import Design
from bootverify.executor.field.cuts import Plan
from bootverify.sources.design_file import design_of
from bootverify.sources.mutate import mutated
from bootverify.whatif.migrate import migrate
from bootverify.whatif.migration.answers import Effort
from bootverify.whatif.migration.questions import Question

TESTS = Path(__file__).resolve().parent
TODAY, ADVISED = TESTS / "designs" / "today.yaml", TESTS / "designs" / "advised.yaml"
NRF52 = TESTS / "scenarios" / "SB-S18.yaml"
TWO_MCUBOOTS = TESTS / "scenarios" / "SB-S04.yaml"
NRF54 = TESTS / "scenarios" / "SB-S38.yaml"
OLD, NEW = "a" * 64, "b" * 64  # fingerprints of two test keys
HOLDS, VIOLATED, UNDEFINED, NOT = Verdict.HOLDS, Verdict.VIOLATED, Verdict.UNDEFINED, Verdict.NOT_APPLICABLE
FEW = Effort(small=Plan(first=12, again=2, second=4), full=None)  # the sweep has tests of its own
ASKED = ["--policy", "rot-immutable", "--attacker", "remote-ota"]
FINE = (HOLDS, HOLDS, HOLDS, HOLDS, HOLDS)
LOST = (HOLDS, HOLDS, VIOLATED, HOLDS, HOLDS)  # boots, and the data is gone
REFUSED = (VIOLATED, NOT, NOT, NOT, NOT)
OPEN = (UNDEFINED,) * 5
MOVED_PRIMARY = {
    "partitions.mcuboot.size": 0x10000,
    "partitions.mcuboot_pad.at": 0x10000,
    "partitions.app": {"at": 0x10200, "size": 0x6BE00},
}
NO_CIPHER = {"chain.app.encryption": "none"}


def design(path: Path, change: dict[str, object] | None = None, drop: tuple[str, ...] = ()) -> Design:
    return design_of(mutated(api.read(path), change or {}, drop))


def asked(design_: Design):
    return api.check(design_, policies=["rot-immutable"], attackers=["app-code-secure", "app-code-ns", "remote-ota"])


def answers(deployed: list[Design], new: Design | None, effort: Effort = FEW) -> list[dict[Question, object]]:
    return [{each.question: each for each in kind.answers} for kind in migrate(deployed, new, asked, effort).kinds]


def verdicts(deployed: list[Design], new: Design | None) -> list[tuple[Verdict, ...]]:
    return [tuple(each.verdict for each in kind.values()) for kind in answers(deployed, new)]


def printed(print_: str) -> dict[str, object]:
    return {"keys.img_sign_priv.fingerprint": print_, "keys.img_verify_pub.fingerprint": print_}
