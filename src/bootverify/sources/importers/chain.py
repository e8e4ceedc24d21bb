"""The chain of a build: which image starts which, from its configuration and map; or why it cannot be drawn."""

from typing import Any

from bootverify.design.boot import FEW_COUNTER_SLOTS, UpgradeMode
from bootverify.design.openpoint import CHAIN_NOT_DRAWN, OTHER_CORE_NOT_DRAWN
from bootverify.design.protection import UnitKind
from bootverify.design.soc import FlashPatch
from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.importers.algorithms import encryption_type, signature_type
from bootverify.sources.importers.boot_locks import (
    Locks,
    NotDrawn,
    first_stage_locks,
    hardware_lock,
    own_rights,
    self_lock,
)
from bootverify.sources.importers.draft import Draft
from bootverify.sources.importers.kconfig import Kconfig, Symbol
from bootverify.sources.importers.linked import linked
from bootverify.sources.importers.project import Project
from bootverify.sources.importers.settings import closed, non_secure, update_mode
from bootverify.sources.models import load_soc
from bootverify.sources.roles import provision_among, scratch_among

# Boot stages by role and name, and how the application's configuration and sysbuild's say that it starts behind them.
WANTED = (
    ("mcuboot", "MCUboot", "CONFIG_BOOTLOADER_MCUBOOT", "SB_CONFIG_BOOTLOADER_MCUBOOT"),
    ("nsib", "NSIB", "CONFIG_SECURE_BOOT", "SB_CONFIG_SECURE_BOOT_APPCORE"),
)
# The first SDK release of which it is known that boot stages find partitions by devicetree (ncs-boot 0.1, 3.6)
_KNOWS_LABELS = (3, 3)


def put_chain(draft: Draft, project: Project) -> bool:
    """The images of the application core, first stage first; False, and a word in the ledger, if they are not drawn."""
    if project.fragments:
        return False
    missing = _without_application(project)
    if missing is not None:
        not_drawn(draft, project, *missing)
        return False
    attempt = _Chain(draft, project)
    try:
        attempt.draw()
    except NotDrawn as why:
        not_drawn(draft, project, why.source, str(why))
        return False
    for name in attempt.unused:
        words = f"`{name}` is drawn for a boot loader, and the application is linked over it"
        project.ledger.add(draft.origins["partitions", name], words)
        del draft.plain["partitions"][name]
    for path, value, sources in attempt.entries:
        draft.put(path, value, *sources)
    _put_lifecycle(draft, project, attempt.boot_region)
    other = project.image("other-core")
    if other is not None:
        words = "what the application core starts on another core is no part of the chain, and nothing is asked of it"
        project.ledger.add(Source(file=other.file), words)
        _open(draft, OTHER_CORE_NOT_DRAWN, words)
    return True


def _without_application(project: Project) -> tuple[Source, str] | None:
    """Where and why the application core's own program is not known; None where it is."""
    if "application" in project.images:
        return None
    other = project.image("other-core")
    if other is not None:
        return Source(file=other.file), "its program runs on another core, and how that is fed is not modelled"
    network = project.image("network")
    if network is not None:
        return Source(file=network.file), "its program is the network core's, which the application core starts"
    words = "no configuration of the application is here, to tell how images are verified, locked and updated"
    return Source(file=project.shown), words


def not_drawn(draft: Draft, project: Project, source: Source, why: str) -> None:
    """Leave out the chain that a build has: in the ledger, and as an open point, so that no answer looks complete."""
    project.ledger.add(source, f"the chain is not modelled, only the map is: {why}")
    _open(draft, CHAIN_NOT_DRAWN, why)


def _open(draft: Draft, name: str, why: str) -> None:
    """A gap in what is drawn, so that no answer looks complete."""
    point = {"name": name, "statement": why, "policies": ["config-supported"]}
    draft.plain.setdefault("open_points", []).append(point)


def _put_lifecycle(draft: Draft, project: Project, boot_region: tuple[int, Source] | None) -> None:
    port, secure = closed(project, "APPROTECT"), closed(project, "SECURE_APPROTECT")
    trustzone = project.soc is not None and load_soc(project.soc.name).trustzone
    sources = [told.source for told in (port, secure) if told is not None]
    draft.put(("lifecycle",), {}, *sources)
    if boot_region is not None:
        draft.put(("lifecycle", "boot_region"), *boot_region)
    draft.put(("lifecycle", "approtect"), None if port is None else port.value, *sources[:1])
    protected = (None if secure is None else secure.value) if trustzone else True
    draft.put(("lifecycle", "secure_approtect"), protected, *([secure.source] if secure else []))
    off = next(
        (found for config in project.images.values() if (found := config.on("CONFIG_DISABLE_FLASH_PATCH"))), None
    )
    if off is not None and project.soc is not None and load_soc(project.soc.name).flash_patch is FlashPatch.SWITCHABLE:
        draft.put(("lifecycle", "flash_patch"), False, off.source)  # a start-up that writes UICR.DEBUGCTRL, for good


