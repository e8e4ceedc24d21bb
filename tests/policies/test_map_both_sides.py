"""Executor and encoder judge random maps alike, claim by claim; values sit on granules and beside them."""

from dataclasses import replace
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from bootverify.design.source import Source
from bootverify.encoder.partition_map.claims import truth
from bootverify.executor.partition_map.claims import judged
from bootverify.policy.formula import Call, Name
from bootverify.policy.vocabulary import PREDICATES
from bootverify.sources.design_file import design_of
from bootverify.sources.models import scantiest_soc
from bootverify.sources.written import Written

NAMES = ["b0", "provision", "s0", "s1", "s0_pad", "s0_image", "mcuboot", "mcuboot_pad", "tfm", "app", "mcuboot_primary",
         "mcuboot_secondary", "mcuboot_secondary_1", "settings_storage", "tfm_storage", "EMPTY_0", "own",
         "s0_partition", "s1_partition", "tfm_sram", "sram_nonsecure", "b0n", "cpunet:provision", "cpunet:app",
         "mcuboot_scratch"]  # fmt: skip
EDGES = sorted({grid + off for grid in (0, 0x4000, 0x7C00, 0x8000, 0xF800, 0x10000, 0x20000, 0x100000)
                for off in (-0x400, 0, 0x200, 0x1000) if grid + off >= 0})  # fmt: skip
MAPS = [name for name, predicate in PREDICATES.items() if predicate.layout and predicate.arguments == ("map",)]


@st.composite
def entries(draw):
    chosen = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=7))
    found = {}
    for name in chosen:
        start, end = sorted(draw(st.lists(st.sampled_from(EDGES), min_size=2, max_size=2)))
        entry = {"at": start, "size": end - start}
        if draw(st.booleans()):
            entry["memory"] = draw(
                st.sampled_from(["internal", "internal", "external", "uicr", "sram", "network", "ram_flash"])
            )
        if draw(st.booleans()):
            entry["attribution"] = draw(st.sampled_from(["secure", "non_secure"]))
        if draw(st.integers(0, 4)) == 0:
            entry["end"] = draw(st.sampled_from(EDGES))
        earlier = [other for other in found if other != name]
        if earlier and draw(st.integers(0, 2)) == 0:
            entry["span"] = draw(st.lists(st.sampled_from(earlier), unique=True, min_size=1, max_size=3))
            if draw(st.booleans()):
                del entry["at"], entry["size"]
            if draw(st.booleans()):
                entry["partial"] = True
        found[name] = entry
    return found


TOLD = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(
            [
                "updates_encrypted",
                "unequal_slots",
                "protects_itself",
                "downgrade_prevention",
                "serial_recovery",
                "open_management",
                "nsib_key_given",
                "debug_closed",
                "secure_debug_closed",
                "non_secure_application",
                "signatures_checked",
                "primary_verified",
                "nsib_counter",
                "keys_revocable",
                "counter_bounded",
                "fields_listed",
                "image_key_wrapped",
                "network_update",
                "cleaned_up",
                "test_options",
                "pure_signature",
                "network_debug_closed",
                "split_image",
                "places_checked",
                "external_driver",
            ],
            st.booleans(),
        ),
        "second_stage_version": st.sampled_from([0, 0x7FFF, 0x8000]),
        "image_sectors": st.sampled_from([1, 4, 16, 256]),
        "update_mode": st.sampled_from(["overwrite", "swap-move", "swap-offset", "swap-scratch", "single-slot"]),
    },
)
ARTIFACTS = st.dictionaries(
    st.sampled_from(["a", "b"]),
    st.fixed_dictionaries({"at": st.sampled_from(EDGES), "size": st.sampled_from(EDGES[1:])}),
    max_size=2,
)


@settings(max_examples=300, deadline=None)
@given(
    partitions=entries(),
    planned=entries(),
    told=TOLD,
    artifacts=ARTIFACTS,
    soc=st.sampled_from(["nrf5340", "nrf9160", "nrf54l15", "nrf52840", "unspecified"]),
    partial=st.booleans(),
    memories=st.sampled_from([{}, {"external": {"size": 0x10000}}, {"internal": {"size": 0x20000}}]),
)
def test_both_sides_judge_a_map_alike(**given) -> None:
    told = SimpleNamespace(**given)
    plain = {
        "bootverify": "design/1", "name": "m", "soc": told.soc, "partitions": told.partitions, "planned": told.planned,
        "settings": told.told, "artifacts": told.artifacts, "partial_map": told.partial, "memories": told.memories,
    }  # fmt: skip
    written = Written(file="m", sha256="", plain=plain, lines={}, origins={(): Source(file="m")})
    drawn = design_of(written)
    for design in (drawn,) if drawn.soc.known else (drawn, replace(drawn, soc=scantiest_soc(drawn.soc))):
        for name in MAPS:
            formula = Call(name, (Name("it"),))
            assert judged(design, formula, design) is truth(design, formula, design), name
