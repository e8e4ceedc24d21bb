"""Every build of MCUboot that configuration and bytes allow, and what all of them do."""

from collections.abc import Hashable, Sequence

from bootverify.dataclass import dataclass
from bootverify.executor.crypto import EnvelopeScheme, Scheme
from bootverify.executor.flash import Flash
from bootverify.executor.making.image_format import SHA256, SHA384, SHA512
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.boot import BootResult, boot_go
from bootverify.executor.mcuboot.config import (
    BootConfig,
    Digest,
    Downgrade,
    Encryption,
    Mode,
    Options,
    Pair,
    before_change_1597,
)
from bootverify.executor.mcuboot.header import ImageHeader
from bootverify.executor.mcuboot.trailer import TrailerLayout
from bootverify.executor.programmed.board import Board, Slots, twin_of
from bootverify.executor.programmed.choices import tried
from bootverify.executor.programmed.slots import tlv_types
from bootverify.executor.programmed.story import Teller, by

MODES = {
    "overwrite": Mode.OVERWRITE,
    "swap-move": Mode.SWAP_MOVE,
    "swap-offset": Mode.SWAP_OFFSET,
    "swap-scratch": Mode.SWAP_SCRATCH,
    "direct-xip": Mode.DIRECT_XIP,
    "single-slot": Mode.SINGLE_SLOT,
    "firmware-updater": Mode.FIRMWARE_LOADER,
}
DIGESTS = {"sha256": Digest.SHA256, "sha384": Digest.SHA384, "sha512": Digest.SHA512}
_TLV_DIGESTS = {SHA256: Digest.SHA256, SHA384: Digest.SHA384, SHA512: Digest.SHA512}


