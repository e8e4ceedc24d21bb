"""What a design tells of the way to the network core: what runs there, and where updates of it wait for MCUboot."""

from functools import lru_cache

from bootverify.dataclass import dataclass
from bootverify.design.boot import BootGo, EncryptionType, Image, SignatureType, UpgradeMode
from bootverify.design.design import Design
from bootverify.design.network import NetworkStage


def application_of(design: Design) -> NetworkStage | None:
    """What b0n starts."""
    return next((each for each in design.network if not each.boots), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePath:
    """How MCUboot comes by updates of the network core: in `step`, from `staging`, signed like those of `carrier`."""

    step: BootGo
    carrier: Image
    staging: str


@lru_cache(maxsize=128)
def update_path(design: Design) -> UpdatePath | None:
    """The path on which an image of its own is copied into RAM and handed to b0n; None where no such path is told.

    sdk-nrf, modules/mcuboot, nrf53_hooks (NRF53_MULTI_IMAGE_UPDATE): an image beside the first, which is copied over.
    """
    told = application_of(design)
    if told is None or not (told.updatable and told.fed_by and told.staging):
        return None
    for stage in design.stages:
        for step in stage.steps:
            if stage.name != told.verified_by or not isinstance(step, BootGo):
                continue
            image = design.image(step.image)
            plain = image.encryption is EncryptionType.NONE and step.mode is UpgradeMode.OVERWRITE
            signed = told.signature and image.signature is not SignatureType.NONE
            if plain and signed and image.staging is not None and told.staging not in {image.staging, *image.slots}:
                return UpdatePath(step=step, carrier=image, staging=told.staging)
    return None


def shipped_image(design: Design) -> str:
    """The name of the network core's application, where updates of it take that path; empty where they do not."""
    told = application_of(design)
    return told.name if told is not None and update_path(design) is not None else ""
