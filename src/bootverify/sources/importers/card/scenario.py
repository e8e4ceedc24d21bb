"""Reads a scenario card (`format: scenario-card/1`) as a design: its soc, sdk and design, and nothing of its answers.

The card's half-free words are read by key phrases. What is not understood stands in the design's ledger; what could
decide a question is an open point of it, so that no such question is answered.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bootverify.design.design import Design
from bootverify.errors import InputError
from bootverify.sources.document import read_written
from bootverify.sources.importers import CARD, is_card
from bootverify.sources.importers.card.chain import Link, has_tfm, links, put_image
from bootverify.sources.importers.card.draft import Draft
from bootverify.sources.importers.card.keys import put_keys
from bootverify.sources.importers.card.life import put_life
from bootverify.sources.importers.card.locks import put_locks
from bootverify.sources.importers.card.map import Map
from bootverify.sources.importers.card.network import put_network
from bootverify.sources.importers.card.protection import put_lifecycle
from bootverify.sources.importers.card.shape import shaped
from bootverify.sources.importers.card.variant import varied
from bootverify.sources.resolve import resolve
from bootverify.sources.schema import DesignEntry
from bootverify.sources.validate import validated
from bootverify.sources.written import Written


def load(path: Path | str, variant: Mapping[str, Any] | None = None, *, shown: str = "") -> Design:
    """The design that the card at `path` draws, with the edits of `variant` in.

    Raises:
        InputError: no such file, no card, or a drawing that cannot be resolved; with lines.
    """
    return parse(read_written(path, shown=shown), variant)


def parse(written: Written, variant: Mapping[str, Any] | None = None) -> Design:
    """As `load`, for a document that was read already."""
    if not is_card(written.plain):
        raise InputError.at(written.file, 1, f"this is no scenario card; it should say `format: {CARD}`")
    card = varied(
        {key: written.plain[key] for key in ("id", "soc", "sdk", "design") if key in written.plain},
        variant,
        written.file,
    )
    design = card.get("design")
    if not isinstance(design, dict) or not isinstance(design.get("chain"), list):
        raise InputError.at(written.file, written.line(("design",)), "`design.chain` is missing; a card draws one")
    shaped(written, design)
    draft = drafted(written, card, design)
    native = replace(written, plain=draft.native, lines={(): 1, **draft.lines})
    return resolve(validated(DesignEntry, native), native, draft.ledger)


def drafted(written: Written, card: dict[str, Any], design: dict[str, Any]) -> Draft:
    """The native document that the card comes to, with its ledger."""
    draft = Draft(written=written, design=design)
    draft.native.update(
        {
            "bootverify": "design/1",
            "name": str(card.get("id", "card")),
            "soc": str(card.get("soc", "")).lower().strip(),
            "sdk": str(card.get("sdk", "")),
            "releases": 2,
            "chain": {},
            "partitions": {},
            "keys": {},
            "life": {},
        }
    )
    draft.lines["soc",] = written.line(("soc",))
    draft.lines["sdk",] = written.line(("sdk",))
    chain = links(draft)
    tfm = has_tfm(draft, chain)
    map_ = Map(draft)
    chain = with_application(draft, chain, map_)
    own = [link for link in merged(draft, chain, map_, tfm=tfm) if not link.second_core]
    for link in own:
        put_image(draft, link, own, map_, tfm=tfm)
    put_locks(draft, own, tfm=tfm, pair={link.name: map_.slots(link.name, link.program) for link in own})
    put_lifecycle(draft)
    put_life(draft, own, tfm=tfm)
    put_network(draft, chain)
    put_keys(draft, own)
    for key in sorted(set(design) - {"chain", "partitions", "protection", "keys", "update"}):
        draft.open((key,), "unread-section", f"section `{key}` of the design")
    return draft


def merged(draft: Draft, chain: list[Link], map_: Map, *, tfm: bool) -> list[Link]:
    """The stages, a secure image and the non-secure one behind it taken as one image of two parts."""
    found: list[Link] = []
    for link in chain:
        before = found[-1] if found else None
        if tfm and before is not None and before.program == "tfm" and link.program == "application":
            told = {**before.told, "runs_as": "SPE + NSPE", "role": "application"}
            found[-1] = Link(index=before.index, name=f"{before.name}+{link.name}", program="application", told=told)
            map_.name_worlds(before.name, link.name)
        else:
            found.append(link)
    del draft
    return found


def with_application(draft: Draft, chain: list[Link], map_: Map) -> list[Link]:
    """The stages, with the application that the map shows where the card draws a bootloader with nothing to start."""
    own = [link for link in chain if not link.second_core]
    if not own or own[-1].program not in {"nsib", "mcuboot"}:
        return chain
    slots = map_.slots("app", "application")
    if not slots:
        return chain
    draft.note(("chain",), f"the card draws no application; the map has one in `{slots[0]}`")
    told = {"verified_by": own[-1].name, "signature": "ecdsa-p256", "mutability": "updatable"}
    added = Link(index=len(chain), name="app", program="application", told=told)
    at = chain.index(own[-1]) + 1
    return [*chain[:at], added, *chain[at:]]
