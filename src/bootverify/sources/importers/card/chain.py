"""The chain of a card as native images: which program each stage is, its slots, its locks."""

from typing import Any

from bootverify.dataclass import dataclass
from bootverify.sources.importers.card.draft import Draft
from bootverify.sources.importers.card.map import Map
from bootverify.sources.importers.card.words import read, says, words

# What is verified and what hides an image, by phrase.
SIGNATURES = {
    "ecdsa-p256": "ecdsa-p256",
    "ecdsa": "ecdsa-p256",
    "ecdsa-p384": "ecdsa-p384",
    "p-256": "ecdsa-p256",
    "ed25519": "ed25519",
    "eddsa": "ed25519",
    "rsa-2048": "rsa-2048",
    "rsa-3072": "rsa-3072",
    "rsa": "rsa-2048",
    "none": "none",
    "no": "none",
    "unsigned": "none",
    "hash": "none",
    "digest": "none",
    "hash only": "none",
    "digest only": "none",
    "sha-256 only": "none",
    "sha256 only": "none",
    "sha-256": "none",
    "sha256": "none",
    "checksum": "none",
    "crc": "none",
}
WRAPS = {
    "ecies-p256": "ecies-p256",
    "ecies-x25519": "ecies-x25519",
    "rsa-oaep-2048": "rsa-oaep",
    "rsa-oaep": "rsa-oaep",
    "aes-kw": "aes-kw",
    "aes key-wrap": "aes-kw",
    "aes key wrap": "aes-kw",
    "none": "none",
    "no": "none",
    "off": "none",
    "plain": "none",
}
SILENT_SIGNATURE = "pure checked app core application sha-512 sha512 pss signature"
SILENT_WRAP = "128 256 2048 transit staging slot slots update updates while and aes aes-128 aes-256 ctr rsa"
SHIPPED = r"over the air|ota\b|fota|dfu|updat|upgrad"
NOT_SHIPPED = (
    r"debug probe|probe only|\bnot? (updat|upgrad)|never|immutable|read-only|\brom\b|\b(cannot|can't|without|isn't)\b"
    r"|\bno (longer|field|ota|dfu|firmware|over)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One stage of the card: `program` is nsib, mcuboot, application, tfm, b0n, network or empty when unread."""

    index: int
    name: str
    program: str
    told: dict[str, Any]

    @property
    def at(self) -> tuple[str, int]:
        """Where the card tells it, below `design`."""
        return "chain", self.index

    @property
    def shipped(self) -> bool:
        """Whether its releases travel as updates."""
        text = self.told.get("mutability", "")
        return says(text, SHIPPED) and not says(text, NOT_SHIPPED)

    @property
    def second_core(self) -> bool:
        """Whether it runs on the network core."""
        return self.program in {"b0n", "network"}


def links(draft: Draft) -> list[Link]:
    """The stages in order; a program that cannot be told is entered as an open point."""
    found = []
    for index, told in enumerate(draft.design.get("chain") or []):
        name = str(told.get("stage", f"stage{index}"))
        program = _program(name, str(told.get("role", "")), str(told.get("runs_as", "")), index)
        link = Link(index=index, name=name, program=program, told=told)
        if not program:
            text = f"stage `{name}`: role `{told.get('role', '')}` names no program that is modelled"
            draft.open(link.at, "unread-stage", text)
        found.append(link)
    return found


def _program(name: str, role: str, runs_as: str, index: int) -> str:
    text = f"{name} {role}"
    network = says(role, r"network[- ]core|radio core|\bnet core") or says(name, r"^b0n|^net[_-]|^ipc_radio|^hci_")
    if network:
        return "b0n" if says(text, r"first stage|b0n|bootloader") else "network"
    if says(text, r"nsib|\bb0\b|secure immutable bootloader") and not says(name, "mcuboot"):
        return "nsib"
    if says(name, "mcuboot") or (says(role, "mcuboot") and not says(role, "application")):
        return "mcuboot"
    if says(role, "second stage|bootloader"):
        return "mcuboot"
    if says(name, "^tf-?m$|^spm$") or says(runs_as, r"^spe$"):
        return "tfm"
    if says(role, "application|^app|image|firmware") or says(name, "app"):
        return "application"
    return "mcuboot" if index == 0 and says(role, "first stage") else ""


def has_tfm(draft: Draft, chain: list[Link]) -> bool:
    """Whether TF-M separates two worlds; contradicting places are entered."""
    told = (draft.design.get("protection") or {}).get("tfm")
    absent = told is None or told is False or says(told, "^absent|^none|^no\\b|^not ")
    if isinstance(told, dict):
        absent = told.get("present") is False
    for link in chain:
        runs = str(link.told.get("runs_as", ""))
        wanted = says(runs, r"nspe|\bspe\b|with tf-?m|non-secure") and not says(runs, r"\(no tf-?m")
        denied = says(runs, r"no tf-?m|no trustzone|without tf-?m|m4")
        if (wanted and absent) or (denied and not absent and not link.second_core):
            text = f"stage `{link.name}` runs as `{runs}`, but protection.tfm is `{told}`: both cannot be"
            draft.open((*link.at, "runs_as"), "contradicting-tfm", text, contradiction=True)
    return not absent


def put_image(draft: Draft, link: Link, chain: list[Link], map_: Map, *, tfm: bool) -> None:
    """Write the native image of one stage of the application core."""
    name = link.name
    at = ("chain", name)
    draft.put(at, {}, link.at)
    parts = _parts(draft, link, map_) if link.program == "application" and tfm else None
    if parts:
        draft.put((*at, "parts"), parts, (*link.at, "runs_as"))
    else:
        draft.put((*at, "program"), link.program, link.at)
        if link.program == "application" and says(link.told.get("runs_as"), "secure") and not tfm:
            draft.put((*at, "attribution"), "secure", (*link.at, "runs_as"))
    _put_slots(draft, link, map_, parts)
    if link.program == "nsib":
        _put_page(draft, link, map_)
    _put_trust(draft, link, chain)
    installer = any(each.program == "mcuboot" for each in chain)
    # A first stage is updated by nothing that is modelled; that something does is told by its mutability alone.
    root = not [each for each in chain[: chain.index(link)] if not each.second_core]
    staging = map_.staging(link.name, link.program) if installer and not root else None
    if link.shipped:
        if staging is None:
            draft.note(link.at, f"no partition stages updates of `{name}`: they are taken by wire at most")
            draft.put((*at, "update"), "by_wire", (*link.at, "mutability"))
        else:
            draft.put((*at, "staging"), staging, (*link.at, "mutability"))
            draft.put((*at, "update"), "over_the_air", (*link.at, "mutability"))
    elif not says(link.told.get("mutability", ""), NOT_SHIPPED):
        draft.open(
            (*link.at, "mutability"), "unread-mutability", f"mutability `{link.told.get('mutability')}` of `{name}`"
        )
    for key in ("capabilities", "linked_for", "lock_set"):
        if key in link.told:
            draft.note((*link.at, key), f"{key} of `{name}`: {link.told[key]} (for the reader)")
    slots = (*map_.slots(name, link.program), *([staging] if staging else []))
    outside = [each for each in slots if map_.external(each)]
    if says(link.told.get("signature"), r"\bpure\b") and outside:
        text = f"a pure signature of `{name}` with `{outside[0]}` outside the chip, which the build refuses"
        at_signature = (*link.at, "signature")
        draft.open(at_signature, "pure-outside", text, policies=["config-supported"], contradiction=True)
    known = {"stage", "role", "mutability", "verified_by", "signature", "encrypted", "decryptor", "runs_as"}
    for key in sorted(set(link.told) - known - {"capabilities", "linked_for", "lock_set"}):
        draft.open((*link.at, key), "unread-stage-field", f"`{key}: {link.told[key]}` of stage `{name}`")


def _put_page(draft: Draft, link: Link, map_: Map) -> None:
    """NSIB's key hashes in flash; a part without OTP words has no other place for them."""
    page = map_.provision()
    soc = draft.soc()
    if page is None and soc.otp is None:
        draft.open(link.at, "no-provision-page", f"the map does not say where the key hashes of `{link.name}` lie")
        page = map_.invented(f"{link.name} keys")
    if page is not None:
        draft.put(("chain", link.name, "provision"), page, map_.at)


def _put_slots(draft: Draft, link: Link, map_: Map, parts: dict[str, Any] | None) -> None:
    at = ("chain", link.name)
    if parts:
        slot = map_.span_over([part["code"] for part in parts.values()], f"{link.name}_slot")
        draft.put((*at, "slot"), slot, link.at)
        return
    slots = map_.slots(link.name, link.program)
    if not slots:
        outside = map_.outside(link.name)
        text = f"no partition holds `{link.name}`; the map names none"
        if outside is not None:
            text = f"`{link.name}` is fetched from `{outside}`, outside the chip: code there has no model yet"
        draft.open(link.at, "no-slot", text)
        slots = [map_.invented(link.name)]
    if len(slots) > 1:
        draft.put((*at, "slots"), slots, link.at)
    else:
        draft.put((*at, "slot"), slots[0], link.at)


def _put_trust(draft: Draft, link: Link, chain: list[Link]) -> None:
    at = ("chain", link.name)
    told = link.told
    names = [each.name for each in chain]
    verifier = read(told.get("verified_by", "none"), {name: name for name in names}, "delegated own key signature")
    by = next(iter(verifier.values), None)
    if by and verifier.doubtful:
        text = f"verified_by `{told.get('verified_by')}` of `{link.name}`"
        draft.open((*link.at, "verified_by"), "conditional-verification", text)
    earlier = [each.name for each in chain[: chain.index(link)] if not each.second_core]
    first = not earlier
    if by and not first:
        draft.put((*at, "verified_by"), by, (*link.at, "verified_by"))
    elif not first:
        draft.put((*at, "verified_by"), earlier[-1], link.at)
        text = f"nothing verifies `{link.name}` (`{told.get('verified_by')}`); the stage before it is taken to start it"
        draft.open((*link.at, "verified_by"), "unverified-stage", text, policies=["authentic-only", "no-downgrade"])
    for key, native, table in (("signature", "signature", SIGNATURES), ("encrypted", "encryption", WRAPS)):
        text = str(told.get(key, "none"))
        if key == "signature" and key not in told and not first:
            draft.open(link.at, "no-signature-told", f"whether `{link.name}` is signed")
        seen = read(text, table, SILENT_SIGNATURE if key == "signature" else SILENT_WRAP)
        value = "none" if "none" in seen.values else (seen.first or "none")
        if seen.rest or not seen.values or ("none" in seen.values and len(set(seen.values)) > 1):
            draft.open((*link.at, key), f"unread-{native}", f"{native} `{text}` of `{link.name}`")
        if value != "none":
            draft.put((*at, native), value, (*link.at, key))
            if key == "encrypted" and "decryptor" in told:
                decryptor = next((word for word in words(told["decryptor"]) if word in names), None)
                if decryptor is None:
                    draft.open((*link.at, "decryptor"), "unread-decryptor", f"decryptor `{told['decryptor']}`")
                else:
                    draft.put((*at, "decryptor"), decryptor, (*link.at, "decryptor"))


def _parts(draft: Draft, link: Link, map_: Map) -> dict[str, Any] | None:
    """TF-M and application inside the one image, each with the partition of its code."""
    secure, open_side = map_.worlds(link.name)
    if secure is None or open_side is None:
        whole = map_.slots(link.name, "application")
        if not whole:
            return None
        secure, open_side = map_.halves(whole[0])
        draft.open(
            link.at,
            "no-world-boundary",
            f"the map does not say where the secure side of `{link.name}` ends",
            attackers=("app-code-ns",),
        )
    first, second = map_.parts
    application = second or (link.name if "+" not in link.name and link.name != first else "app")
    return {
        first: {"program": "tfm", "code": secure},
        application: {"program": "application", "code": open_side},
    }
