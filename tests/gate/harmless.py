"""Refactorings that change nothing that counts: a seeded generator of design files that mean the same as a base."""

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from bootverify.sources.document import parse_written
from bootverify.sources.written import Written
from tests.gate.bases import BASES, base

Plain = dict[str, Any]
SIZES = ("at", "size")
NAMES = ("keep", "area_7", "legacy data", "part.b", "user-data", "x1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmless:
    """A base and the same design written otherwise."""

    name: str
    base: str
    new: Written

    @property
    def old(self) -> Written:
        """The design before."""
        return base(self.base)


def harmless(count: int) -> Iterator[Harmless]:
    """The first `count` refactorings; each base in turn, one to three moves each, then written down in some style."""
    names = list(BASES)
    for number in range(count):
        rng = random.Random(number)
        on = names[number % len(names)]
        plain = deepcopy(base(on).plain)
        first = list(MOVES)[number // len(names) % len(MOVES)]
        done = [move for move in (first, *rng.sample(list(MOVES), rng.randrange(3))) if MOVES[move](plain, rng)]
        text = "".join(_written(plain, rng))
        told = ", ".join(dict.fromkeys(done)) or "written in another style"
        yield Harmless(name=f"{number}: {told} on {on}", base=on, new=parse_written(text, f"harmless-{number}.yaml"))


# -- moves: each edits the document in place and says whether it did


def rename_storage(plain: Plain, rng: random.Random) -> bool:
    """A partition that no tool knows by name gets another one; who refers to it follows."""
    old = next((name for name in plain["partitions"] if "storage" in name), None)
    if old is None:
        return False
    _rename_partition(plain, old, f"{rng.choice(NAMES)}_storage")
    return True


def rename_to_devicetree(plain: Plain, _: random.Random) -> bool:
    """The names that the Partition Manager gives become those of the devicetree."""
    there = {
        "b0": "b0_partition",
        "s0": "s0_partition",
        "s1": "s1_partition",
        "mcuboot": "boot_partition",
        "mcuboot_primary": "slot0_partition",
        "mcuboot_secondary": "slot1_partition",
        "provision": "provision_partition",
        "tfm": "slot0_s_partition",
    }
    known = [name for name in there if name in plain["partitions"]]
    for name in known:
        _rename_partition(plain, name, there[name])
    return bool(known)


def rename_key(plain: Plain, rng: random.Random) -> bool:
    """A key is called otherwise."""
    old = rng.choice(list(plain["keys"]))
    plain["keys"] = {(f"{old}.v2" if name == old else name): value for name, value in plain["keys"].items()}
    return True


def rename_image(plain: Plain, _: random.Random) -> bool:
    """The application's image is called otherwise."""
    old = list(plain["chain"])[-1]
    new = "firmware"
    plain["chain"] = {(new if name == old else name): value for name, value in plain["chain"].items()}
    for key in plain["keys"].values():
        for use in ("verifies", "signs", "decrypts"):
            if key.get(use) == old:
                key[use] = new
        place = key["placement"]
        if isinstance(place, dict) and place.get("image") == old:
            place["image"] = new
    return True


def reorder(plain: Plain, rng: random.Random) -> bool:
    """Partitions and keys stand in another order, entries too."""
    for section in ("partitions", "keys"):
        items = list(plain[section].items())
        rng.shuffle(items)
        plain[section] = {name: dict(rng.sample(list(entry.items()), len(entry))) for name, entry in items}
    return True


def say_defaults(plain: Plain, rng: random.Random) -> bool:
    """What was left to the default is written down."""
    for entry in plain["partitions"].values():
        if "memory" not in entry and "span" not in entry and rng.random() < 0.5:
            entry["memory"] = "internal"
    for image in plain["chain"].values():
        for span in image.get("protects", ()):
            span.setdefault("deny", ["write"])
            span.setdefault("lock", "until_reset")
    plain.setdefault("releases", 2)
    return True


def say_spans(plain: Plain, _: random.Random) -> bool:
    """A span states the start and size that its members give it."""
    parts = plain["partitions"]
    changed = False
    for entry in parts.values():
        members = [parts[name] for name in entry.get("span", ())]
        if members and all("at" in each for each in members) and "at" not in entry:
            entry["at"] = min(each["at"] for each in members)
            entry["size"] = max(each["at"] + each["size"] for each in members) - entry["at"]
            changed = True
    return changed


def say_ends(plain: Plain, rng: random.Random) -> bool:
    """Some partitions state where they end, too."""
    for entry in plain["partitions"].values():
        if "span" not in entry and rng.random() < 0.5:
            entry["end"] = entry["at"] + entry["size"]
    return True


def new_title(plain: Plain, rng: random.Random) -> bool:
    """Name and title are for people."""
    plain["name"], plain["title"] = f"product-{rng.randrange(100)}", "the same device, described anew"
    return True


def patch_release(plain: Plain, _: random.Random) -> bool:
    """A patch release of the SDK in which the facts are the same."""
    if not plain["sdk"]:
        return False
    parts = str(plain["sdk"]).split(".")
    plain["sdk"] = ".".join([*parts[:2], str(int(parts[2] if len(parts) > 2 else "0") + 1)])
    return True


def move_storage(plain: Plain, _: random.Random) -> bool:
    """Storage that nothing depends on moves into free space, and what was free there moves back."""
    parts = plain["partitions"]
    if "EMPTY_0" in parts:
        free, used = parts["EMPTY_0"], parts[next(name for name in parts if "storage" in name)]
        start = min(free["at"], used["at"])
        first, second = (used, free) if free["at"] < used["at"] else (free, used)
        first["at"], second["at"] = start, start + first["size"]
        for entry in (first, second):
            entry.pop("end", None)
        return True
    outside = [entry for name, entry in parts.items() if entry.get("memory") == "external" and "storage" in name]
    for entry in outside:
        entry["at"] += 0x10000
        entry.pop("end", None)
    return bool(outside)


def split_storage(plain: Plain, _: random.Random) -> bool:
    """A storage partition is divided into two."""
    parts = plain["partitions"]
    name = next((name for name in parts if "storage" in name), None)
    if name is None or parts[name]["size"] < 0x4000:
        return False
    entry = parts[name]
    half = entry["size"] // 2
    if half % 0x4000 and entry.get("attribution"):
        return False
    entry.pop("end", None)
    parts[f"more_{name}"] = {**entry, "at": entry["at"] + half, "size": entry["size"] - half}
    entry["size"] = half
    return True


def for_the_reader(plain: Plain, rng: random.Random) -> bool:
    """What a partition holds is said for people."""
    plain["partitions"][rng.choice(list(plain["partitions"]))]["holds"] = "see the wiki: page 7"
    return True


MOVES: dict[str, Callable[[Plain, random.Random], bool]] = {
    "renamed storage": rename_storage,
    "devicetree names": rename_to_devicetree,
    "renamed key": rename_key,
    "renamed image": rename_image,
    "another order": reorder,
    "defaults said": say_defaults,
    "spans said": say_spans,
    "ends said": say_ends,
    "another title": new_title,
    "patch release": patch_release,
    "moved storage": move_storage,
    "split storage": split_storage,
    "words for the reader": for_the_reader,
}


def _rename_partition(plain: Plain, old: str, new: str) -> None:
    plain["partitions"] = {(new if name == old else name): entry for name, entry in plain["partitions"].items()}
    for entry in plain["partitions"].values():
        if "span" in entry:
            entry["span"] = [new if name == old else name for name in entry["span"]]
    for image in plain["chain"].values():
        for field in ("slot", "staging", "provision"):
            if image.get(field) == old:
                image[field] = new
        if "slots" in image:
            image["slots"] = [new if name == old else name for name in image["slots"]]
        for part in image.get("parts", {}).values():
            if part["code"] == old:
                part["code"] = new
    for key in plain["keys"].values():
        place = key["placement"]
        if isinstance(place, dict) and place.get("partition") == old:
            place["partition"] = new


# -- writing it down


def _written(plain: Plain, rng: random.Random) -> Iterator[str]:
    """The document as YAML, in blocks, with comments, numbers in any form."""
    indent = rng.choice((2, 3, 4))
    for key, value in plain.items():
        if rng.random() < 0.2:
            yield "\n# moved here last week\n"
        yield from _entry(key, value, 0, indent, rng)


def _entry(key: str, value: Any, depth: int, indent: int, rng: random.Random) -> Iterator[str]:
    room, note = " " * indent * depth, rng.choice(("", "", "", "   # as agreed"))
    name = f'"{key}"' if rng.random() < 0.1 or not key.replace("_", "").replace("-", "").isalnum() else key
    if isinstance(value, dict) and value and (depth == 0 or rng.random() < 0.5):
        yield f"{room}{name}:{note}\n"
        for inner, below in value.items():
            yield from _entry(inner, below, depth + 1, indent, rng)
    else:
        yield f"{room}{name}: {_flow(value, key, rng)}{note}\n"


def _flow(value: Any, key: str, rng: random.Random) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}": {_flow(inner, name, rng)}' for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(inner, key, rng) for inner in value) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int):
        forms = [hex(value), str(value), f"0x{value:08X}"]
        if key in SIZES and value and value % 1024 == 0:
            forms += [f"{value // 1024}K", f'"{value // 1024} KiB"']
        return rng.choice(forms)
    return f'"{value}"'
