"""Release facts of cards: sentences of one sense, in other words, are read alike; their opposites are not."""

import pytest

from bootverify.sources.importers.card.facts import behaviour

SENSES = {
    "counter-fails-open": [
        "boot continues even when the counter value cannot be written",
        "an error while storing the counter is ignored, the image boots",
        "when no counter slot is left, the image is booted all the same",
    ],
    "counter-fails-closed": [
        "an image whose counter value cannot be stored is not started",
        "an image without a free counter slot is passed over",
    ],
    "counter-full-refuses": [
        "MCUboot refuses an update when no counter slot is free",
        "updates are rejected once the counter has no free slot",
    ],
    "counter-full-stops": ["with the last slot used the counter write fails and the device no longer boots"],
    "swap-cut-survives": ["a swap that was cut by a power loss is completed at the next boot"],
    "swap-cut-loses-image": [
        "an interrupted swap is never completed",
        "a power cut in the revert leaves it neither started nor resumed",
        "after a reset in the middle of a swap the bootloader asserts at every boot",
        "a reset in the swap bricks the unit, because its size was never stored",
    ],
    "misfit-is-dropped": ["an image for the slot in use is removed from the secondary slot"],
    "misfit-blocks-staging": ["a variant for the slot in use stays in the staging slot and blocks it"],
    "acknowledged-early": ["the transfer is reported complete before the network-core flash has been written"],
    "lock-failure-stops": [
        "MCUboot loops for ever when the lock call fails",
        "the bootloader does not continue if protecting its flash fails",
    ],
    "lock-failure-passes": ["the result of the lock call is ignored"],
    "lock-off": ["flash protection is off by default", "no lock is on by default"],
    "lock-on": ["flash protection is on by default"],
    "version-unchecked-when-permanent": ["the version is compared for test swaps only"],
}
NO_SENSE = [
    "an image that fits no slot is refused",
    "erase protection is off by default",
    "a swap that was cut by a power loss is not always completed at the next boot",
    "the counter is not read when no image is staged",
    "the lock call is not ignored when it fails",
    "when an interrupted test upgrade is resumed, the counter is raised before the image is confirmed",
    "an interrupted swap is resumed with the key that lies in scratch",
    "the lock is on by default, and the version is compared at each boot",
]


@pytest.mark.parametrize(("name", "fact"), [(name, fact) for name, facts in SENSES.items() for fact in facts])
def test_a_fact_in_other_words_is_read_in_its_sense(name: str, fact: str) -> None:
    assert behaviour(fact) == name


@pytest.mark.parametrize("fact", NO_SENSE)
def test_a_fact_that_is_not_understood_is_not_guessed(fact: str) -> None:
    assert behaviour(fact) is None
