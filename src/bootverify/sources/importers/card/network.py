"""The stages of a card that run on the network core."""

from bootverify.sources.importers.card.chain import NOT_SHIPPED, SIGNATURES, SILENT_SIGNATURE, Link
from bootverify.sources.importers.card.draft import OF_ACCESS, Draft
from bootverify.sources.importers.card.locks import MOMENTS, PERMISSIONS, SILENT_PERM, SILENT_WHEN, ends
from bootverify.sources.importers.card.words import read, says, truth, words


def put_network(draft: Draft, chain: list[Link]) -> None:
    """Write the programs of the network core, with their locks and the way their updates take."""
    protection = draft.design.get("protection") or {}
    stages = [link for link in chain if link.second_core]
    names = [link.name for link in chain]
    for link in stages:
        at = ("network", link.name)
        partition = link.name if link.name in draft.native["partitions"] else ""
        if not partition:
            draft.open(link.at, "no-slot", f"no partition holds `{link.name}`", about=[link.name])
        text = str(link.told.get("verified_by", ""))
        by = next((word for word in words(text) if word in names), "")
        if not by and says(text, "app(lication)? core"):
            by = "application core"
        fed = says(
            f"{draft.design.get('update', {}).get('mode', '')} {link.told.get('mutability', '')}",
            "shared ram|app core|transfer|serial recovery",
        )
        value = {
            "boots": link.program == "b0n",
            "partition": partition or link.name,
            "verified_by": by,
            "fed_by": "transfer-ram" if fed and link.program == "network" else "",
            "signature": _signed(draft, link),
            "updatable": link.shipped
            or (
                says(link.told.get("mutability", ""), "updatable")
                and not says(link.told.get("mutability", ""), NOT_SHIPPED)
            ),
            "locks": _locks(draft, link),
        }
        if value["fed_by"] and (waits := _staging(draft)):
            value["staging"] = waits
        if link.program == "b0n":
            value |= _own_port(draft, alone=len(stages) == len(chain))
        if "pcd_ram_lock" in protection:
            value["transfer_locked"] = _transfer_locked(draft, link)
        if link.program == "b0n" and value["updatable"]:
            text = f"an update path into `{link.name}`"
            draft.open((*link.at, "mutability"), "updatable-root", text, about=[link.name], policies=["rot-immutable"])
        draft.put(at, value, link.at)


def _own_port(draft: Draft, *, alone: bool) -> dict[str, bool]:
    """What is told of that core's own port: a word is meant for it where it names both cores, or no other is drawn."""
    protection, life = draft.design.get("protection") or {}, draft.native["lifecycle"]
    told = {key: str(protection[key]) for key in ("approtect", "eraseprotect") if key in protection}
    meant = {key: life[key] for key, text in told.items() if alone or says(text, "(both|each|all) cores?")}
    return meant | {key: False for key, text in told.items() if says(text, "app(lication)?[- ]core only")}


def _staging(draft: Draft) -> str:
    """The partition in which updates of the network core wait: MCUboot's second secondary slot, or what a row says."""
    rows = (draft.design.get("partitions") or {}).get("entries") or []
    told = [
        str(row.get("name"))
        for row in rows
        if says(row.get("holds", ""), "network[- ]core update|update of the network[- ]core")
        or str(row.get("name")) == "mcuboot_secondary_1"
    ]
    known = [name for name in told if name in draft.native["partitions"]]
    return known[0] if len(known) == 1 else ""


def _signed(draft: Draft, link: Link) -> bool:
    text = link.told.get("signature", "none")
    seen = read(text, SIGNATURES, SILENT_SIGNATURE)
    if seen.rest or not seen.values:
        draft.open((*link.at, "signature"), "unread-signature", f"signature `{text}`", about=[link.name])
    return "none" not in seen.values


def _transfer_locked(draft: Draft, link: Link) -> bool | None:
    """Whether the RAM of the copy commands is read-only, and stays so, before any application runs; None: open."""
    at = ("protection", "pcd_ram_lock")
    told = (draft.design.get("protection") or {}).get("pcd_ram_lock")
    if not isinstance(told, dict):
        if told is not None and truth(told) is not False:
            draft.open(at, "unread-transfer-lock", f"lock of the transfer RAM: {told}", about=[link.name])
            return None
        return False
    seen = read(told.get("perm", ""), PERMISSIONS, SILENT_PERM)
    when = read(told.get("when", ""), MOMENTS, SILENT_WHEN)
    stages = draft.native["chain"]
    boots = [
        word for word in words(told.get("set_by", "")) if stages.get(word, {}).get("program") in {"nsib", "mcuboot"}
    ]
    start, end = ends(told)
    areas = [
        entry
        for name, entry in draft.native["partitions"].items()
        if entry.get("memory") == "sram" and says(name, "pcd|dfu_shared|transfer")
    ]
    covered = all(start <= area["at"] and area["at"] + area["size"] <= end for area in areas)
    if seen.rest or when.rest or not when.values or not boots or not covered or start >= end:
        text = f"lock of the transfer RAM: {told.get('perm')}, by {told.get('set_by')}, {told.get('when')}"
        draft.open(at, "unread-transfer-lock", text, about=[link.name])
        return None
    return seen.has("no-write") and seen.has("locked") and not seen.has("loose")


def _locks(draft: Draft, link: Link) -> list[list[int]]:
    """The spans that the stage write-protects on every boot that starts the core's application."""
    found = []
    stages = [str(told.get("stage")) for told in draft.design.get("chain") or []]
    for i, lock in enumerate((draft.design.get("protection") or {}).get("locks") or []):
        if link.name not in words(str(lock.get("set_by", ""))):
            continue
        start, end = ends(lock)
        seen = read(lock.get("perm", ""), PERMISSIONS, SILENT_PERM)
        when = read(lock.get("when", ""), MOMENTS, SILENT_WHEN)
        plain = says(lock.get("when", ""), "plain boot") and when.rest == ("only",)
        loose = not seen.has("locked") or seen.has("loose")
        if (
            seen.rest
            or loose
            or not seen.has("no-write")
            or not when.values
            or (when.rest and not plain)
            or start == end
        ):
            text = f"a lock of `{link.name}`: {lock.get('perm')}, {lock.get('when')}"
            draft.open(("protection", "locks", i), "unread-network-lock", text, about=stages, policies=OF_ACCESS)
            continue
        found.append([start, end])
    return found
