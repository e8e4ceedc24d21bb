"""The partition map of a card: native partitions, and which of them the vendor's names make slots."""

from typing import Any

from bootverify.errors import InputError
from bootverify.sources.importers.card.draft import OF_ACCESS, Draft
from bootverify.sources.importers.card.words import number, read, says, words

REGIONS = {
    "internal": "internal",
    "external": "external",
    "uicr-otp": "uicr",
    "uicr": "uicr",
    "otp": "uicr",
    "sram": "sram",
    "ram": "sram",
    "network-core": "network",
    "network core": "network",
}
WORLDS = {"secure": "secure", "non-secure": "non_secure", "non_secure": "non_secure", "nonsecure": "non_secure"}
FIRST_SLOTS = ("mcuboot_primary", "slot0_partition", "slot0", "image-0", "app_image", "app", "application")
OWN_SLOTS = ("boot_partition", "mcuboot", "boot")
STAGED = r"secondary|staged|staging"  # what a staging slot is called where its name is not the vendor's
STAGINGS = ("mcuboot_secondary", "slot1_partition", "slot1", "image-1", "mcuboot_secondary_app")


class Map:
    """The entries of one map, put into the draft; spans are added as the chain asks for them."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        told = draft.design.get("partitions") or {}
        self.at: tuple[str | int, ...] = ("partitions", "entries")
        if "deployed" in told:
            self.at = ("partitions", "deployed", "entries")
        self.entries: dict[str, dict[str, Any]] = {}
        self.holds: dict[str, str] = {}
        self.mode = str((draft.design.get("update") or {}).get("mode", ""))
        for i, entry in enumerate((told.get("deployed") or told).get("entries") or []):
            name = str(entry.get("name", f"entry {i}"))
            self.entries[name] = self._entry(entry, (*self.at, i))
            self.holds[name] = str(entry.get("holds", ""))
            draft.put(("partitions", name), self.entries[name], (*self.at, i))
        proposed = told.get("proposed")
        for i, entry in enumerate((proposed or {}).get("entries") or [] if isinstance(proposed, dict) else []):
            at = ("partitions", "proposed", "entries", i)
            draft.put(("proposed", str(entry.get("name", f"entry {i}"))), self._entry(entry, at), at)
        self.parts = ("tfm", "")
        self._taken: dict[str, str] = {}
        self._containers()

    def provision(self) -> str | None:
        """The flash partition that holds NSIB's key hashes, on parts without OTP words."""
        inside = [name for name, entry in self.entries.items() if entry["memory"] == "internal"]
        named = [name for name in inside if says(name, "provision")]
        holding = [name for name in inside if says(self.holds[name], "key hash|provision")]
        return next(iter((*named, *holding)), None)

    def _entry(self, entry: dict[str, Any], at: tuple[str | int, ...]) -> dict[str, Any]:
        draft = self.draft
        found: dict[str, Any] = {"at": number(entry.get("at")), "size": number(entry.get("size"))}
        if lacking := [key for key, value in found.items() if value is None]:
            told = " and ".join(f"`{key}: {entry[key]}`" if key in entry else f"no `{key}`" for key in lacking)
            text = f"`{entry.get('name')}` has {told}; write a number such as 0x8000 or 32K"
            raise InputError.at(draft.written.file, draft.line(at), text)
        region = read(entry.get("region", "internal"), REGIONS, "flash memory qspi spi nor chip")
        if region.first is None:
            draft.open(
                at, "unread-region", f"region `{entry.get('region')}` of `{entry.get('name')}`", policies=OF_ACCESS
            )
        found["memory"] = region.first or "internal"
        if "world" in entry:
            world = read(entry["world"], WORLDS)
            if world.first is None:
                text = f"world `{entry['world']}` of `{entry.get('name')}`"
                draft.open(at, "unread-world", text, policies=["isolation-boundary", "functional"])
            else:
                found["attribution"] = world.first
        if "holds" in entry:
            found["holds"] = str(entry["holds"])
        for key in sorted(set(entry) - {"name", "at", "size", "region", "world", "holds"}):
            draft.open(at, "unread-partition-field", f"`{key}: {entry[key]}` of `{entry.get('name')}`")
        return found

    def _containers(self) -> None:
        """An entry that consists of others, end to end, is their span."""
        for name, entry in list(self.entries.items()):
            start, size = entry.get("at"), entry.get("size")
            if not isinstance(start, int) or not isinstance(size, int):
                continue
            inside = sorted(
                (other["at"], other["size"], each)
                for each, other in self.entries.items()
                if each != name
                and other["memory"] == entry["memory"]
                and isinstance(other.get("at"), int)
                and isinstance(other.get("size"), int)
                and start <= other["at"]
                and other["at"] + other["size"] <= start + size
                and (other["at"], other["size"]) != (start, size)
            )
            here = start
            for at, length, _ in inside:
                here = here + length if at == here else -1
            if len(inside) > 1 and here == start + size:
                self.draft.native["partitions"][name] = {"span": [each for _, _, each in inside]}

    # -- what the vendor's names mean

    def slots(self, stage: str, program: str) -> list[str]:
        """The partition or partitions that `stage` is started from; empty when the map has none."""
        if program == "mcuboot":
            pair = [self._padded(name) for name in self._variants(stage)]
            if len(pair) == 2:
                return pair
        if program in {"mcuboot", "nsib", ""}:
            own = [name for name, held in self.holds.items() if words(held)[:1] == (stage,) and self._is_flash(name)]
            candidates = [stage, *own, f"{stage}_primary", *(OWN_SLOTS if program == "mcuboot" else ("b0",))]
        else:
            own = [name for name, held in self.holds.items() if stage in words(held) and self._is_flash(name)]
            candidates = [stage, *own, *FIRST_SLOTS]
        for name in candidates:
            if self._taken.get(name, stage) != stage or name not in self.entries:
                continue
            loaded = program not in {"mcuboot", "nsib"} and says(self.mode, r"\bram[- ]?load")
            if self.entries[name]["memory"] == "internal" or (loaded and self._is_flash(name)):
                self._taken[name] = stage
                return [self._padded(name)]
            if name in {stage, *own}:
                break
        return []

    def _is_flash(self, name: str) -> bool:
        """Whether code may lie there: words of the UICR that hold counters for a stage are no slot of it."""
        return self.entries[name].get("memory") in {"internal", "external"}

    def external(self, name: str) -> bool:
        """Whether the map has `name` outside the chip."""
        return self.entries.get(name, {}).get("memory") == "external"

    def outside(self, stage: str) -> str | None:
        """The partition outside the chip that `stage` is fetched from, by its name or what it is said to hold."""
        for name, entry in self.entries.items():
            named = name == stage or stage in words(self.holds[name])
            if named and entry["memory"] == "external" and not says(name, "second|staging|scratch|slot1"):
                return name
        return None

    def _variants(self, stage: str) -> list[str]:
        for names in (("s0", "s1"), ("s0_image", "s1_image"), ("s0_partition", "s1_partition")):
            named = {word for name in names if name in self.holds for word in words(self.holds[name])[:1]}
            if all(name in self.entries for name in names) and named <= {stage}:
                return list(names)
        held = [name for name, text in self.holds.items() if words(text)[:1] == (stage,) and self._is_flash(name)]
        return held if len(held) == 2 else []

    def staging(self, stage: str, program: str) -> str | None:
        """The partition in which an update of `stage` waits."""
        for name in (f"{stage}_secondary", *STAGINGS):
            if name in self.entries and (program != "nsib"):
                return name
        told = [name for name in self.entries if self._is_flash(name) and says(f"{name} {self.holds[name]}", STAGED)]
        return told[0] if len(told) == 1 and program != "nsib" else None

    def worlds(self, stage: str) -> tuple[str | None, str | None]:
        """The code partitions of the secure and the non-secure part of the image `stage`."""
        internal = [name for name, entry in self.entries.items() if entry["memory"] == "internal"]
        secure = [name for name in internal if self.entries[name].get("attribution") == "secure"]
        open_side = [name for name in internal if self.entries[name].get("attribution") == "non_secure"]
        names = [*words(stage), "app", "slot0_ns_partition", "app_image"]
        ours = next((name for name in names if name in open_side), None)
        theirs = next(
            (name for name in ("tfm", "tfm_secure", "slot0_partition", "spm", "slot0_s_partition") if name in secure),
            None,
        )
        return theirs, ours

    def name_worlds(self, secure: str, open_side: str) -> None:
        """Remember what two stages that are one image are called."""
        self.parts = (secure, open_side)

    def halves(self, name: str) -> tuple[str, str]:
        """Two parts of `name`, for a map that does not say where one ends and the other starts."""
        table = self.draft.native["partitions"]
        members = [table[each] for each in table[name].get("span", [name])]
        at = members[0]["at"]
        size = members[-1]["at"] + members[-1]["size"] - at
        half = max(size // 2 // 0x8000 * 0x8000, 0x1000)
        parts = (f"{name}.secure", f"{name}.non_secure")
        line = self.draft.lines.get(("partitions", name), 0)
        table[parts[0]] = {"at": at, "size": half, "attribution": "secure"}
        table[parts[1]] = {"at": at + half, "size": size - half, "attribution": "non_secure"}
        table[name] = {"span": list(parts)}
        self.draft.lines.update({("partitions", part): line for part in parts})
        return parts

    def span_over(self, codes: list[str], wanted: str) -> str:
        """The slot that consists of `codes`, end to end, with the pad in front of the first."""
        first = self._pad_before(codes[0])
        members = [*([first] if first else []), *codes]
        for name, entry in self.draft.native["partitions"].items():
            if entry.get("span") == members:
                return str(name)
        return self._span(members, "mcuboot_primary" if "mcuboot_primary" not in self.entries else wanted)

    def invented(self, stage: str) -> str:
        """A partition for a stage that the map forgot, so that the rest can be read."""
        name = f"{stage} not in the map"
        end = max(
            (entry["at"] + entry["size"] for entry in self.entries.values() if entry["memory"] == "internal"), default=0
        )
        self.draft.put(("partitions", name), {"at": end, "size": 0x1000}, self.at)
        return name

    def _padded(self, name: str) -> str:
        pad = self._pad_before(name)
        if pad is None:
            return name
        short = name.removesuffix("_image")
        wanted = short if short != name else "mcuboot_primary"
        return self._span([pad, name], wanted)

    def _span(self, members: list[str], wanted: str) -> str:
        table = self.draft.native["partitions"]
        if len(members) == 1:
            return members[0]
        for name, entry in table.items():
            if entry.get("span") == members:
                return str(name)
        name = wanted if wanted not in table else f"{members[-1]}_slot"
        table[name] = {"span": members}
        self.draft.lines["partitions", name] = self.draft.lines.get(("partitions", members[0]), 0)
        return name

    def _pad_before(self, name: str) -> str | None:
        entry = self.entries.get(name) or self.draft.native["partitions"][name]
        for other, pad in self.entries.items():
            if (
                says(other, r"_pad$|header")
                and pad["memory"] == entry.get("memory", "internal")
                and pad["at"] + pad["size"] == entry["at"]
            ):
                return other
        return None
