"""How long it takes to ask again after an edit, to free a fact, and to enlarge a slot: ratios within one run."""

from bootverify import api
from bootverify.sources.design_file import design_of
from bootverify.sources.mutate import mutated
from bootverify.whatif.free import free
from bootverify.whatif.maximise import maximised
from tests.benchmark.timing import as_the_program, best
from tests.gate.bases import base
from tests.gate.test_values import hundred

EDITS = (
    ("nrf5340-tfm", {"settings.serial_recovery": True}),
    ("nrf5340", {"partitions.settings_storage.size": 0x4000}),
    ("nrf9151-tfm", {"partitions.fmfu_storage.size": 0x4000}),
    ("nrf52840", {"partitions.settings_storage.size": 0x4000}),
    ("nrf54l15", {"lifecycle.approtect": False}),  # one attacker can tell
    ("nrf52832", {"chain.mcuboot.downgrade": "none"}),  # every attacker can tell
    ("nrf5340-tfm", {"chain.b0.protects.0.lock": "none"}),
)
WARM_MS, FREE_MS = 50, 1000


def main() -> None:
    as_the_program()
    for name, edit in EDITS:
        session = api.session()
        whole = best(lambda on=name: api.check(design_of(base(on))), 1)
        session.report(design_of(base(name)))
        edited = mutated(base(name), edit)
        warm = best(lambda to=edited, by=session: by.report(design_of(to)), 1)
        print(f"whatif --set on {name:12} {1e3 * warm:6.0f} ms = {warm / whole:5.2f} of a check{over(warm, WARM_MS)}")
    written, whole = hundred(), best(lambda: api.check(design_of(hundred())), 1)
    freed = best(lambda: free(written, "partitions.settings_storage.size", api.session()), 1)
    print(f"free size, 100 partitions    {1e3 * freed:6.0f} ms = {freed / whole:5.2f} of a check{over(freed, FREE_MS)}")
    largest = best(lambda: maximised(written, api.session(), solvers=("z3", "cvc5")), 1)
    print(f"largest slot, 100 partitions {1e3 * largest:6.0f} ms = {largest / whole:5.2f} of a check")


def over(taken: float, most_ms: int) -> str:
    return "" if 1e3 * taken <= most_ms else f"   over {most_ms} ms"


if __name__ == "__main__":
    main()
