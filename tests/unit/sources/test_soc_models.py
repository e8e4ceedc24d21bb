"""The models of silicon: every file is of its form, its figures hang together, and what is unconfirmed is told."""

from pathlib import Path

import pytest

from bootverify.design.protection import UnitKind
from bootverify.design.soc import NvmKind
from bootverify.sources.document import read_written
from bootverify.sources.model_files import DocumentsEntry, KnownKeysEntry, NotModelledEntry, SocEntry, StageEntry
from bootverify.sources.models import load_soc
from bootverify.sources.rule_files import AttackerEntry, PolicyEntry, StandardEntry, SupportEntry
from bootverify.sources.validate import validated

MODELS = Path(__file__).parents[3] / "models"
SOCS = sorted(path.stem for path in (MODELS / "socs").glob("*.yaml"))
FORMS = [
    *((SocEntry, path) for path in sorted((MODELS / "socs").glob("*.yaml"))),
    *((StageEntry, path) for path in sorted((MODELS / "stages").glob("*.yaml"))),
    (KnownKeysEntry, MODELS / "known-keys.yaml"),
    (NotModelledEntry, MODELS / "not-modelled.yaml"),
    (DocumentsEntry, MODELS / "documents.yaml"),
    *((AttackerEntry, path) for path in sorted((MODELS / "attackers").glob("*.yaml"))),
    *((StandardEntry, path) for path in sorted((MODELS / "standards").glob("*.yaml"))),
    *((PolicyEntry, path) for path in sorted((MODELS.parent / "policies").glob("*.yaml"))),
    (SupportEntry, MODELS / "releases" / "support.yaml"),
]


@pytest.mark.parametrize(("form", "path"), FORMS, ids=[path.stem for _, path in FORMS])
def test_a_file_that_the_program_reads_as_it_stands_is_of_its_form(form, path) -> None:
    assert validated(form, read_written(path))


@pytest.mark.parametrize("name", SOCS)
def test_figures_of_a_model_hang_together(name) -> None:
    soc = load_soc(name)
    assert soc.name == name
    assert soc.references
    assert soc.flash.size % soc.page == 0
    assert soc.guard.granule % soc.word == 0
    assert not soc.flash.overlaps(soc.uicr)
    assert soc.otp is None or soc.uicr.covers(soc.otp)
    assert soc.guard.largest is None or soc.guard.largest % soc.guard.granule == 0
    assert (soc.kmu_slots > 0) == (soc.kmu_version > 0)
    # A part with two states has exactly one unit that attributes memory: the SPU, or MPC and SAU.
    assert soc.trustzone == ((soc.guard.kind is UnitKind.SPU) != (soc.attribution is not None))
    assert soc.guard.kind in {UnitKind.RRAMC, UnitKind.SPU} or not soc.trustzone


@pytest.mark.parametrize("name", SOCS)
def test_a_unit_of_single_granules_covers_the_whole_memory(name) -> None:
    soc = load_soc(name)
    if soc.guard.kind in {UnitKind.SPU, UnitKind.BPROT}:
        assert soc.guard.granule * soc.guard.entries == soc.flash.size


@pytest.mark.parametrize("name", SOCS)
def test_what_is_unconfirmed_is_an_open_point_with_its_line(name) -> None:
    points = load_soc(name).open_points
    assert points
    assert all(point.statement and point.source.line for point in points)
    assert len({point.name for point in points}) == len(points)


def test_lock_and_attribution_have_their_own_granules_on_nrf54l() -> None:
    soc = load_soc("nrf54l15")
    assert soc.attribution is not None
    assert (soc.guard.granule, soc.attribution.granule, soc.attribution.cpu_granule) == (0x400, 0x1000, 0x20)
    assert soc.guard.largest == 31 * 1024
    assert load_soc("nrf54lm20a").guard.largest == 127 * 1024
    assert soc.nvm is NvmKind.RRAM