@dataclass(slots=True)
class Builds:
    """Every build of MCUboot that configuration and bytes allow."""

    board: Board
    teller: Teller
    slots: Slots
    header: ImageHeader
    scheme: Scheme | None
    public_keys: tuple[bytes, ...]

    def agreed(self) -> tuple[BootResult, BootConfig]:
        """What all of them do, on the device; `Ended` where they differ."""
        axes: dict[str, Sequence[object]] = {
            "its upgrade mode": self._modes(),
            "whether it verifies the primary slot": self._validates(),
            "whether its firmware loader starts where there is no application": self._instead(),
        }

        def end_of(mode: Mode, validate: bool, instead: bool) -> Hashable:
            config = self._config(mode, validate=validate, instead=instead, on=self._copies())
            return _end(boot_go(config), config, lasting=self.board.lasting)

        if self.board.settled or all(len(values) == 1 for values in axes.values()):
            return self._first()
        found = tried(axes, end_of)
        if not found.agree:
            raise self.teller.open(f"what it starts depends on {' and '.join(found.deciding)}, and nothing tells")
        if found.untold:
            self.teller.not_told(f"MCUboot: {', '.join(found.untold)}; every choice that is possible ends alike")
        return self._first()

    def _first(self) -> tuple[BootResult, BootConfig]:
        values = (self._modes()[0], self._validates()[0], self._instead()[0])
        config = self._config(values[0], validate=values[1], instead=values[2], on=self.slots)
        return boot_go(config), config

    def some(self) -> BootConfig:
        """One of them: for what does not depend on the rest, such as whether a staged image would be accepted."""
        return self._config(self._modes()[0], validate=True, instead=True, on=self.slots)

    def _instead(self) -> list[bool]:
        told = self.board.firmware.loader
        if told.mode is None or MODES.get(str(told.mode.value)) is not Mode.FIRMWARE_LOADER:
            return [False]
        return [bool(told.loader_instead.value)] if told.loader_instead is not None else [True, False]

    def _modes(self) -> list[Mode]:
        told = self.board.firmware.loader.mode
        if not self.slots.known:
            return [Mode.SINGLE_SLOT] if self.slots.secondary is None else [Mode.SINGLE_SLOT, Mode.DIRECT_XIP]
        if told is not None:
            mode = MODES.get(str(told.value))
            if mode is None:
                raise self.teller.open(f"its mode is {told.value}{by(told)}, which is not followed here")
            if (
                mode in {Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.OVERWRITE, Mode.DIRECT_XIP}
                and self.slots.secondary is None
            ):
                raise self.teller.open(f"its mode is {told.value}{by(told)}, and the map has no secondary slot")
            if mode is Mode.SWAP_SCRATCH and self.slots.scratch is None:
                raise self.teller.open(f"its mode is {told.value}{by(told)}, and the map has no scratch partition")
            return [mode]
        if self.slots.secondary is None:
            return [Mode.SINGLE_SLOT]
        found = [Mode.OVERWRITE, Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.DIRECT_XIP, Mode.SINGLE_SLOT]
        return [*found, Mode.SWAP_SCRATCH] if self.slots.scratch is not None else found

    def _validates(self) -> list[bool]:
        told = self.board.firmware.loader.validate
        if self.board.firmware.loader.hardware_counter and self.board.firmware.loader.hardware_counter.value:
            self.teller.not_told("MCUboot: the security counter that the device has stored; taken to be 0")
        return [bool(told.value)] if told is not None else [True, False]

    def _copies(self) -> Slots:
        twins: dict[int, Flash] = {}

        def twin(area: Area | None) -> Area | None:
            if area is None:
                return None
            flash = twins.setdefault(id(area.flash), twin_of(area.flash))
            return Area(flash, area.start, area.size)

        primary = twin(self.slots.primary)
        assert primary is not None
        return Slots(
            primary=primary, secondary=twin(self.slots.secondary), scratch=twin(self.slots.scratch), known=True
        )

    def _config(self, mode: Mode, *, validate: bool, instead: bool, on: Slots) -> BootConfig:
        options = self.board.firmware.loader
        second = on.secondary if on.secondary is not None and mode is not Mode.SINGLE_SLOT else on.primary
        offset, encryption = mode is Mode.SWAP_OFFSET, self._encryption()
        return BootConfig(
            mode=mode,
            images=(Pair(on.primary, second),),
            trailer=TrailerLayout(
                entries=max(on.primary.sectors, second.sectors),
                states=2 if offset else 3,
                saved_key=encryption.saved_size if encryption is not None else 0,
                swap_offset=offset,
            ),
            signature=self.scheme,
            public_keys=self.public_keys,
            digest=self._digest(),
            scratch=on.scratch,
            encryption=encryption,
            options=Options(
                validate_primary=validate,
                overwrite_fast=True,
                downgrade=Downgrade.VERSION if options.downgrade and options.downgrade.value else Downgrade.OFF,
                hw_rollback=bool(options.hardware_counter and options.hardware_counter.value),
                pure=bool(options.pure and options.pure.value),
                full_key=bool(options.full_key and options.full_key.value),
                loader_instead=instead,
                loader_asked=self.board.loader_asked,
                last_sector_unknown=before_change_1597(self.board.firmware.design.sdk),
            ),
        )

    def _encryption(self) -> Encryption | None:
        """A build that takes encrypted images starts one that keeps its flag; here it has nothing to open.

        What lies in the primary slot is in clear, whatever the flag says (ncs-boot 2.6).
        """
        if self.board.opener is not None:
            return self.board.opener
        told = self.board.firmware.loader.encrypted
        if told is None and self.header.found and self.header.encrypted:
            self.teller.not_told("MCUboot: whether it takes encrypted images; the image in its slot was one")
        elif told is None or not told.value:
            return None
        return Encryption(scheme=EnvelopeScheme.ECIES_P256, secret=bytes(32))

    def _digest(self) -> Digest:
        """As its configuration says; else the one that the image carries, which is said."""
        told = self.board.firmware.loader.digest
        if told is not None:
            return DIGESTS[str(told.value)]
        carried = [_TLV_DIGESTS[kind] for kind in tlv_types(self.header, self.slots.primary) if kind in _TLV_DIGESTS]
        found = carried[0] if self.header.found and carried else Digest.SHA256
        if found is not Digest.SHA256:
            self.teller.not_told(f"MCUboot: its digest; taken to be the image's, {found.algorithm}")
        return found


def _end(result: BootResult, config: BootConfig, *, lasting: bool) -> Hashable:
    """What has to agree: the outcome, what starts, and what the primary slot holds afterwards; `lasting`: each slot."""
    starts = tuple((image.slot, image.address) for image in result.images)
    pair = config.images[0]
    areas = [pair.primary, *([pair.secondary, *([config.scratch] if config.scratch else [])] if lasting else [])]
    return (result.outcome, starts, *(area.read(0, area.size) for area in areas))
