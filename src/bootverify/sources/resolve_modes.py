"""How MCUboot installs what is staged, and what each update mode needs of the map and of the image it starts."""

from collections.abc import Iterable
from typing import Any

from bootverify.design.boot import Image, UpgradeMode
from bootverify.sources.roles import scratch_among
from bootverify.sources.schema import ImageEntry

Fault = tuple[tuple[str, ...], str]  # below which entry, and the words


def installing(
    entry: ImageEntry, loader: str, target: Image, partitions: Iterable[str]
) -> tuple[dict[str, Any], list[Fault]]:
    """The fields of a start that say how updates get in, and what is wrong with them."""
    faults: list[Fault] = []
    mode = UpgradeMode(entry.mode or "overwrite")
    scratch = scratch_among(partitions) if mode is UpgradeMode.SWAP_SCRATCH else None
    if entry.mode is None:
        faults.append(((loader,), f"MCUboot `{loader}` needs `mode`: overwrite, one of the swaps or single-slot"))
    if mode is UpgradeMode.SWAP_SCRATCH and scratch is None:
        text = "swap-scratch needs a partition `mcuboot_scratch`, through which sectors change places"
        faults.append(((loader, "mode"), text))
    if mode is UpgradeMode.SINGLE_SLOT and target.staging is not None:
        text = f"MCUboot with a single slot takes nothing from `{target.staging}`; leave `staging` out"
        faults.append(((target.name, "staging"), text))
    return {"mode": mode, "scratch": scratch}, faults
