"""From the design file as written to the Design as meant: defaults, references, spans, steps.

All faults of one file are reported together, each with its line.
"""

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
from bootverify.design.design import Design, InputFile, Unmodelled
from bootverify.design.keys import (
    Elsewhere,
    HostOnly,
    InImage,
    InKmu,
    InPartition,
    InUicr,
    Key,
    KeyKind,
    Placement,
    Purpose,
    PushTarget,
    Use,
)
from bootverify.design.memory import Partition
from bootverify.design.openpoint import MAP_CONFLICT, OpenPoint
from bootverify.design.protection import Attribution
from bootverify.design.soc import UNSPECIFIED, Soc
from bootverify.design.source import Source
from bootverify.errors import Fault, InputError
from bootverify.sources.known_keys import published_key
from bootverify.sources.lifetime import network, open_points, told_life
from bootverify.sources.models import StageModel, load_stage, part_called, second_core, unspecified_soc
from bootverify.sources.resolve_map import (
    contradiction,
    in_flash,
    ragged_slot,
    resolved_map,
    resolved_memories,
    swapped_by,
    used_by,
)
from bootverify.sources.resolve_modes import installing, places
from bootverify.sources.resolve_protection import (
    EARLY,
    Context,
    lifecycle_on_soc,
    resolved_protects,
    resolved_trustzone,
)
from bootverify.sources.resolve_rollback import mcuboot_rules, misplaced, nsib_rules, releases_told
from bootverify.sources.resolve_settings import (
    resolved_artifacts,
    resolved_contradictions,
    resolved_lifecycle,
    resolved_settings,
)
from bootverify.sources.schema import (
    DesignEntry,
    ElsewherePlacement,
    ImageEntry,
    ImagePlacement,
    KeyEntry,
    KmuPlacement,
    PartitionPlacement,
)
from bootverify.sources.written import Written

Path = tuple[str | int, ...]


def resolve(entry: DesignEntry, written: Written, ledger: Sequence[Unmodelled] = ()) -> Design:
    """The design that `entry` describes.

    Raises:
        InputError: a reference to nothing, an overlap, a span outside its memory, a chain that cannot be meant.
    """
    return _Resolver(entry, written).design(tuple(ledger))


