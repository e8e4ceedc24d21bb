"""A project to the design document that a reviewer would have written of it."""

import re

from bootverify.design.soc import UNSPECIFIED
from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.importers.chain import not_drawn, put_chain, soc_is_known
from bootverify.sources.importers.contradictions import put_contradictions
from bootverify.sources.importers.draft import Draft
from bootverify.sources.importers.kconfig import Kconfig, Symbol
from bootverify.sources.importers.key_material import put_keys
from bootverify.sources.importers.map_entries import (
    put_attributions,
    put_memories,
    put_partitions,
)
from bootverify.sources.importers.network_core import of_network_core, put_network_chain, put_network_partitions
from bootverify.sources.importers.project import Project
from bootverify.sources.importers.settings import non_secure, put_settings
from bootverify.sources.importers.tree_entries import put_tree, worlds_of
from bootverify.sources.models import not_modelled
from bootverify.sources.search import Search
from bootverify.sources.written import Written

MOST_PARTITIONS = 1000


def drawn(project: Project, sdk: str | None, search: Search) -> Written:
    """The document; what was met and has no place in it stands in the project's ledger.

    Raises:
        InputError: there is nothing to check: no partition, image or key.
    """
    draft = Draft()
    project.sdk = sdk or project.sdk
    draft.put(("bootverify",), "design/1")
    draft.put(("name",), re.sub(r"[^A-Za-z0-9_.+:@ -]", "_", project.name)[:80] or "design")
    known = soc_is_known(project)
    if project.soc is not None and (known or not_modelled(project.soc.name) is not None):
        draft.put(("soc",), project.soc.name, project.soc.source)
    else:
        draft.put(("soc",), UNSPECIFIED, Source(file=project.shown))
    if not known:
        _note_unknown_soc(draft, project)
    draft.put(("sdk",), project.sdk)
    _put_map(draft, project)
    if not draft.plain.get("partitions") and not project.firmware and not project.all_kconfigs():
        what = "this devicetree draws no partition" if project.trees else "no partition map and no image is here"
        if project.partitions:
            what = "no partition of this map has both an address and a size, in a memory that is known"
        raise InputError.at(project.shown, 0, f"{what}; name a build, a map or an image")
    draft.plain.setdefault("partitions", {})
    flat = project.shown.endswith(".dts")
    if project.fragments and (project.partitions or project.trees) and not flat:
        draft.put(("partial_map",), True)
    chain = known and put_chain(draft, project)
    if chain:
        put_network_chain(draft, project)
    put_keys(draft, project, search)
    put_settings(draft, project)
    put_contradictions(draft, project)
    if not chain:
        _without_chain(draft)
    for config in project.all_kconfigs():
        config.note_rest(project.ledger)
    return draft.written(project.shown, project.inputs)


def _note_unknown_soc(draft: Draft, project: Project) -> None:
    """Why only what holds on any SoC is answered; a build loses its chain by it."""
    source, words = Source(file=project.shown), "nothing here tells the SoC"
    other = next((symbol for symbol in map(_named, project.all_kconfigs()) if symbol is not None), None)
    if project.soc is None and other is not None:
        source, words = other.source, f"no model of `{other.value[:40]}`; only what holds on any SoC is answered"
    if project.soc is not None:
        name, source, part = project.soc.name, project.soc.source, not_modelled(project.soc.name)
        why = f": {part.why}" if part is not None else ""
        words = f"no model of {name}{why}; only what holds on any SoC is answered"
    if project.images and not project.fragments:
        not_drawn(draft, project, source, words)
    elif project.soc is not None:
        project.ledger.add(source, words)


def _named(config: Kconfig) -> Symbol | None:
    """The part that a configuration names, of whatever vendor."""
    found = config.symbol("CONFIG_SOC") or config.symbol("SB_CONFIG_SOC")
    return found if found is not None and found.value else None


def _put_map(draft: Draft, project: Project) -> None:
    if not project.network_partitions and of_network_core(project.partitions):
        project.network_partitions, project.partitions, project.regions = project.partitions, [], {}
    count = len(project.partitions) + len(project.network_partitions) + len(project.static)
    if count > MOST_PARTITIONS:
        raise InputError.at(project.shown, 0, f"{count:,} partitions; at most {MOST_PARTITIONS:,} are read")
    put_partitions(draft, "partitions", project.partitions, project.ledger)
    put_memories(draft, project.regions)
    described = _put_trees(draft, project) if not project.partitions else {}
    if project.static:
        put_partitions(draft, "planned", project.static, project.ledger)
    outside = non_secure(project)
    names = draft.plain.get("partitions", {})
    apart = next((name for name in ("tfm", "spm", "slot0_ns_partition") if name in names), None)
    if outside is not None and outside.value:
        put_attributions(draft, outside.source, described)
    elif apart is not None and outside is None:
        put_attributions(draft, draft.origins["partitions", apart], described)
        draft.put(("settings", "non_secure_application"), True, draft.origins["partitions", apart])
    put_network_partitions(draft, project.network_partitions, project.ledger)


def _put_trees(draft: Draft, project: Project) -> dict[str, tuple[str, Source]]:
    """The partitions of the devicetrees, each core's from one tree; whose they are, as far as the trees say."""
    described: dict[str, tuple[str, Source]] = {}
    for roles in (("application", "mcuboot", "nsib", "single"), ("network", "network-nsib")):
        trees = [project.trees[role] for role in roles if role in project.trees]
        before = len(draft.plain.get("partitions", {}))
        for tree in trees:
            if len(draft.plain.get("partitions", {})) > before:
                break
            described |= worlds_of(tree)
            if not put_tree(draft, tree, project.ledger):
                words = "another file says in which memory this map lies; only what holds in any memory is answered"
                project.ledger.add(Source(file=tree.file), words)
                draft.put(("soc",), UNSPECIFIED, Source(file=tree.file))
    return described


def _without_chain(draft: Draft) -> None:
    """A map alone has no life cycle; keys keep a place that exists."""
    draft.plain.pop("lifecycle", None)
    draft.plain.pop("chain", None)
    for entry in draft.plain.get("keys", {}).values():
        for purpose in ("verifies", "decrypts", "signs"):
            entry.pop(purpose, None)
        place = entry.get("placement")
        if isinstance(place, dict) and "image" in place:
            entry["placement"] = "host"
