"""Where in a build some bytes lie: which partition, which image, how far into its payload, and what ships them.

The bytes decide, never a name: an address where the file has one; else the address at which the same payload stands in
a programming file, else the one that the image was linked for. A package's manifest is not signed and tells nothing.
"""

from collections.abc import Sequence
from typing import Any

from bootverify.dataclass import dataclass
from bootverify.secrets.pieces import Piece
from bootverify.secrets.place import Place
from bootverify.sources.importers.project import Project
from bootverify.sources.importers.symbols import symbol_at

NETWORK = 0x01000000  # where the application core's tools place the network core's flash (soc.md 1.1)
_HEAD = 256  # bytes of a payload by which its copy is recognised
_PAYLOADS = ("image payload", "decrypted payload")
_IMAGES = {"mcuboot": "mcuboot", "nsib": "b0"}
# what updates replace, and where they wait (ncs-boot 3; names of both kinds of map)
_SLOTS = (("s0", "s1"), ("s0_partition", "s1_partition"), ("mcuboot_primary", "mcuboot_secondary"),
          ("slot0_partition", "slot1_partition"))  # fmt: skip
_ROLES = {"mcuboot": "mcuboot", "b0": "nsib"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where a find lies: `partition` the innermost one, `image` that of the chain, each empty where none is told.

    `network` names the program of the network core instead. `offset` counts from the start of the image's payload, as a
    key's placement does. `address` is that on the device.
    """

    address: int | None = None
    partition: str = ""
    image: str = ""
    network: str = ""
    symbol: str = ""
    offset: int | None = None
    uicr: bool = False
    update: bool = False  # the file is an update, which everybody can download


class Locator:
    """Answers for one build, from the plain entries of its design document."""

    def __init__(self, plain: dict[str, Any], project: Project, pieces: Sequence[Piece]) -> None:
        self.parts: dict[str, dict[str, Any]] = plain.get("partitions", {})
        self.chain: dict[str, dict[str, Any]] = plain.get("chain", {})
        self.network: dict[str, dict[str, Any]] = plain.get("network", {})
        self.project = project
        self.addressed = [piece for piece in pieces if piece.address is not None]

    def where(self, piece: Piece, place: Place) -> Where:
        """Where the bytes of `place`, which lie in `piece`, are on the device."""
        at = place.offset - piece.offset
        start = next((each.start for each in piece.parts if each.name in _PAYLOADS and each.start <= at < each.end), -1)
        update = piece.address is None
        address = None if piece.address is None else piece.address + at
        if address is None and start >= 0 and (home := self._home(piece, start)) is not None:
            address = home + at - start
        if address is None:
            return Where(image=self._by_folder(piece.file), update=update, offset=at - start if start >= 0 else None)
        image, slot = self.image_at(address)
        if not image and start >= 0:
            image = self._staged_at(address)
        network = "" if image else self._network_at(address)
        role = "network" if network else _ROLES.get(image, "application")
        offset = None
        if image:
            offset = at - start if start >= 0 else max(address - self._extent(slot)[0], 0)
        return Where(
            address=address,
            partition=self.network[network]["partition"] if network else self.partition_at(address),
            image=image,
            network=network,
            symbol=symbol_at(address, self.project.symbol_files.get(role, [])),
            offset=offset,
            uicr=self._in_uicr(address),
            update=update,
        )

    def image_at(self, address: int) -> tuple[str, str]:
        """The image of the chain in one of whose slots the address lies, and that slot; empty when there is none."""
        for image, entry in self.chain.items():
            for slot in (entry.get("slot"), *(entry.get("slots") or ())):
                if slot and self._holds(slot, address):
                    return image, slot
        return "", ""

    def _network_at(self, address: int) -> str:
        """The program of the network core in whose partition the address lies; empty when there is none."""
        return next((name for name, entry in self.network.items() if self._holds(entry["partition"], address)), "")

    def in_slot(self, address: int) -> bool:
        """Whether updates are installed at the address, going by the map alone: a slot with another one for updates."""
        for slots in _SLOTS:
            if all(name in self.parts for name in slots) and any(self._holds(name, address) for name in slots):
                return True
        return False

    def _staged_at(self, address: int) -> str:
        """The image of which an update waits at the address; empty where none does."""
        staged = [name for name, entry in self.chain.items() if self._holds(entry.get("staging", ""), address)]
        return self.application() if self.application() in staged else next(iter(staged), "")

    def partition_at(self, address: int) -> str:
        """The innermost partition around the address; empty when there is none."""
        around = [name for name, entry in self.parts.items() if "at" in entry and self._holds(name, address)]
        return min(around, key=lambda name: (self.parts[name].get("size", 0), name), default="")

    def updatable(self, where: Where) -> bool:
        """Whether releases of the image there, or of the network core's program there, are shipped."""
        if where.network:
            return bool(self.network[where.network].get("updatable"))
        return str(self.chain.get(where.image, {}).get("update", "never")) != "never"

    def application(self) -> str:
        """The image that updates of unknown kind are taken for; empty when the chain has none."""
        return next((name for name in ("tfm+app", "spm+app", "app") if name in self.chain), "")

    def _home(self, piece: Piece, start: int) -> int | None:
        """The address of the payload that begins at `start` of a piece without addresses."""
        head = piece.data[start : start + _HEAD]
        for other in self.addressed if len(head) == _HEAD else ():
            found = other.data.find(head)
            if found >= 0 and other.address is not None:
                return other.address + found
        # a vector table begins with the stack pointer and the reset handler, an odd address inside the image (Armv8-M)
        handler = int.from_bytes(head[4:8], "little")
        if not handler & 1:
            return None
        image, slot = self.image_at(handler - 1)
        if not image:
            network = self._network_at(handler - 1)
            return self._extent(self.network[network]["partition"])[0] if network else None
        low, _ = self._extent(slot)
        verifier = self.chain[image].get("verified_by")
        return low + (start - self._header(piece, start) if verifier == "mcuboot" else 0)

    def _header(self, piece: Piece, start: int) -> int:
        return next((each.start for each in piece.parts if each.end == start), start)

    def _by_folder(self, file: str) -> str:
        """The image in whose own folder of the build the file was made; the application for any other update."""
        for role, image in _IMAGES.items():
            config = self.project.image(role)
            if config is not None and image in self.chain and file.startswith(config.file.removesuffix(".config")):
                return image
        return self.application()

    def _holds(self, name: str, address: int) -> bool:
        low, high = self._extent(name)
        return low <= address < high

    def _in_uicr(self, address: int) -> bool:
        inside = self.parts.get(self.partition_at(address), {})
        return inside.get("memory") == "uicr"

    def _extent(self, name: str, depth: int = 8) -> tuple[int, int]:
        """The addresses of a partition, that of a span being those of its members; empty for memories elsewhere."""
        entry = self.parts.get(name, {})
        if "at" in entry:
            memory = entry.get("memory", "internal")
            base = {"internal": 0, "uicr": 0, "network": NETWORK}.get(memory)
            if base is None:
                return 0, 0
            return base + entry["at"], base + entry["at"] + entry.get("size", 0)
        members = entry.get("span", ()) if depth else ()
        inner = [self._extent(each, depth - 1) for each in members if isinstance(each, str) and each != name]
        return min((low for low, _ in inner), default=0), max((high for _, high in inner), default=0)
