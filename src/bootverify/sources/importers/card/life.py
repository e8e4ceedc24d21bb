"""The update section of a card, and what it tells of the release, as native life."""

import re
from typing import Any

from bootverify.sources.importers.card.chain import Link
from bootverify.sources.importers.card.draft import OF_UPDATES, Draft
from bootverify.sources.importers.card.facts import put_behaviours
from bootverify.sources.importers.card.words import CONDITIONS, number_before, read, says, truth, words
from bootverify.sources.roles import scratch_among

MODES = {
    "overwrite": "overwrite",
    "overwrite-only": "overwrite",
    "swap-move": "swap-move",
    "swap-offset": "swap-offset",
    "swap-scratch": "swap-scratch",
    "swap using move": "swap-move",
    "swap using offset": "swap-offset",
    "swap using scratch": "swap-scratch",
    "swap": "swap",
    "direct-xip": "direct-xip",
    "direct xip": "direct-xip",
    "ram-load": "ram-load",
    "single slot": "single-slot",
    "single-slot": "single-slot",
    "serial recovery": "serial",
    "shared ram": "shared-ram",
    "none": "none",
    "ram load": "ram-load",
    "direct-xip with revert": "direct-xip",
    "ram-load with revert": "ram-load",
    "firmware loader": "firmware-loader",
    "firmware-loader": "firmware-loader",
    "firmware updater": "firmware-loader",
    "firmware-updater": "firmware-loader",
}
SOME_RELEASES = (
    r"(raised |bumped |increased )?only (for|with|in|by) (a )?(security|critical|selected) (fix(es)?|releases?)"
    r"|(raised |bumped |increased )?(for|with|in|by) (a )?(security|critical|selected) (fix(es)?|releases?) only"
    r"|security fix|only when"
)
IN_PLACE = frozenset({"direct-xip", "ram-load"})
MOST_RELEASES = 4  # of an image, in a design
INSTALLED = {
    "overwrite": "overwrite",
    "swap-move": "swap-move",
    "swap-offset": "swap-move",
    "swap-scratch": "swap-move",
    "swap": "swap-move",
}


PORTS = {
    "absent": "absent",
    "not built": "absent",
    "not present": "absent",
    "not reachable": "absent",
    "not in the product": "absent",
    "not reachable in the product": "absent",
    "unreachable": "absent",
    "disabled": "absent",
    "off": "absent",
    "no login": "open",
    "no password": "open",
    "without login": "open",
    "without password": "open",
    "without a password": "open",
    "unauthenticated": "open",
    "without authentication": "open",
    "no authentication": "open",
    "open": "open",
    "reachable": "open",
    "reachable in the product": "open",
    "enabled": "open",
    "on": "open",
    "in the product": "open",
    "authenticated": "guarded",
    "with login": "guarded",
    "with password": "guarded",
    "with a password": "guarded",
    "password": "guarded",
    "login": "guarded",
    "signed request": "guarded",
    "uart": "port",
    "usb": "port",
    "cdc": "port",
    "button": "port",
    "serial": "port",
}


def put_life(draft: Draft, chain: list[Link], *, tfm: bool) -> None:
    """Everything below `update`, and the release facts of `protection`."""
    told = draft.design.get("update") or {}
    life: dict[str, Any] = draft.native.setdefault("life", {})
    draft.lines["life",] = draft.line(("update",))
    _mode(draft, told, life, chain)
    _rules(draft, told, life, chain)
    for key, name in (
        ("validate_primary_each_boot", "validate_primary"),
        ("validate_once", "validate_once"),
        ("compare_build_number", "compare_build_number"),
        ("save_enctlv", "save_encrypted"),
        ("tlv_allow_list", "metadata_allow_list"),
    ):
        if key in told:
            value = truth(told[key])
            if value is None:
                draft.open(("update", key), "unread-switch", f"{key} `{told[key]}`", policies=OF_UPDATES)
            else:
                draft.put(("life", name), value, ("update", key))
    boots_by_mcuboot = any(link.program == "mcuboot" for link in chain)
    if "validate_primary_each_boot" not in told and boots_by_mcuboot:
        text = "whether the primary slot is verified at every boot"
        draft.open(("update",), "validation-not-told", text, policies=["authentic-only", "bootable", "no-downgrade"])
    _recovery(draft, told)
    _factory_and_request(draft, told)
    _story(draft, told, chain)
    put_behaviours(draft)
    del tfm
    known = {
        "mode", "downgrade", "validate_primary_each_boot", "validate_once", "compare_build_number", "save_enctlv",
        "tlv_allow_list", "serial_recovery", "factory_image", "upgrade_request", "releases", "deployed", "event",
        "release_facts", "boot_record",
    }  # fmt: skip
    for key in sorted(set(told) - known):
        draft.open(("update", key), "unread-update-field", f"`{key}: {told[key]}` of update", policies=OF_UPDATES)
    if "boot_record" in told:
        draft.put(
            ("life", "boot_record"),
            not says(told["boot_record"], "^none|^no\\b|^off|disabled"),
            ("update", "boot_record"),
        )