class _Chain:
    """Collects entries, so that nothing is left behind when the chain turns out not to be expressible."""

    def __init__(self, draft: Draft, project: Project) -> None:
        self.draft = draft
        self.project = project
        self.partitions: dict[str, Any] = draft.plain.get("partitions", {})
        self.entries: list[tuple[tuple[str | int, ...], Any, list[Source]]] = []
        self.application = project.images["application"]
        self.soc = load_soc(project.soc.name if project.soc is not None else "")
        self.guard = self.soc.guard
        self.boot_region: tuple[int, Source] | None = None
        self.unused: tuple[str, ...] = ()

    def draw(self) -> None:
        nsib, mcuboot = self.project.image("nsib"), self.project.image("mcuboot")
        self._all_there()
        verified_by = None
        if nsib is not None:
            self._nsib(nsib, "mcuboot" if mcuboot is not None else "app")
            verified_by = "b0"
        if mcuboot is not None:
            self._mcuboot(mcuboot, verified_by)
            verified_by = "mcuboot"
        self._application(nsib, mcuboot, verified_by)

    def _all_there(self) -> None:
        """An image that is linked for a boot stage starts behind it, whether or not the stage was built here."""
        for role, name, own, of_sysbuild in WANTED:
            source = self.application.on(own) or (self.project.sysbuild and self.project.sysbuild.on(of_sysbuild))
            if source and self.project.image(role) is None:
                raise NotDrawn(source.source, f"it is built to start behind {name}, of which no configuration is here")
        loader = self.application.on("CONFIG_TFM_BL2")
        if loader is not None:
            raise NotDrawn(loader.source, "TF-M's own boot loader (BL2) starts it, which is not modelled")

    # -- stages

    def _nsib(self, config: Kconfig, starts: str) -> None:
        at = ("chain", "b0")
        slot = self._first("b0", "b0_image", "b0_partition")
        self._started_by_reset(slot)
        self._put(at, {"program": "nsib", "slot": slot}, Source(file=config.file, text="an image of NSIB"))
        counter = config.flag("CONFIG_SB_MONOTONIC_COUNTER")
        self._put((*at, "counter"), bool(counter and counter.value), *([counter.source] if counter else []))
        if self.guard.kind is UnitKind.RRAMC:
            own = self.partitions[slot]
            self.boot_region = hardware_lock(self.project, own["size"], self.guard)
            self._locks(at, first_stage_locks(config, self.guard, own))
        else:
            self._lock(at, config, [slot], self._provision(at))
        checked = config.flag("CONFIG_SB_VALIDATE_FW_SIGNATURE")
        if checked is not None and not checked.value:
            raise NotDrawn(checked.source, f"NSIB does not verify the signature of {starts}")

    def _provision(self, at: tuple[str, str]) -> str | None:
        """The page with NSIB's key hashes on parts without words for them; None where they lie in such words."""
        if self.soc.otp is not None:
            return None
        inside = (name for name, entry in self.partitions.items() if entry.get("memory", "internal") == "internal")
        page = provision_among(inside)
        if page is None:
            raise NotDrawn(Source(file=self.project.shown), f"no page of {self.soc.name} holds what NSIB reads first")
        self._put((*at, "provision"), page, self._place(page))
        return page

    def _mcuboot(self, config: Kconfig, verified_by: str | None) -> None:
        at = ("chain", "mcuboot")
        source = Source(file=config.file, text="an image of MCUboot")
        self._put(at, {"program": "mcuboot"}, source)
        if verified_by is None:
            own = [self._first("mcuboot", "boot_partition")]
            self._started_by_reset(own[0])
            self._put((*at, "slot"), own[0], self._place(own[0]))
        else:
            own = [self._first("s0", "s0_partition"), self._first("s1", "s1_partition")]
            self._put((*at, "slots"), own, *(self._place(name) for name in own))
            self._put((*at, "verified_by"), verified_by, source)
            self._put((*at, "signature"), "ecdsa-p256" if self._ecdsa_nsib() else "ed25519", source)
        mode = update_mode(self.project)
        modes = [value.value for value in UpgradeMode]
        if mode is None or mode.value not in modes:
            said = "its update mode is not told" if mode is None else f"its update mode is {mode.value}"
            raise NotDrawn(mode.source if mode is not None else source, said)
        if mode.value == UpgradeMode.SWAP_SCRATCH.value and scratch_among(self.partitions) is None:
            raise NotDrawn(mode.source, "it swaps using scratch, and the map has no scratch area")
        staging = self._staging() if verified_by is not None else None
        way = UpgradeMode(mode.value)
        if (way is UpgradeMode.SWAP_OFFSET or way.in_place) and staging is not None:
            raise NotDrawn(mode.source, f"no document tells where it finds an update of its own with {way.value}")
        self._put((*at, "mode"), mode.value, mode.source)
        if way.in_place:
            self._in_place(at, config, way, mode.source)
        checked = config.flag("CONFIG_BOOT_VALIDATE_SLOT0")
        if checked is None:
            raise NotDrawn(source, "nothing tells whether the primary slot is verified at boot")
        self._put((*at, "validate_primary"), checked.value, checked.source)
        software = config.flag("CONFIG_MCUBOOT_DOWNGRADE_PREVENTION")
        hardware = config.on("CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION")
        if hardware is not None:
            self._counter(at, config, hardware)
        if software is not None:
            self._put((*at, "downgrade"), "version" if software.value else "none", software.source)
        self._lock(at, config, own)
        if staging is not None:
            self._put((*at, "staging"), staging, self._place(staging))
            self._put((*at, "update"), "over_the_air", self._place(staging))

    def _counter(self, at: tuple[str, str], config: Kconfig, hardware: Symbol) -> None:
        """The security counter in hardware; its room only where the releases that are looked at could fill it."""
        self._put((*at, "security_counter"), True, hardware.source)
        slots = config.symbol("CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION_COUNTER_SLOTS")
        if slots is not None and slots.value.isdecimal() and int(slots.value) <= FEW_COUNTER_SLOTS:
            self._put((*at, "counter_slots"), int(slots.value), slots.source)
            limited = config.flag("CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION_COUNTER_LIMITED")
            if limited is not None:
                self._put((*at, "counter_full"), "refuses" if limited.value else "stops", limited.source)

    def _in_place(self, at: tuple[str, str], config: Kconfig, mode: UpgradeMode, source: Source) -> None:
        """Whether it reverts (the option for ram-load came in 2025), and that it starts one program from two slots."""
        outside = non_secure(self.project)
        if outside is not None and outside.value:
            raise NotDrawn(
                source, f"no document says where the parts of an image lie in the second slot of {mode.value}"
            )
        if self._staging() is None:
            raise NotDrawn(source, f"it starts images with {mode.value}, and the map has no second slot")
        direct = mode is UpgradeMode.DIRECT_XIP
        told = config.flag("CONFIG_BOOT_DIRECT_XIP_REVERT" if direct else "CONFIG_BOOT_RAM_LOAD_REVERT")
        if told is None and direct:
            raise NotDrawn(source, "nothing tells whether it reverts images that are not confirmed")
        if told is not None:
            self._put((*at, "revert"), told.value, told.source)

    def _application(self, nsib: Kconfig | None, mcuboot: Kconfig | None, verified_by: str | None) -> None:
        outside = non_secure(self.project)
        manager = self._manager() if outside is not None and outside.value else ""
        at = ("chain", f"{manager}+app" if manager else "app")
        source = Source(file=self.application.file, text="the application image")
        if manager and outside is not None:
            inner, outer = self._sides(manager, alone=mcuboot is None and nsib is None)
            parts = {manager: {"program": manager, "code": inner}, "app": {"program": "application", "code": outer}}
            self._put(at, {"parts": parts}, outside.source)
        else:
            self._put(at, {"program": "application"}, source)
            self._put((*at, "attribution"), "secure", *([outside.source] if outside else [source]))
        if mcuboot is not None:
            slot = self._first("mcuboot_primary", "slot0_partition")
        elif nsib is not None:
            self._put((*at, "slots"), [self._first("s0"), self._first("s1")])
            slot = ""
        else:
            slot = self._whole(manager)
        if slot:
            self._put((*at, "slot"), slot, self._place(slot))
        if verified_by is None:
            self._started_by_reset(slot)
            return
        self._put((*at, "verified_by"), verified_by, source)
        self._signed(at, mcuboot)
        if mcuboot is not None and (staging := self._staging()) is not None:
            self._put((*at, "staging"), staging, self._place(staging))
            self._put((*at, "update"), "over_the_air", self._place(staging))
        elif mcuboot is not None and (wire := mcuboot.on("CONFIG_MCUBOOT_SERIAL")) is not None:
            self._put((*at, "update"), "by_wire", wire.source)

    def _signed(self, at: tuple[str, str], mcuboot: Kconfig | None) -> None:
        if mcuboot is None:
            self._put((*at, "signature"), "ecdsa-p256" if self._ecdsa_nsib() else "ed25519")
            return
        found = signature_type(mcuboot)
        if found is None:
            raise NotDrawn(Source(file=mcuboot.file), "nothing tells how MCUboot verifies images")
        self._put((*at, "signature"), found.value, found.source)
        self._encrypted(at, mcuboot, str(found.value))

    def _encrypted(self, at: tuple[str, str], mcuboot: Kconfig, signature: str) -> None:
        found = encryption_type(mcuboot, signature)
        if found is None:
            return
        if not found.value:
            raise NotDrawn(found.source, f"nothing tells how image keys travel beside the signature type {signature}")
        self._put((*at, "encryption"), found.value, found.source)
        self._put(("keys", "image_decryption"), {"kind": "private", "placement": {"image": "mcuboot"}}, found.source)
        self._put(("keys", "image_decryption", "decrypts"), at[1], found.source)

    # -- pieces

    def _lock(self, at: tuple[str, str], config: Kconfig, own: list[str], page: str | None = None) -> None:
        """What the image write-protects (ncs-boot 2.2): NSIB its own partition, MCUboot the span of its slots.

        A `page` with provision data NSIB locks once it has chosen, at hand-over (ncs-boot 1.5).
        """
        entries = [self.partitions[name] for name in own]
        instead = own_rights(config, "CONFIG_NCS_MCUBOOT_DISABLE_SELF_RWX", self.guard, entries)
        if instead is not None:
            self._locks(at, instead)
            return
        flag = self_lock(config)
        if flag is None:
            raise NotDrawn(Source(file=config.file), "nothing tells whether it write-protects itself")
        old = self.project.release is not None and self.project.release < _KNOWS_LABELS
        if flag.value and at[1] == "mcuboot" and self.project.trees and old:
            words = f"MCUboot of SDK {self.project.sdk} locks what the Partition Manager placed, and none ran"
            raise NotDrawn(flag.source, words)
        if not flag.value:
            self._put((*at, "protects"), [], flag.source)
            return
        start = min(self.partitions[name]["at"] for name in own)
        end = max(self.partitions[name]["at"] + self.partitions[name]["size"] for name in own)
        granule = self.guard.granule
        places = [self._place(name) for name in own]
        primary = next((name for name in ("mcuboot_primary", "slot0_partition") if name in self.partitions), None)
        if len(own) > 1 and primary is not None and self.partitions[primary]["at"] >= end:
            end = self.partitions[primary]["at"]
            places.append(self._place(primary))
        elif at[1] == "mcuboot":
            end = start + -(-(end - start) // granule) * granule
        size = config.symbol("CONFIG_FPROTECT_BLOCK_SIZE")
        reasons = [flag.source, *places, *([size.source] if size is not None else [])]
        spans: list[dict[str, Any]] = [{"span": [start, end], "lock": "until_reset"}]
        if page is not None:
            data = self.partitions[page]
            end = data["at"] + data["size"]
            spans.append({"span": [data["at"], end], "lock": "until_reset", "when": "hand_over"})
            reasons.append(self._place(page))
        self._put((*at, "protects"), spans, *reasons)

    def _locks(self, at: tuple[str, str], locks: Locks) -> None:
        self._put((*at, "protects"), locks.protects, *locks.sources)

    def _manager(self) -> str:
        """Who separates the two sides: SPM where the build has its image and no TF-M, else TF-M."""
        spm = self.project.image("spm")
        if spm is None or "tfm" in self.partitions:
            return "tfm"
        if self.project.soc is not None and self.guard.kind is not UnitKind.SPU:
            raise NotDrawn(Source(file=spm.file), f"SPM needs an SPU, and {self.project.soc.name} has none")
        return "spm"

    def _sides(self, manager: str, *, alone: bool) -> list[str]:
        """The partitions of secure and non-secure code; upstream's devicetrees without a boot loader have own names."""
        inner = [manager, "slot0_s_partition", *(["slot0_partition"] if alone else [])]
        return [self._first(*inner), self._first("app", "slot0_ns_partition")]

    def _whole(self, manager: str) -> str:
        """The partition of an application that the reset vector starts."""
        if not manager:
            return self._linked() or self._first("app", "slot0_partition", "app_image")
        for name in ("app_image", "mcuboot_primary_app", "mcuboot_primary", "slot0_partition"):
            entry = self.partitions.get(name)
            if entry is not None and set(entry.get("span", ())) == {manager, "app"}:
                return name
        both = self._sides(manager, alone=True)
        inner, outer = (self.partitions[name] for name in both)
        if not self._secure_throughout(inner["at"] + inner["size"], outer["at"]):
            raise NotDrawn(self._place(both[1]), f"between `{both[0]}` and `{both[1]}` lies what belongs to neither")
        self._put(("partitions", "firmware"), {"span": both}, self._place(manager))
        self.partitions = {**self.partitions, "firmware": {"span": both}}
        return "firmware"

    def _linked(self) -> str:
        """The partition that a build without Partition Manager links its application into; empty where none is told."""
        found = linked(self.project, self.application, self.partitions, self.soc.flash)
        if found is None:
            return ""
        if found.place is not None:
            entry = {"at": found.place.start, "size": found.place.size}
            self._put(("partitions", found.name), entry, *found.sources)
            self.partitions = {**self.partitions, found.name: entry}
            self.unused = found.unused
        return found.name

    def _started_by_reset(self, slot: str) -> None:
        """A reset starts what lies where flash starts; with another program there, this is not the first one.

        Boards come with such programs: the loader of the nRF5 SDK, or one for UF2 files.
        """
        entry = self.partitions[slot]
        start = entry["at"] if "at" in entry else min(self.partitions[name]["at"] for name in entry["span"])
        first = self.soc.flash.start
        if start != first:
            words = f"a reset starts what lies at {first:#x}, which is no program of this build: `{slot}` is at"
            raise NotDrawn(self._place(slot), f"{words} {start:#x}")

    def _secure_throughout(self, start: int, end: int) -> bool:
        """Whether between the two sides lies nothing, or storage of the secure side's alone (TF-M's, on nRF54L).

        Who may write there may write the secure side's code too, as no stage before it locks either.
        """
        between = [
            name
            for name, entry in self.partitions.items()
            if not entry.get("span") and entry.get("memory", "internal") == "internal" and start <= entry["at"] < end
        ]
        secure = all(
            name.startswith("EMPTY") or self.partitions[name].get("attribution") == "secure" for name in between
        )
        return start == end or (bool(between) and secure)

    def _staging(self) -> str | None:
        """The slot for updates; one without a byte is there because the map must have it, and takes none.

        With a single slot what is drawn beside it is no slot of MCUboot's.
        """
        mode = update_mode(self.project)
        if mode is not None and mode.value == UpgradeMode.SINGLE_SLOT.value:
            return None
        found = [name for name in ("mcuboot_secondary", "slot1_partition") if name in self.partitions]
        return next((name for name in found if self.partitions[name].get("size") != 0), None)

    def _ecdsa_nsib(self) -> bool:
        config = self.project.image("nsib")
        return not (config is not None and config.on("CONFIG_SB_ED25519", "CONFIG_SB_CRYPTO_OBERON_ED25519"))

    def _first(self, *names: str) -> str:
        found = next((name for name in names if name in self.partitions), None)
        if found is None:
            raise NotDrawn(Source(file=self.project.shown), f"the map has no partition `{names[0]}`")
        return found

    def _place(self, name: str) -> Source:
        """Where the map says it; of a span that the map does not have, where its first member stands."""
        span = self.partitions.get(name, {}).get("span", ())
        if ("partitions", name) not in self.draft.origins and span:
            return self._place(span[0])
        return self.draft.origins.get(("partitions", name), Source(file=self.project.shown))

    def _put(self, path: tuple[str | int, ...], value: Any, *sources: Source) -> None:  # noqa: ANN401 - plain YAML data
        self.entries.append((path, value, list(sources)))


def soc_is_known(project: Project) -> bool:
    """Whether there is a model of the project's SoC."""
    if project.soc is None:
        return False
    try:
        load_soc(project.soc.name)
    except InputError:
        return False
    return True
