"""Keys planted at random: found in whatever form and place, and in no output or error does their value appear."""

import random

import pytest
from tests.planted import FINGERPRINTS, planted, secrets_of, spellings

from bootverify.errors import InputError
from bootverify.report.scan import scan_json, scan_text
from bootverify.report.scan_sarif import scan_sarif
from bootverify.secrets.keys import read_public_keys
from bootverify.secrets.scan import Options, scan_data

ALL = planted()
FORMS_ONLY = Options(raw=False)


def placed(each, source, size):
    """The bytes in noise at a random place, which often is the first or the last one; and that place."""
    at = source.choice([0, 1, size // 2 | 1, source.randrange(size), size])
    before, behind = source.randbytes(at), source.randbytes(size - at)
    # no letter or digit directly beside it, which would be taken for a part of it
    return before[:-1] + b"\xff"[: len(before)] + each.data + b"\xff"[: len(behind)] + behind[1:], at


def check(each, source, size):
    data, at = placed(each, source, size)
    result = scan_data(data, "image.bin", options=FORMS_ONLY)
    finds = [find for find in result.finds if find.place.offset < at + len(each.data)]
    assert finds, each.name
    assert all(at <= find.place.offset for find in finds), each.name
    if each.whole:
        assert {find.fingerprint for find in finds} == {FINGERPRINTS[each.kind]}, each.name
    silent([scan_text(result), scan_json(result), scan_sarif(result, "1"), repr(result)], each.kind)


def silent(texts, kind):
    for value in secrets_of(kind):
        for spelled in spellings(value):
            assert all(spelled not in text for text in texts)


def test_a_sample_of_planted_keys_is_found_and_never_shown():
    source = random.Random(20)
    for each in source.sample(ALL, 150):
        check(each, source, 3000)


@pytest.mark.slow
def test_every_planted_key_is_found_and_never_shown():
    source = random.Random(21)
    for each in ALL:
        check(each, source, 6000)


@pytest.mark.slow
def test_planted_keys_are_found_in_images_of_real_size():
    source = random.Random(22)
    for each in source.sample(ALL, 40):
        check(each, source, source.randrange(200_000, 1_000_000))


def test_no_error_shows_the_value_of_a_key():
    """Files that are damaged around a key, given to be scanned and given as keys."""
    source = random.Random(23)
    fronts = [b"", b"PK\x03\x04", b"\x1f\x8b\x08", b":10000000", b"-----BEGIN PUBLIC KEY-----\n"]
    refused = 0
    for each in source.sample(ALL, 60):
        for front in fronts:
            data = front + each.data[: source.randrange(len(each.data) // 2, len(each.data))]
            for ask in (lambda data=data: scan_data(data, "x.bin"), lambda data=data: read_public_keys(data, "x.pem")):
                try:
                    told = repr(ask())
                except InputError as error:
                    refused += 1
                    told = "\n".join([str(error), repr(error), *map(repr, error.faults)])
                silent([told], each.kind)
    assert refused > 300