def _mode(draft: Draft, told: dict[str, Any], life: dict[str, Any], chain: list[Link]) -> None:
    text = str(told.get("mode", ""))
    seen = read(text, MODES, "s0/s1 s0 s1 twice two images image per variant slots flash via")
    mode = seen.first or ""
    if seen.has("serial") and len(seen.values) > 1:
        draft.native["life"]["recovery"] = "open"
    if not mode:
        draft.open(("update", "mode"), "unread-mode", f"update mode `{text or 'not told'}`", policies=OF_UPDATES)
    elif seen.doubtful:
        draft.open(("update", "mode"), "conditional-mode", f"update mode `{text}`", policies=OF_UPDATES)
    if mode == "swap-scratch" and scratch_among(draft.native.get("partitions", ())) is None:
        text = "swap using scratch, and the map has no scratch area"
        draft.open(("update", "mode"), "no-scratch-area", text, policies=["config-supported"], contradiction=True)
    placed = mode in IN_PLACE and _starts_in_place(draft, chain)
    if mode in {*IN_PLACE, "firmware-loader"} and not placed:
        policies = [each for each in (*OF_UPDATES, "functional", "anchor-available") if each != "config-supported"]
        draft.open(("update", "mode"), "mode-not-modelled", f"update mode {mode}", policies=policies)
    life["mode"] = mode
    draft.lines["life", "mode"] = draft.line(("update", "mode"))
    each_boot = truth(told.get("validate_primary_each_boot"))
    for link in chain:
        if link.program != "mcuboot" or link.name not in draft.native["chain"]:
            continue
        at = ("chain", link.name)
        if any(entry.get("verified_by") == link.name for entry in draft.native["chain"].values()):
            draft.put((*at, "mode"), mode if placed else _installed(draft, mode, [link]), ("update", "mode"))
            if placed:
                draft.put((*at, "revert"), says(text, "revert"), ("update", "mode"))
            if each_boot is not None:
                draft.put((*at, "validate_primary"), each_boot, ("update", "validate_primary_each_boot"))


def _starts_in_place(draft: Draft, chain: list[Link]) -> bool:
    """Whether one program lies in the slots that MCUboot starts from, and MCUboot has no update of its own."""
    entries = draft.native["chain"]
    loaders = [entries[link.name] for link in chain if link.program == "mcuboot" and link.name in entries]
    names = {link.name for link in chain if link.program == "mcuboot"}
    started = [entry for entry in entries.values() if entry.get("verified_by") in names]
    alone = all("staging" not in entry and "slots" not in entry for entry in loaders)
    return alone and len(started) == 1 and "staging" in started[0] and "parts" not in started[0]


def _installed(draft: Draft, mode: str, loaders: list[Link]) -> str:
    """The mode of the chain's MCUboot: the one that is told, or the one whose moves come next to it."""
    if mode == "swap-scratch" and scratch_among(draft.native.get("partitions", ())) is not None:
        return mode
    if mode == "swap-offset" and not any("staging" in draft.native["chain"][link.name] for link in loaders):
        return mode  # where MCUboot finds an update of its own then, no document tells
    return INSTALLED.get(mode, "overwrite")


def _rules(draft: Draft, told: dict[str, Any], life: dict[str, Any], chain: list[Link]) -> None:
    text = str(told.get("downgrade", ""))
    if not text:
        draft.open(
            ("update",),
            "no-downgrade-rule-told",
            "whether a rule against older images is configured",
            policies=["no-downgrade"],
        )
        return
    if says(text, r"^\s*(none|no|off|disabled|false)\s*$"):
        draft.put(("life", "rules"), [], ("update", "downgrade"))
        _put_enforcement(draft, [], chain)
        return
    rules = [_rule(draft, part.strip(), chain) for part in text.split(" + ")]
    life["rules"] = rules
    draft.lines["life", "rules"] = draft.line(("update", "downgrade"))
    _put_enforcement(draft, rules, chain)


