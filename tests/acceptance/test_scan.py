"""`bootverify scan` as a user meets it."""

import json
import random

import pytest
from cryptography.hazmat.primitives import serialization as form
from tests.made_keys import ec_key

from bootverify.cli import run

KEY = ec_key(71)
PEM = KEY.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
PUBLIC = KEY.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
RAW = KEY.private_numbers().private_value.to_bytes(32, "big")


@pytest.fixture
def told(capsys):
    def call(*arguments):
        code = run(["scan", *map(str, arguments)])
        seen = capsys.readouterr()
        return code, seen.out, seen.err

    return call


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "zephyr.bin"
    path.write_bytes(random.Random(1).randbytes(3000) + RAW + random.Random(2).randbytes(500))
    return path


def test_a_clean_file_exits_with_zero_and_says_what_was_looked_for(told, image):
    code, out, err = told(image)
    assert (code, err) == (0, "")
    assert "none of what was looked for is there (1 file, 3,532 bytes)" in out
    assert "PKCS#8" in out
    assert "no public key is known to compare with" in out


def test_a_key_exits_with_one_and_its_value_is_never_shown(told, image, tmp_path):
    public, private = tmp_path / "public.pem", tmp_path / "private.pem"
    public.write_bytes(PUBLIC)
    private.write_bytes(PEM)
    for text_or_json in ("text", "json"):
        code, out, _ = told(image, private, "--public-key", public, "--format", text_or_json)
        assert code == 1
        assert RAW.hex() not in out
        assert PEM.split(b"\n")[1].decode() not in out
    found = json.loads(out)["finds"]
    assert [(each["form"], each["offset"]) for each in found] == [("PEM", 0), ("private scalar", 3000)]


def test_bad_input_exits_with_two_and_says_what_to_do(told, image, tmp_path):
    for arguments in ((tmp_path / "none.bin",), (image, "--public-key", image)):
        code, out, err = told(*arguments)
        assert (code, out) == (2, "")
        assert "; " in err


def test_the_same_input_gives_the_same_bytes(told, image, tmp_path):
    (tmp_path / "public.pem").write_bytes(PUBLIC)
    first = told(tmp_path, "--public-key", tmp_path / "public.pem")
    assert first == told(tmp_path, "--public-key", tmp_path / "public.pem")
