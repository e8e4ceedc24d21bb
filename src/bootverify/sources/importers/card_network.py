"""The stages of a card that run on the network core."""

from bootverify.sources.importers.card_chain import NOT_SHIPPED, Link
from bootverify.sources.importers.card_draft import OF_ACCESS, Draft
from bootverify.sources.importers.card_protection import MOMENTS, PERMISSIONS, SILENT_PERM, SILENT_WHEN, ends
from bootverify.sources.importers.card_words import read, says, words


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
            "signature": not says(link.told.get("signature", "none"), "^none"),
            "updatable": link.shipped
            or (
                says(link.told.get("mutability", ""), "updatable")
                and not says(link.told.get("mutability", ""), NOT_SHIPPED)
            ),
            "locks": _locks(draft, link),
        }
        transfer = protection.get("pcd_ram_lock")
        if "pcd_ram_lock" in protection:
            value["transfer_locked"] = isinstance(transfer, dict) and says(
                transfer.get("perm", ""), "read-only|no write|write denied", "lock"
            )
            if isinstance(transfer, dict) and not value["transfer_locked"]:
                draft.open(
                    ("protection", "pcd_ram_lock"),
                    "unread-transfer-lock",
                    f"lock of the transfer RAM: {transfer.get('perm')}",
                    about=[link.name],
                )
        draft.put(at, value, link.at)


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
        if seen.rest or not seen.has("no-write") or not when.values or (when.rest and not plain) or start == end:
            text = f"a lock of `{link.name}`: {lock.get('perm')}, {lock.get('when')}"
            draft.open(("protection", "locks", i), "unread-network-lock", text, about=stages, policies=OF_ACCESS)
            continue
        found.append([start, end])
    return found