def _rule(draft: Draft, text: str, chain: list[Link]) -> dict[str, Any]:
    by = "unknown"
    for name, pattern in (
        ("nsib", r"hw-nsib|nsib.*counter|counter.*nsib|monotonic.*(b0|nsib)"),
        ("mcuboot", r"hw-mcuboot|mcuboot.*counter|hardware.*mcuboot|\bhw\b|hardware counter"),
        ("security-counter", "security[- ]counter"),
        ("version", r"\bsw\b|version|software"),
    ):
        if says(text, pattern):
            by = name
            break
    plain = re.sub(rf"\d+[\w\s-]*\bplanned\b|{SOME_RELEASES}", " ", text, flags=re.IGNORECASE)
    if CONDITIONS.intersection(words(plain)):
        by = "unknown"
    rule: dict[str, Any] = {"by": by}
    if by == "unknown":
        draft.open(("update", "downgrade"), "unread-rule", f"rule `{text}` against older images", policies=OF_UPDATES)
    aimed = re.search(r"\bfor (?:the )?([\w+-]+)", plain)
    names = [link.name for link in chain]
    if aimed:
        word = aimed[1]
        rule["image"] = (
            word if word in names else next((name for name in reversed(names) if word in re.split(r"[+_-]", name)), "")
        )
        if not rule["image"]:
            main = [link.name for link in chain if link.program == "application"]
            rule["image"] = main[-1] if main and says(word, "^app|^image|^firmware") else ""
    told = (
        ("slots", number_before(text, "slots?")),
        ("booted", number_before(text, r"releases?\s+(?:were\s+|have\s+been\s+)?booted")),
        ("planned", number_before(text, r"releases?\s+(?:are\s+)?planned")),
    )
    rule.update({key: value for key, value in told if value is not None})
    if says(text, "every release|each release|each with a higher|all releases"):
        rule["every_release"] = True
    elif says(text, SOME_RELEASES):
        rule["every_release"] = False
    return rule


def _put_enforcement(draft: Draft, rules: list[dict[str, Any]], chain: list[Link]) -> None:
    """NSIB's counter and MCUboot's comparison of versions, as the native chain says them."""
    for link in chain:
        if link.name not in draft.native["chain"]:
            continue
        at = ("chain", link.name)
        if link.program == "nsib":
            counting = [rule for rule in rules if rule["by"] == "nsib"]
            draft.put((*at, "counter"), bool(counting), ("update", "downgrade"))
            if any(rule.get("booted", 0) > rule.get("slots", rule.get("booted", 0)) for rule in counting):
                # More releases than slots were booted: told as one slot for two releases, in the same order.
                draft.put((*at, "counter_slots"), 1, ("update", "downgrade"))
        starts = any(entry.get("verified_by") == link.name for entry in draft.native["chain"].values())
        if link.program == "mcuboot" and starts and any(rule["by"] == "version" for rule in rules):
            draft.put((*at, "downgrade"), "version", ("update", "downgrade"))
            if truth((draft.design.get("update") or {}).get("compare_build_number")):
                draft.put((*at, "compare_build"), True, ("update", "compare_build_number"))
        if link.program == "mcuboot" and starts:
            counting = [rule for rule in rules if rule["by"] == "mcuboot"]
            if counting and all(rule.get("every_release") for rule in counting):
                draft.put((*at, "security_counter"), True, ("update", "downgrade"))


def _recovery(draft: Draft, told: dict[str, Any]) -> None:
    if "serial_recovery" not in told:
        return
    text = str(told["serial_recovery"])
    value = truth(told["serial_recovery"])
    seen = read(
        text,
        PORTS,
        "uart usb cdc acm button pin gpio entry entrance entered held pressed reset start power-up through via over"
        " serial port wait-for-dfu boot mode mcumgr smp",
    )
    said = set(seen.values) - {"port"}
    if value is False:
        word = "absent"
    elif value is True:
        word = "open"
    elif not seen.rest and seen.values and len(said) <= 1:
        word = next(iter(said), "open")
    else:
        policies = ["update-recoverable", "bootable", "no-downgrade", "authentic-only", "update-available"]
        draft.open(("update", "serial_recovery"), "unread-recovery", f"serial_recovery `{text}`", policies=policies)
        return
    draft.put(("life", "recovery"), word, ("update", "serial_recovery"))


