"""What the attacker has seen: bytes read on the device, packages read off the net, and what follows from them.

A secret counts as known when every byte of its value was read (halves add up); see SEMANTICS, "Knowledge".
"""

from dataclasses import field

from bootverify.dataclass import dataclass


@dataclass(slots=True)
class Knowledge:
    """The bytes of each secret that the attacker has, by key name; and what he has seen stores hold, by store.

    `parts` are those of which he has read some code in clear, by image and stage: of images whose updates keep it.
    `image_keys` are those that he has read where a swap keeps them.
    """

    values: dict[str, bytes]
    seen: dict[str, set[int]] = field(default_factory=dict)
    stores: dict[str, frozenset[bytes]] = field(default_factory=dict)
    parts: frozenset[tuple[str, str]] = frozenset()
    image_keys: frozenset[bytes] = frozenset()

    def read(self, data: bytes) -> tuple[str, ...]:
        """Note what of each secret stands in `data`; the names of the keys that became known by it."""
        learned = []
        for name, value in self.values.items():
            if not self.knows(name) and value in data:
                self.seen[name] = set(range(len(value)))
                learned.append(name)
        return tuple(learned)

    def read_at(self, name: str, indices: set[int]) -> bool:
        """Note single bytes of one secret; whether it became known by them."""
        before = self.knows(name)
        self.seen.setdefault(name, set()).update(indices)
        return self.knows(name) and not before

    def learn(self, name: str) -> bool:
        """Note the whole value of one secret; whether that is news."""
        return self.read_at(name, set(range(len(self.values[name]))))

    def knows(self, name: str) -> bool:
        """Whether the whole value is in his hands."""
        return name in self.values and len(self.seen.get(name, ())) == len(self.values[name])

    def value(self, name: str) -> bytes:
        """The value of a key he knows; asking for another is a mistake of the caller."""
        assert self.knows(name), name
        return self.values[name]

    def see(self, store: str, held: bytes) -> None:
        """Note all bytes that a store holds, or would hold."""
        self.stores[store] = self.stores.get(store, frozenset()) | {held}

    def copy(self) -> "Knowledge":
        """An independent copy."""
        seen = {name: set(each) for name, each in self.seen.items()}
        return Knowledge(self.values, seen, dict(self.stores), self.parts, self.image_keys)
