"""Recordings that are damaged, incomplete or of an unknown kind are counted; nothing stops the run."""

import json

import pytest

from bootverify.check.conform import conform
from bootverify.check.conform.mcuboot_bench import build
from bootverify.check.conform.outcome import Unsupported
from bootverify.errors import InputError
from bootverify.executor.crypto import EnvelopeScheme

AREAS = [
    {"name": "primary", "role": "primary", "image": 0, "offset": 0, "size": 0x4000, "erase_size": 0x400},
    {"name": "secondary", "role": "secondary", "image": 0, "offset": 0x4000, "size": 0x4000, "erase_size": 0x400},
]
SMALL = {"mode": "overwrite-only", "signature": "none", "areas": AREAS, "max_img_sectors": 16}
EMPTY = {
    "id": "v1",
    "category": "genuine",
    "flash": [],
    "ops": [{"op": "boot"}],
    "expect": [
        {"result": "fail", "ops": 0, "swap_type_initial": ["none"], "swap_type_final": ["none"]},
    ],
}


def recording(tmp_path, config, *lines):
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    if lines:
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        (folder / "vectors.jsonl").write_text("\n".join(texts) + "\n")
    return tmp_path


def counts(found):
    total = found.total
    return total.agreed, total.disagreed, total.unsupported


def test_a_configuration_says_only_what_differs_from_the_usual(tmp_path):
    found = conform(recording(tmp_path, SMALL, EMPTY))
    assert [each.text for each in found.disagreements] == []
    assert counts(found) == (1, 0, 0)


@pytest.mark.parametrize(
    "line", ["{", "[]", "3", "\u0000", '{"id": "v1", "category": ' + "[" * 3000, b"\xff\xfe".decode("latin-1")]
)
def test_a_line_that_is_no_vector_hides_no_other(tmp_path, line):
    found = conform(recording(tmp_path, SMALL, line, EMPTY))
    assert counts(found) == (1, 1, 0)
    assert "vectors.jsonl:1" in found.disagreements[0].text


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"ops": None},
        {"ops": []},
        {"flash": [{"area": "nowhere", "off": 0, "hex": ""}]},
        {"flash": [{"area": "primary", "off": 0x3FFF, "hex": "0000"}]},
        {"flash": [{"area": "primary", "off": 0, "blob": "none"}]},
        {"expect": [7]},
    ],
)
def test_a_vector_of_another_form_is_a_disagreement_or_runs(tmp_path, change):
    found = conform(recording(tmp_path, SMALL, EMPTY | change, EMPTY))
    agreed, disagreed, unsupported = counts(found)
    assert agreed + disagreed == 2
    assert unsupported == 0
    assert disagreed == (change != {"id": None})


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "swap-elsewhere"},
        {"hash": "md5"},
        {"areas": None},
        {"areas": [{**AREAS[0], "size": 1 << 40}, AREAS[1]]},
        {"areas": AREAS[:1]},
        {"keys": [{"der_hex": "xyz"}]},
        {"options": {"downgrade_prevention": "sometimes"}},
        {"options": None},
        {"mode": "swap-scratch"},
        {"mode": "ram-load"},
        {"trailer_magic": 5},
        {"encryption": {"scheme": "ecies-p256", "private_key_hex": "00" * 40}},
    ],
)
def test_a_build_that_is_not_modelled_is_counted_as_such(tmp_path, change):
    found = conform(recording(tmp_path, SMALL | change, EMPTY, EMPTY))
    assert counts(found) == (0, 0, 2)


def test_a_configuration_whose_vectors_are_missing_is_told(tmp_path):
    found = conform(recording(tmp_path, SMALL))
    assert counts(found) == (0, 1, 0)
    assert "vectors.jsonl" in found.disagreements[0].text


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_a_damaged_configuration_beside_a_good_one_is_counted(tmp_path, text):
    recording(tmp_path, SMALL, EMPTY)
    bad = tmp_path / "a-bad-one"
    bad.mkdir()
    (bad / "config.json").write_text(text)
    (bad / "vectors.jsonl").write_text(json.dumps(EMPTY) + "\n")
    assert counts(conform(tmp_path)) == (1, 0, 1)


def test_a_directory_with_nothing_but_damage_says_so(tmp_path):
    with pytest.raises(InputError, match="damaged"):
        conform(recording(tmp_path, "{", EMPTY))


def test_nsib_and_protection_count_damage_too(tmp_path):
    found = conform(recording(tmp_path, {"fw_info_offsets": []}, EMPTY, "{"))
    assert counts(found) == (0, 1, 1)
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text(json.dumps({"format": "protection-vectors 1"}))
    (other / "vectors.jsonl").write_text("{\n" + json.dumps(EMPTY) + "\n")
    assert counts(conform(other)) == (0, 2, 0)


@pytest.mark.parametrize("name", ["rsa-oaep", "rsa-2048", "rsa-2048-oaep"])
def test_there_is_one_way_to_wrap_a_key_with_rsa_whatever_it_is_called(name):
    made = build(SMALL | {"encryption": {"scheme": name, "private_key_hex": "00"}})
    assert made.config.encryption.scheme is EnvelopeScheme.RSA_OAEP


def test_a_single_slot_needs_no_second_one():
    pair = build(SMALL | {"mode": "single-slot", "areas": AREAS[:1]}).config.images[0]
    assert pair.primary == pair.secondary


def test_a_board_too_large_to_hold_is_refused():
    with pytest.raises(Unsupported):
        build(SMALL | {"areas": [{**AREAS[0], "size": 1 << 40}]})