def _factory_and_request(draft: Draft, told: dict[str, Any]) -> None:
    if "factory_image" in told:
        text = str(told["factory_image"])
        wrapped = says(text, r"\b(with|has|carries)\b[^,]*encrypt|^encrypted|encrypted in the update format")
        lacking = says(text, r"\b(no|not|without|lacks?|missing|unencrypted|never)\b")
        if wrapped and not lacking:
            draft.put(("life", "factory_image"), "encryptable", ("update", "factory_image"))
        elif (lacking and says(text, "encrypt|metadata")) or says(
            text, r"^signed( only)?$|^plain$|^signed, (plain|in clear)"
        ):
            draft.put(("life", "factory_image"), "signed", ("update", "factory_image"))
        else:
            draft.open(
                ("update", "factory_image"),
                "unread-factory-image",
                f"factory image `{text}`",
                policies=["image-confidential"],
            )
    if "upgrade_request" in told:
        text = str(told["upgrade_request"])
        # Who asks for a test has the application confirm it later.
        later = says(text, r"test\b.*\bconfirm\w* (by|once|when|after|later|itself)|confirms (itself|later)")
        good = says(text, "perm|for good|confirm") and not later
        if good != says(text, r"\btest") and not says(text, r"\b(not|never|no|un)"):
            draft.put(("life", "request"), "permanent" if good else "test", ("update", "upgrade_request"))
        else:
            draft.open(
                ("update", "upgrade_request"), "unread-request", f"upgrade request `{text}`", policies=["no-downgrade"]
            )


def _story(draft: Draft, told: dict[str, Any], chain: list[Link]) -> None:
    versions = []
    for each in told.get("releases") or [] if isinstance(told.get("releases"), list) else []:
        found = re.match(r"\s*v?(\d+)\.(\d+)(?:\.(\d+))?(?:\+(\d+))?", str(each))
        if found:
            versions.append([int(number or 0) for number in found.groups()])
        else:
            draft.open(("update", "releases"), "unread-version", f"release `{each}`", policies=["no-downgrade"])
        if says(each, r"\bnot encrypted|unencrypted|\bclear|\bplain|(without|no|before) encryption"):
            draft.put(("life", "clear_release"), True, ("update", "releases"))
    if versions:
        draft.put(("life", "releases"), versions, ("update", "releases"))
        _versions(draft, versions)
    if "deployed" in told:
        _deployed(draft, str(told["deployed"]), chain)
    if "event" in told:
        text = str(told["event"])
        if says(text, "crash|hangs|does not (start|run)|broken|faulty", "release|image|version"):
            draft.put(("life", "event"), "crashing-release", ("update", "event"))
        elif says(text, "variant|s0|s1", "upload|sent|deliver|install|staged|slot in use|wrong"):
            draft.put(("life", "event"), "wrong-variant", ("update", "event"))
        else:
            policies = [*OF_UPDATES, "functional", "anchor-available"]
            draft.open(("update", "event"), "unread-event", f"event: {text}", policies=policies)


def _versions(draft: Draft, versions: list[list[int]]) -> None:
    """The releases that are told of are those of the image that MCUboot starts, where it is one."""
    started = [
        name
        for name, entry in draft.native["chain"].items()
        if draft.native["chain"].get(entry.get("verified_by", ""), {}).get("program") == "mcuboot"
    ]
    if len(started) == 1 and 2 <= len(versions) <= MOST_RELEASES:
        draft.put(("chain", started[0], "versions"), versions, ("update", "releases"))
        draft.put(("releases",), len(versions), ("update", "releases"))


def _deployed(draft: Draft, text: str, chain: list[Link]) -> None:
    image = next((link.name for link in chain if link.name in words(text)), None)
    version = re.search(r"version\s+(\d+)", text)
    key = _key_of(draft, text, image)
    if image is None or not key:
        draft.open(("update", "deployed"), "unread-deployed", f"deployed: {text}", policies=OF_UPDATES)
        return
    booted = says(text, "boot|running|runs|started") and not says(text, r"not (yet )?(been )?(boot|run|start)|never")
    value = {"image": image, "version": int(version[1]) if version else None, "key": key, "booted": booted}
    draft.put(("life", "deployed"), value, ("update", "deployed"))


def _key_of(draft: Draft, text: str, image: str | None) -> str:
    """The key that something deployed was made with: by name, by letter (`key c`), or by number of generation."""
    told = [key for key in draft.design.get("keys") or [] if isinstance(key, dict)]
    names = [
        str(key.get("name"))
        for key in told
        if says(key.get("used_for", ""), "verif") and image in words(str(key.get("used_for")))
    ]
    named = next((name for name in names if name.lower() in words(text)), None)
    if named is not None:
        return named
    number = re.search(r"\b(?:generation|gen)\s*(\d)\b", text, re.IGNORECASE)
    if number:
        return names[int(number[1])] if int(number[1]) < len(names) else ""
    letter = re.search(r"\bkey\s+([\w-]+)", text, re.IGNORECASE)
    return letter[1] if letter else ""
