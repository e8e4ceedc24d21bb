"""Which signing keys of two designs are one key: by fingerprint where both tell it, else by name.

A key pair may be drawn as its public half, its private half or both. Where names differ and no fingerprint tells,
nothing is known: the pair may have been renamed or exchanged.
"""

from collections.abc import Sequence
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.keys import Key, Purpose
from bootverify.design.source import NOWHERE, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One key pair as a design draws it."""

    public: str = ""
    private: str = ""
    prints: frozenset[str] = frozenset()
    source: Source = field(default=NOWHERE, compare=False)

    @property
    def name(self) -> str:
        """How reports call it."""
        return self.private or self.public


@dataclass(slots=True)
class Identities:
    """The key pairs of a fleet, image by image, each with a label that its makers go by.

    `doubts` are the pairs of which nobody can tell whether they are the same.
    """

    fleet: str
    known: dict[str, list[tuple[list[Pair], str]]] = field(default_factory=dict)
    doubts: dict[str, tuple[Pair, Pair]] = field(default_factory=dict)

    def labels(self, design: Design, image: str) -> tuple[str, tuple[str, ...]]:
        """The label of the pair that signs `image`, and of those that its verifier trusts."""
        pairs = drawn(design, image)
        if not pairs:
            first = self.known.get(image) or [([], self._fresh(image))]
            self.known[image] = first
            return first[0][1], (first[0][1],)
        named = [self._label(image, pair, pairs) for pair in pairs]
        trusted = tuple(label for pair, label in zip(pairs, named, strict=True) if pair.public) or tuple(named[:1])
        signing = [label for pair, label in zip(pairs, named, strict=True) if pair.private]
        return (signing or list(trusted))[0], trusted

    def _label(self, image: str, pair: Pair, among: Sequence[Pair]) -> str:
        known = self.known.setdefault(image, [])
        for seen, label in known:
            if any(same(pair, other) for other in seen):
                seen.append(pair)
                return label
        for seen, _ in known:
            unclear = [other for other in seen if same(pair, other) is None and not _coexist(other, among)]
            if unclear:
                self.doubts[image] = (unclear[-1], pair)
        label = self._fresh(image)
        known.append(([pair], label))
        return label

    def _fresh(self, image: str) -> str:
        number = len(self.known.get(image, ()))
        return f"{self.fleet}/signs/{image}" + (f"/{number}" if number else "")


def drawn(design: Design, image: str) -> tuple[Pair, ...]:
    """The key pairs that sign or verify `image`, the signing ones first."""
    signs = [key for key in design.keys if _has(key, Purpose.SIGN, image)]
    verifies = [key for key in design.keys if _has(key, Purpose.VERIFY, image) and not key.secret and not key.empty]
    found: list[Pair] = []
    for private in signs:
        half = _other_half(private, verifies, alone=len(signs) == 1 and len(verifies) == 1)
        if half is not None:
            verifies.remove(half)
        found.append(_pair(half, private))
    return tuple(found + [_pair(public, None) for public in verifies])


def same(one: Pair, other: Pair) -> bool | None:
    """Whether two pairs are one; None where nothing tells."""
    if one.prints and other.prints:
        return bool(one.prints & other.prints)
    halves = [(one.public, other.public), (one.private, other.private)]
    told = [mine == theirs for mine, theirs in halves if mine and theirs]
    return True if told and all(told) else None


def _coexist(pair: Pair, among: Sequence[Pair]) -> bool:
    """Whether the design that has other pairs has this one, too: then the others are not it."""
    return any(same(pair, other) for other in among)


def _pair(public: Key | None, private: Key | None) -> Pair:
    halves = [key for key in (private, public) if key is not None]
    return Pair(
        public=public.name if public is not None else "",
        private=private.name if private is not None else "",
        prints=frozenset(key.fingerprint for key in halves if key.fingerprint),
        source=halves[0].source,
    )


def _other_half(private: Key, verifies: Sequence[Key], *, alone: bool) -> Key | None:
    for public in verifies:
        printed = bool(private.fingerprint) and private.fingerprint == public.fingerprint
        if public.other_half == private.name or printed:
            return public
    return verifies[0] if alone and not verifies[0].other_half else None


def _has(key: Key, purpose: Purpose, image: str) -> bool:
    return any(use.purpose is purpose and use.image == image for use in key.uses)
