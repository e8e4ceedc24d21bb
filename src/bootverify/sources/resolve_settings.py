"""Settings, artifacts and contradictions as written to the design's; what the chain says needs no second word."""

from bootverify.design.artifact import Artifact, Contradiction
from bootverify.design.boot import BootGo, EncryptionType, Image, Program, Protect, Stage
from bootverify.design.design import Lifecycle
from bootverify.design.openpoint import APPROTECT_UNKNOWN, OpenPoint
from bootverify.design.protection import Attribution
from bootverify.design.settings import Settings, Told
from bootverify.sources.schema import LifecycleEntry
from bootverify.sources.schema_settings import ArtifactEntry, ContradictionEntry, SettingsEntry
from bootverify.sources.written import Written


def resolved_settings(
    entry: SettingsEntry,
    written: Written,
    images: tuple[Image, ...],
    stages: tuple[Stage, ...],
    life: LifecycleEntry | None,
) -> Settings:
    """What the `settings` say, and for the rest what chain and life cycle say."""
    told: dict[str, Told | None] = dict.fromkeys(SettingsEntry.model_fields)
    told |= _of_chain(images, stages)
    if life is not None:
        places = {"approtect": "debug_closed", "secure_approtect": "secure_debug_closed"}
        for key, name in places.items():
            value = getattr(life, key)
            told[name] = None if value is None else Told(value=value, source=written.source(("lifecycle", key)))
    for name in SettingsEntry.model_fields:
        value = getattr(entry, name)
        if value is not None:
            told[name] = Told(value=value, source=written.source(("settings", name)))
    return Settings(**told)


def resolved_lifecycle(entry: LifecycleEntry | None, written: Written) -> tuple[Lifecycle, tuple[OpenPoint, ...]]:
    """Debug protection; where nothing tells, the port counts as open and the open point says so."""
    source = written.source(("lifecycle",))
    if entry is None:
        return Lifecycle(approtect=False, secure_approtect=False, eraseprotect=False, source=source), ()
    open_points: tuple[OpenPoint, ...] = ()
    if entry.approtect is None or entry.secure_approtect is None:
        statement = "nothing in the input tells whether the debug port is closed"
        open_points = (OpenPoint(name=APPROTECT_UNKNOWN, statement=statement, source=source),)
    life = Lifecycle(
        approtect=bool(entry.approtect),
        secure_approtect=bool(entry.secure_approtect),
        eraseprotect=entry.eraseprotect,
        flash_patch=bool(entry.flash_patch),
        source=source,
    )
    return life, open_points


def resolved_artifacts(entries: dict[str, ArtifactEntry], written: Written) -> tuple[Artifact, ...]:
    """The signed images of the build."""
    return tuple(
        Artifact(
            name=name,
            at=entry.at,
            size=entry.size,
            key=entry.key or "",
            version=entry.version,
            encrypted=entry.encrypted,
            source=written.source(("artifacts", name)),
        )
        for name, entry in entries.items()
    )


def resolved_contradictions(entries: list[ContradictionEntry], written: Written) -> tuple[Contradiction, ...]:
    """What the input says twice, differently."""
    return tuple(
        Contradiction(topic=entry.topic, text=entry.text, source=written.source(("contradictions", i)))
        for i, entry in enumerate(entries)
    )


def _of_chain(images: tuple[Image, ...], stages: tuple[Stage, ...]) -> dict[str, Told | None]:
    told: dict[str, Told | None] = {}
    staged = [image for image in images if image.updatable]
    if staged:
        clear = [image for image in staged if image.encryption is EncryptionType.NONE]
        told["updates_encrypted"] = Told(value=not clear, source=(clear or staged)[0].source)
    boot = [stage for stage in stages if stage.program in {Program.NSIB, Program.MCUBOOT}]
    if stages:
        told["bootloader"] = Told(value=bool(boot), source=stages[0].source)
    for stage in (each for each in boot if each.steps):  # of a part without a model no steps are known
        for step in stage.steps:
            if isinstance(step, BootGo):
                told["update_mode"] = Told(value=step.mode.value, source=step.source)
                told["downgrade_prevention"] = Told(value=step.prevent_downgrade, source=step.source)
        locks = [step for step in stage.steps if isinstance(step, Protect)]
        told["protects_itself"] = Told(value=bool(locks), source=locks[0].source if locks else stage.source)
    if stages and stages[-1].program is Program.APPLICATION:
        outside = stages[-1].attribution is Attribution.NON_SECURE
        told["non_secure_application"] = Told(value=outside, source=stages[-1].attribution_source)
    return told
