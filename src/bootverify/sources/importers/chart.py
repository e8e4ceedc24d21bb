"""A chain in the making: what its pieces share, and the entries that count once all of it can be drawn."""

from typing import Any

from bootverify.design.boot import UpgradeMode
from bootverify.design.source import Source
from bootverify.sources.importers.boot_locks import NotDrawn
from bootverify.sources.importers.draft import Draft
from bootverify.sources.importers.project import Project
from bootverify.sources.importers.settings import update_mode
from bootverify.sources.models import load_soc


class Chart:
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

    def put(self, path: tuple[str | int, ...], value: Any, *sources: Source) -> None:  # noqa: ANN401 - plain YAML data
        """Note an entry of the design at `path`, with the places of the input that say it."""
        self.entries.append((path, value, list(sources)))

    def first(self, *names: str) -> str:
        """The first of `names` that the map has.

        Raises:
            NotDrawn: it has none of them.
        """
        found = next((name for name in names if name in self.partitions), None)
        if found is None:
            raise NotDrawn(Source(file=self.project.shown), f"the map has no partition `{names[0]}`")
        return found

    def place(self, name: str) -> Source:
        """Where the map says it; of a span that the map does not have, where its first member stands."""
        span = self.partitions.get(name, {}).get("span", ())
        if ("partitions", name) not in self.draft.origins and span:
            return self.place(span[0])
        return self.draft.origins.get(("partitions", name), Source(file=self.project.shown))

    def started_by_reset(self, slot: str) -> None:
        """A reset starts what lies where flash starts; with another program there, this is not the first one.

        Boards come with such programs: the loader of the nRF5 SDK, or one for UF2 files.
        """
        entry = self.partitions[slot]
        start = entry["at"] if "at" in entry else min(self.partitions[name]["at"] for name in entry["span"])
        first = self.soc.flash.start
        if start != first:
            words = f"a reset starts what lies at {first:#x}, which is no program of this build: `{slot}` is at"
            raise NotDrawn(self.place(slot), f"{words} {start:#x}")

    def staging(self) -> str | None:
        """The slot for updates; one without a byte is there because the map must have it, and takes none.

        With a single slot what is drawn beside it is no slot of MCUboot's.
        """
        mode = update_mode(self.project)
        if mode is not None and mode.value == UpgradeMode.SINGLE_SLOT.value:
            return None
        found = [name for name in ("mcuboot_secondary", "slot1_partition") if name in self.partitions]
        return next((name for name in found if self.partitions[name].get("size") != 0), None)

    def nsib_signature(self) -> str:
        """What NSIB verifies images by."""
        config = self.project.image("nsib")
        ed25519 = config is not None and config.on("CONFIG_SB_ED25519", "CONFIG_SB_CRYPTO_OBERON_ED25519")
        return "ed25519" if ed25519 else "ecdsa-p256"
