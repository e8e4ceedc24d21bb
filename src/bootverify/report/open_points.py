"""What the open points mean that are not of one SoC, and what to do about them."""

from collections.abc import Iterator, Sequence

from bootverify.design.openpoint import (
    APPROTECT_UNKNOWN,
    CHAIN_NOT_DRAWN,
    MAP_CONFLICT,
    NOT_TOLD,
    OTHER_CORE_NOT_DRAWN,
    SOC_NOT_MODELLED,
    SOC_NOT_TOLD,
    UNSUPPORTED,
)

MEANINGS = {
    UNSUPPORTED: "No document of the vendor's defines what is drawn, for this part and release.",
    NOT_TOLD: "The answer depends on something that the design does not tell.",
    CHAIN_NOT_DRAWN: "What is read of the build does not tell which programs it boots, and how.",
    OTHER_CORE_NOT_DRAWN: "A program of a core that the application core starts is no part of what is drawn.",
    SOC_NOT_TOLD: "The answer rests on silicon, and nothing tells the SoC.",
    SOC_NOT_MODELLED: "The answer rests on silicon of which there is no model here.",
    MAP_CONFLICT: "The map says two things that cannot both be true of a device.",
    APPROTECT_UNKNOWN: "Nothing tells whether production locks the debug port.",
}
TO_DO = {
    UNSUPPORTED: "Draw what the vendor documents for this release, or name the release that has it (`sdk`, `--ncs`).",
    NOT_TOLD: "Tell it under `life` in the design (`bootverify schema design`).",
    CHAIN_NOT_DRAWN: "Name the directory that has every image's .config and partitions.yml, or complete the design that"
    " `bootverify import` writes.",
    SOC_NOT_TOLD: "Name the map of an application or build that tells its board, or write `soc` in a design.",
    SOC_NOT_MODELLED: "Only what does not rest on silicon can be asked of this part (models/not-modelled.yaml).",
    MAP_CONFLICT: "Mend the map where it is violated, then ask again.",
    APPROTECT_UNKNOWN: "Say in `lifecycle` whether production locks the port.",
}


def to_do(names: Sequence[str]) -> Iterator[str]:
    """What to do about these open points, as far as that is known."""
    yield from (TO_DO[name] for name in dict.fromkeys(names) if name in TO_DO)
