"""The chain as meant: the images, the programs in them, and the steps that each program takes."""

from collections.abc import Sequence

from bootverify.design.boot import (
    SEPARATORS,
    Begin,
    BootGo,
    ChooseSlot,
    EncryptionType,
    Image,
    Launch,
    Program,
    Run,
    SignatureType,
    Stage,
    Step,
)
from bootverify.design.protection import Attribution
from bootverify.sources.models import StageModel, load_stage
from bootverify.sources.resolve_context import Context
from bootverify.sources.resolve_map import in_flash
from bootverify.sources.resolve_modes import installing, places
from bootverify.sources.resolve_protection import EARLY, resolved_protects, resolved_trustzone
from bootverify.sources.resolve_rollback import mcuboot_rules, misplaced, nsib_rules, releases_told
from bootverify.sources.schema import ImageEntry

_Planned = tuple[str, Program, Image, str | None]  # a stage: its name, what runs, its image, where its code lies


def resolved_images(context: Context) -> tuple[Image, ...]:
    """The images of the chain, the one that a reset starts first."""
    chain = context.entry.chain
    stages = [name for image, entry in chain.items() for name in entry.parts or [image]]
    return tuple(_image(context, name, entry, stages) for name, entry in chain.items())


def _image(context: Context, name: str, entry: ImageEntry, stages: Sequence[str]) -> Image:
    at = ("chain", name)
    first = next(iter(context.entry.chain)) == name
    slots = tuple(entry.slots or ([entry.slot] if entry.slot else []))
    if bool(entry.slot) == bool(entry.slots):
        context.fault(at, f"image `{name}` needs `slot`, or `slots` when NSIB chooses between two")
    if bool(entry.program) == bool(entry.parts):
        context.fault(at, f"image `{name}` needs `program`, or `parts` when it holds several")
    for slot in (*slots, *([entry.staging] if entry.staging else [])):
        context.known(at, slot, in_flash(context.partitions), "partition of flash")
    for part in (entry.parts or {}).values():
        context.known((*at, "parts"), part.code, context.partitions, "partition")
    for field, stage in (("verified_by", entry.verified_by), ("decryptor", entry.decryptor)):
        if stage is not None:
            context.known((*at, field), stage, stages, "stage")
    if first and entry.verified_by:
        context.fault(
            (*at, "verified_by"), f"`{name}` is the first image: the reset vector starts it, nothing verifies it"
        )
    if not first and not entry.verified_by:
        context.fault(at, f"image `{name}` needs `verified_by`: the stage that verifies and starts it")
    if entry.update == "over_the_air" and not entry.staging:
        context.fault(at, f"image `{name}` is updated {entry.update}, so it needs `staging`: where its update waits")
    slots, staging = places(entry, context.entry.chain.get(entry.verified_by or ""), slots)
    told, faults = releases_told(context.entry, name)
    for field, message in faults:
        context.fault((*at, field), message)
    image = Image(
        name=name,
        slots=slots,
        staging=staging,
        verified_by=entry.verified_by,
        signature=SignatureType(entry.signature),
        encryption=EncryptionType(entry.encryption),
        decryptor=(entry.decryptor or entry.verified_by) if entry.encryption != "none" else None,
        updatable=entry.update != "never",
        source=context.source(at),
        update_source=context.source((*at, "update")),
        **told,
    )
    for field, message in misplaced(entry, image):
        context.fault((*at, field), message)
    return image


def resolved_stages(context: Context, images: tuple[Image, ...]) -> tuple[Stage, ...]:
    """The programs of the images in the order in which they run, each with its steps."""
    plan: list[_Planned] = []
    for image in images:
        entry = context.entry.chain[image.name]
        if entry.parts:
            plan += [(name, Program(part.program), image, part.code) for name, part in entry.parts.items()]
        elif entry.program:
            plan.append((image.name, Program(entry.program), image, None))
    separated = any(program in SEPARATORS for _, program, _, _ in plan)
    stages = []
    for i, (name, program, image, code) in enumerate(plan):
        entry = context.entry.chain[image.name]
        secure = program is not Program.APPLICATION or not separated
        attribution = Attribution(entry.attribution) if entry.attribution and not entry.parts else None
        model = load_stage(program.value)
        stages.append(
            Stage(
                name=name,
                program=program,
                image=image.name,
                attribution=attribution or (Attribution.SECURE if secure else Attribution.NON_SECURE),
                # what a stage does rests on silicon, of which there may be no model
                steps=tuple(_steps(context, model, image, images, plan[i + 1 :])) if context.soc.known else (),
                code=code,
                source=context.source(("chain", image.name)),
                attribution_source=context.source(("chain", image.name, "parts" if entry.parts else "attribution")),
            )
        )
    return tuple(stages)


def _steps(
    context: Context,
    model: StageModel,
    image: Image,
    images: tuple[Image, ...],
    later: Sequence[_Planned],
) -> list[Step]:
    entry = context.entry.chain[image.name]
    at = ("chain", image.name)
    after = [other for other in images if other.verified_by in {image.name, *(entry.parts or {})}]
    steps: list[Step] = [*resolved_protects(context, image, images, model, EARLY)]
    for call in model.program:
        match call.operation:
            case "protect" | "protect_at_hand_over":
                steps += resolved_protects(context, image, images, model, call.operation)
            case "choose_slot" if after:
                steps.append(_choose_slot(context, image, entry, after[0]))
            case "boot_go" if after:
                steps.append(_boot_go(context, image, entry, after[0]))
            case "set_up_trustzone":
                codes = [code for _, program, _, code in later if program is Program.APPLICATION and code]
                steps.append(resolved_trustzone(context, image, codes))
            case "launch" if later:
                steps.append(Launch(stage=later[0][0], source=call.source))
            case "begin":
                steps.append(Begin(source=call.source))
            case "run":
                steps.append(Run(source=call.source))
            case "choose_slot" | "boot_go" | "launch":
                context.fault(at, f"`{image.name}` has nothing to start: no image says `verified_by: {image.name}`")
            case other:
                raise AssertionError(f"a stage model names the unknown call `{other}`")
    return steps


def _choose_slot(context: Context, image: Image, entry: ImageEntry, target: Image) -> ChooseSlot:
    at = ("chain", image.name)
    if entry.provision is not None:
        context.known((*at, "provision"), entry.provision, context.partitions, "partition")
    elif context.soc.otp is None:
        context.fault(at, f"{context.soc.name} has no OTP words; name the `provision` partition with NSIB's key hashes")
    return ChooseSlot(
        image=target.name,
        counter=entry.counter if entry.counter is not None else True,
        provision=entry.provision,
        **nsib_rules(entry),
        source=context.source(at),
    )


def _boot_go(context: Context, image: Image, entry: ImageEntry, target: Image) -> BootGo:
    parts = context.entry.chain[target.name].parts is not None
    installs, faults = installing(entry, image.name, target, context.partitions, parts=parts)
    for path, message in faults:
        context.fault(("chain", *path), message)
    own_update = image.updatable and image.staging is not None and image.staging == target.staging
    return BootGo(
        image=target.name,
        validate=entry.validate_primary if entry.validate_primary is not None else True,
        **installs,
        **mcuboot_rules(entry),
        bootloader=image.name if own_update else None,
        source=context.source(("chain", image.name, "mode")),
    )
