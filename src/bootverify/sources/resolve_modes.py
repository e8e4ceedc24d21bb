"""How MCUboot installs what is staged, and what each update mode needs of the map and of the image it starts."""

from collections.abc import Iterable
from typing import Any

from bootverify.design.boot import Image, UpgradeMode
from bootverify.sources.roles import scratch_among
from bootverify.sources.schema import ImageEntry

Fault = tuple[tuple[str, ...], str]  # below which entry, and the words


def places(entry: ImageEntry, loader: ImageEntry | None, slots: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """The slots that an image starts from, and where its update waits: with MCUboot in place these are the same."""
    mode = UpgradeMode(loader.mode) if loader is not None and loader.mode is not None else None
    if mode is None or not mode.in_place or entry.staging is None:
        return slots, entry.staging
    return (*slots, entry.staging), None


def installing(
    entry: ImageEntry, loader: str, target: Image, partitions: Iterable[str], *, parts: bool
) -> tuple[dict[str, Any], list[Fault]]:
    """The fields of a start that say how updates get in, and what is wrong; `parts`: the target is several programs."""
    faults: list[Fault] = []
    mode, revert = UpgradeMode(entry.mode or "overwrite"), bool(entry.revert)
    scratch = scratch_among(partitions) if mode is UpgradeMode.SWAP_SCRATCH else None
    if entry.mode is None:
        text = f"MCUboot `{loader}` needs `mode`: overwrite, a swap, single-slot, direct-xip or ram-load"
        faults.append(((loader,), text))
    if mode is UpgradeMode.SWAP_SCRATCH and scratch is None:
        text = "swap-scratch needs a partition `mcuboot_scratch`, through which sectors change places"
        faults.append(((loader, "mode"), text))
    if mode is UpgradeMode.SINGLE_SLOT and target.staging is not None:
        text = f"MCUboot with a single slot takes nothing from `{target.staging}`; leave `staging` out"
        faults.append(((target.name, "staging"), text))
    if mode.in_place and len(target.slots) != 2:
        text = f"{mode.value} starts `{target.name}` from one of two slots; name the second in `staging`"
        faults.append(((target.name,), text))
    if mode.in_place and parts:
        text = f"no document says where the parts of an image lie in the second slot of {mode.value}"
        faults.append(((target.name, "parts"), text))
    if revert and not mode.in_place:
        text = "only direct-xip and ram-load are built with or without; a swap always reverts what is not confirmed"
        faults.append(((loader, "revert"), text))
    return {"mode": mode, "scratch": scratch, "revert": revert}, faults