class _Resolver:
    """Collects faults while it builds, so that one run names them all."""

    def __init__(self, entry: DesignEntry, written: Written) -> None:
        self.entry = entry
        self.written = written
        self.faults: list[Fault] = []
        place = written.source(("soc",))
        self.soc: Soc = (
            unspecified_soc(place) if entry.soc == UNSPECIFIED and not entry.chain else part_called(entry.soc, place)
        )
        self.partitions: dict[str, Partition] = {}
        self.stage_names: list[str] = []

    def design(self, ledger: tuple[Unmodelled, ...]) -> Design:
        self.partitions = resolved_map(self.entry.partitions, self.written, "partitions", self.faults)
        proposed = resolved_map(self.entry.proposed, self.written, "proposed", self.faults)
        planned = resolved_map(self.entry.planned, self.written, "planned", self.faults)
        for name, image in self.entry.chain.items():
            self.stage_names += list(image.parts) if image.parts else [name]
        images = tuple(self._image(name, image) for name, image in self.entry.chain.items())
        keys = tuple(self._key(name) for name in self.entry.keys)
        if images and self.entry.lifecycle is None:
            self._fault((), "`lifecycle` is missing: say whether the debug port is closed")
        self._stop_at_faults()
        stages = tuple(self._stages(images))
        self._stop_at_faults()
        life, points = resolved_lifecycle(self.entry.lifecycle, self.written)
        if self.soc.known:
            life = lifecycle_on_soc(Context(self.entry, self.written, self.soc, self.partitions, self.faults), life)
        elif images:
            points = (*points, *self.soc.open_points)
        self._stop_at_faults()
        conflict = contradiction(self.partitions, used_by(images, stages), self.soc)
        ragged = ragged_slot(self.partitions, swapped_by(images, stages), self.soc)
        if conflict or ragged:
            statement = f"the map contradicts itself: {conflict}" if conflict else ragged
            points = (*points, OpenPoint(name=MAP_CONFLICT, statement=statement))
        return Design(
            name=self.entry.name,
            title=self.entry.title,
            soc=self.soc,
            sdk=self.entry.sdk,
            partitions=tuple(self.partitions.values()),
            images=images,
            stages=stages,
            keys=keys,
            lifecycle=life,
            releases=self.entry.releases,
            open_points=(*points, *open_points(self.entry, keys, self.written)),
            life=told_life(self.entry, stages, self.written),
            network=network(self.entry, self.written),
            network_soc=second_core(self.soc) if self.entry.network else None,
            proposed=tuple(proposed.values()),
            files=tuple(InputFile(file=file, sha256=digest) for file, digest in self._inputs()),
            ledger=ledger,
            memories=resolved_memories(self.entry.memories, self.written),
            planned=tuple(planned.values()),
            settings=resolved_settings(self.entry.settings, self.written, images, stages, self.entry.lifecycle),
            artifacts=resolved_artifacts(self.entry.artifacts, self.written),
            contradictions=resolved_contradictions(self.entry.contradictions, self.written),
            partial_map=self.entry.partial_map,
            source=self._source(()),
        )

    def _inputs(self) -> tuple[tuple[str, str], ...]:
        return self.written.inputs or ((self.written.file, self.written.sha256),)

    # -- the chain

    def _image(self, name: str, entry: ImageEntry) -> Image:
        at = ("chain", name)
        first = next(iter(self.entry.chain)) == name
        slots = tuple(entry.slots or ([entry.slot] if entry.slot else []))
        if bool(entry.slot) == bool(entry.slots):
            self._fault(at, f"image `{name}` needs `slot`, or `slots` when NSIB chooses between two")
        if bool(entry.program) == bool(entry.parts):
            self._fault(at, f"image `{name}` needs `program`, or `parts` when it holds several")
        for slot in (*slots, *([entry.staging] if entry.staging else [])):
            self._known(at, slot, in_flash(self.partitions), "partition of flash")
        for part in (entry.parts or {}).values():
            self._known((*at, "parts"), part.code, self.partitions, "partition")
        for field, stage in (("verified_by", entry.verified_by), ("decryptor", entry.decryptor)):
            if stage is not None:
                self._known((*at, field), stage, self.stage_names, "stage")
        if first and entry.verified_by:
            self._fault(
                (*at, "verified_by"), f"`{name}` is the first image: the reset vector starts it, nothing verifies it"
            )
        if not first and not entry.verified_by:
            self._fault(at, f"image `{name}` needs `verified_by`: the stage that verifies and starts it")
        if entry.update == "over_the_air" and not entry.staging:
            self._fault(at, f"image `{name}` is updated {entry.update}, so it needs `staging`: where its update waits")
        slots, staging = places(entry, self.entry.chain.get(entry.verified_by or ""), slots)
        told, faults = releases_told(self.entry, name)
        for field, message in faults:
            self._fault((*at, field), message)
        image = Image(
            name=name,
            slots=slots,
            staging=staging,
            verified_by=entry.verified_by,
            signature=SignatureType(entry.signature),
            encryption=EncryptionType(entry.encryption),
            decryptor=(entry.decryptor or entry.verified_by) if entry.encryption != "none" else None,
            updatable=entry.update != "never",
            source=self._source(at),
            update_source=self._source((*at, "update")),
            **told,
        )
        for field, message in misplaced(entry, image):
            self._fault((*at, field), message)
        return image

    def _stages(self, images: tuple[Image, ...]) -> list[Stage]:
        plan: list[tuple[str, Program, Image, str | None]] = []
        for image in images:
            entry = self.entry.chain[image.name]
            if entry.parts:
                plan += [(name, Program(part.program), image, part.code) for name, part in entry.parts.items()]
            elif entry.program:
                plan.append((image.name, Program(entry.program), image, None))
        separated = any(program in SEPARATORS for _, program, _, _ in plan)
        stages = []
        for i, (name, program, image, code) in enumerate(plan):
            following = plan[i + 1][0] if i + 1 < len(plan) else None
            entry = self.entry.chain[image.name]
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
                    steps=tuple(self._steps(model, image, images, plan[i + 1 :], following)) if self.soc.known else (),
                    code=code,
                    source=self._source(("chain", image.name)),
                    attribution_source=self._source(("chain", image.name, "parts" if entry.parts else "attribution")),
                )
            )
        return stages

    def _steps(
        self,
        model: StageModel,
        image: Image,
        images: tuple[Image, ...],
        later: list[tuple[str, Program, Image, str | None]],
        following: str | None,
    ) -> list[Step]:
        entry = self.entry.chain[image.name]
        at = ("chain", image.name)
        context = Context(self.entry, self.written, self.soc, self.partitions, self.faults)
        after = [other for other in images if other.verified_by in {image.name, *(entry.parts or {})}]
        steps: list[Step] = [*resolved_protects(context, image, images, model, EARLY)]
        for call in model.program:
            match call.operation:
                case "protect" | "protect_at_hand_over":
                    steps += resolved_protects(context, image, images, model, call.operation)
                case "choose_slot" if after:
                    steps.append(self._choose_slot(image, entry, after[0]))
                case "boot_go" if after:
                    steps.append(self._boot_go(image, entry, after[0]))
                case "set_up_trustzone":
                    codes = [code for _, program, _, code in later if program is Program.APPLICATION and code]
                    steps.append(resolved_trustzone(context, image, codes))
                case "launch" if following is not None:
                    steps.append(Launch(stage=following, source=call.source))
                case "begin":
                    steps.append(Begin(source=call.source))
                case "run":
                    steps.append(Run(source=call.source))
                case "choose_slot" | "boot_go" | "launch":
                    self._fault(at, f"`{image.name}` has nothing to start: no image says `verified_by: {image.name}`")
                case other:
                    raise AssertionError(f"a stage model names the unknown call `{other}`")
        return steps

    def _choose_slot(self, image: Image, entry: ImageEntry, target: Image) -> ChooseSlot:
        at = ("chain", image.name)
        if entry.provision is not None:
            self._known((*at, "provision"), entry.provision, self.partitions, "partition")
        elif self.soc.otp is None:
            self._fault(at, f"{self.soc.name} has no OTP words; name the `provision` partition with NSIB's key hashes")
        return ChooseSlot(
            image=target.name,
            counter=entry.counter if entry.counter is not None else True,
            provision=entry.provision,
            **nsib_rules(entry),
            source=self._source(at),
        )

    def _boot_go(self, image: Image, entry: ImageEntry, target: Image) -> BootGo:
        parts = self.entry.chain[target.name].parts is not None
        installs, faults = installing(entry, image.name, target, self.partitions, parts=parts)
        for path, message in faults:
            self._fault(("chain", *path), message)
        own_update = image.updatable and image.staging is not None and image.staging == target.staging
        return BootGo(
            image=target.name,
            validate=entry.validate_primary if entry.validate_primary is not None else True,
            **installs,
            **mcuboot_rules(entry),
            bootloader=image.name if own_update else None,
            source=self._source(("chain", image.name, "mode")),
        )

    # -- keys

    def _key(self, name: str) -> Key:
        entry = self.entry.keys[name]
        at = ("keys", name)
        places = entry.placement if isinstance(entry.placement, list) else [entry.placement]
        uses = []
        decrypts = [entry.decrypts] if isinstance(entry.decrypts, str) else entry.decrypts or []
        wanted: list[tuple[Purpose, list[str] | list[str | None]]] = [
            (Purpose.VERIFY, [entry.verifies]),
            (Purpose.SIGN, [entry.signs]),
            (Purpose.DECRYPT, decrypts),
        ]
        for purpose, images in wanted:
            for image in images:
                if image is not None:
                    self._known(
                        (*at, f"{purpose.value}s" if purpose is not Purpose.VERIFY else "verifies"),
                        image,
                        self.entry.chain,
                        "image",
                    )
                    uses.append(Use(purpose=purpose, image=image))
        if entry.opens_images and not uses:
            uses.append(Use(purpose=Purpose.DECRYPT))
        return Key(
            name=name,
            found=tuple(entry.found),
            kind=KeyKind(entry.kind),
            placements=tuple(
                self._placement((*at, "placement", *([index] if isinstance(entry.placement, list) else [])), place)
                for index, place in enumerate(places)
            ),
            uses=tuple(uses),
            published=entry.published or (bool(entry.fingerprint) and published_key(entry.fingerprint) is not None),
            fingerprint=entry.fingerprint,
            revocable=entry.reusable or entry.revocable,
            reusable=entry.reusable,
            empty=self._empty(name, entry),
            all_words_written=entry.all_words_written,
            other_half=entry.other_half if entry.other_half in self.entry.keys else "",
            per_device=entry.per_device,
            source=self._source(at),
        )

    def _empty(self, name: str, entry: KeyEntry) -> bool:
        places = entry.placement if isinstance(entry.placement, list) else [entry.placement]
        kmu = all(isinstance(place, KmuPlacement) for place in places)
        slots_of_generations = self.soc.kmu_version > 1 or not self.soc.known
        if entry.reusable and not (kmu and slots_of_generations):
            self._fault(("keys", name, "reusable"), f"`{name}` is reusable: only a KMU slot of nRF54L can be")
        if entry.state == "empty" and not (kmu and slots_of_generations and entry.verifies):
            text = f"`{name}` is empty: only a KMU slot of nRF54L that a bootloader consults for `verifies` can be"
            self._fault(("keys", name, "state"), text)
        return entry.state == "empty"

    def _placement(
        self, at: Path, place: str | KmuPlacement | ImagePlacement | PartitionPlacement | ElsewherePlacement
    ) -> Placement:
        source = self._source(at)
        match place:
            case "host":
                return HostOnly(source=source)
            case "uicr":
                return InUicr(source=source)
            case KmuPlacement():
                if self.soc.known and max(place.kmu) >= self.soc.kmu_slots:
                    self._fault(at, f"{self.soc.name} has {self.soc.kmu_slots} KMU slots, so no slot {max(place.kmu)}")
                return InKmu(
                    slots=tuple(place.kmu), push_to=PushTarget(place.push_to), readable=place.readable, source=source
                )
            case ImagePlacement():
                self._known(at, place.image, self.entry.chain, "image")
                return InImage(image=place.image, release=place.release, offset=place.offset, source=source)
            case PartitionPlacement():
                self._known(at, place.partition, self.partitions, "partition")
                return InPartition(partition=place.partition, source=source)
            case ElsewherePlacement():
                return Elsewhere(what=place.elsewhere, words=place.words, source=source)
            case _:
                raise AssertionError(place)

    # -- small things

    def _known(
        self, at: Path, name: str, among: Sequence[str] | dict[str, Partition] | dict[str, ImageEntry], what: str
    ) -> None:
        if name not in among:
            known = ", ".join(among) or "there is none"
            self._fault(at, f"`{name}` is no {what}; known: {known}")

    def _source(self, at: Path) -> Source:
        return self.written.source(at)

    def _fault(self, at: Path, message: str) -> None:
        source = self._source(at)
        self.faults.append(Fault(file=source.file, line=source.line, message=message))

    def _stop_at_faults(self) -> None:
        if self.faults:
            raise InputError(sorted(set(self.faults), key=lambda fault: (fault.line, fault.message)))
