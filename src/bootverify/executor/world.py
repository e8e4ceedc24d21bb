"""A device, the vendor's publications around it, and what the attacker has learned: all that a trace changes."""

from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker
from bootverify.design.boot import Image
from bootverify.design.design import Design
from bootverify.design.keys import InKmu, Key
from bootverify.executor.crypto import PrivateKey
from bootverify.executor.device import Device
from bootverify.executor.flash import Journal
from bootverify.executor.knowledge import Knowledge
from bootverify.executor.making.factory import Factory
from bootverify.executor.making.forger import HIS_KEY
from bootverify.executor.making.owner_build import Package
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.units.kmu_v2 import KmuV2, SlotState
from bootverify.machine.observation import Receipt


class NotEnabled(Exception):  # noqa: N818 - an outcome of trying an action, not an error of the program
    """The action cannot happen in this state; the text says why."""


@dataclass(slots=True)
class World:
    """The state that actions act on.

    `published` holds the update packages that are in everybody's hands, by image, release and slot.
    `spent` counts the lasting writes of the last step that was taken.
    `kept` holds the latest release of each image that was booted and kept; None: nobody watches.
    `begun`: something has happened since the device left production.
    `receipt` is that of the upload which the last action was, if it was one.
    `used` names the keys that the attacker made the device use for him; `log` what the last action showed. A `journal`
    gets every lasting write of the steps. `mode` is how MCUboot upgrades where that is another than its step says;
    `revert`: it takes back what nobody confirmed also where it starts images from two slots.
    """

    design: Design
    attacker: Attacker
    factory: Factory
    device: Device
    knowledge: Knowledge
    published: dict[tuple[str, int, str], Package] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    spent: int = 0
    journal: Journal | None = None
    mode: Mode | None = None
    revert: bool = False
    kept: dict[str, int] | None = None
    begun: bool = False
    receipt: Receipt | None = None

    @classmethod
    def start(cls, design: Design, attacker: Attacker, *, history: bool = False) -> "World":
        """A device fresh from production, at its first mark, and an attacker who knows what is public."""
        factory = Factory.of(design)
        knowledge = Knowledge({key.name: factory.value(key) for key in design.keys if key.secret})
        for key in design.keys:
            if key.secret and key.published:
                knowledge.learn(key.name)
        return cls(design, attacker, factory, factory.device(), knowledge, kept={} if history else None)

    def his_keys(self, image: Image) -> tuple[bytes, ...]:
        """Keys of the attacker's that the verifier of `image` finds in KMU slots that took another value."""
        scheme = self.factory.signing_key(image.name).scheme
        filled = (key for key in self.design.keys if key.fillable and self.filled(key))
        uses = [use for key in filled for use in key.uses if use.image == image.name]
        return (PrivateKey(scheme, HIS_KEY).public,) if uses else ()

    def filled(self, key: Key) -> bool:
        """Whether the KMU slots of a key hold something that production did not put there."""
        kmu = self.device.kmu
        slots = [slot for place in key.placements if isinstance(place, InKmu) for slot in place.slots]
        left = b"" if key.empty else self.factory.slot_value(key)
        return isinstance(kmu, KmuV2) and any(
            kmu.state(slot) is SlotState.PROVISIONED and kmu.slots[slot].value not in left for slot in slots
        )

    def value(self, key: Key) -> bytes:
        """The bytes of the key's value."""
        return self.factory.value(key)

    def copy(self) -> "World":
        """An independent copy to experiment on; packages and images are shared, they never change."""
        return World(
            self.design,
            self.attacker,
            self.factory,
            self.device.twin(),
            self.knowledge.copy(),
            dict(self.published),
            set(self.used),
            [],
            mode=self.mode,
            revert=self.revert,
            kept=None if self.kept is None else dict(self.kept),
            begun=self.begun,
        )
