"""Files taken apart: addresses, parts and bounds."""

import gzip
import io
import json
import os
import random
import struct
import zipfile

import bincopy
import pytest

from bootverify.errors import InputError
from bootverify.secrets import pieces as module
from bootverify.secrets.pieces import pieces, pieces_of


def image(payload, flags=0):
    header = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 0x200, 0, len(payload), flags, 1, 0, 0, 0, 0)
    return header.ljust(0x200, b"\x00") + payload + struct.pack("<HHHH", 0x6907, 12, 0x10, 4) + bytes(4)


def hex_of(*segments):
    binary = bincopy.BinFile()
    for address, data in segments:
        binary.add_binary(data, address=address)
    return binary.as_ihex().encode()


def archive(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name.replace("_", "."), content)
    return file.getvalue()


def test_hex_tells_addresses_of_each_segment():
    first, second = pieces(hex_of((0x1000, b"a" * 70), (0xFF8000, b"b" * 5)), "x.hex")
    assert (first.address, first.data, second.address, second.offset) == (0x1000, b"a" * 70, 0xFF8000, 70)
    assert second.place(2, 3).address == 0xFF8002


def test_a_signed_image_tells_its_parts_also_inside_a_larger_file():
    (piece,) = pieces(bytes(0x400) + image(b"p" * 100), "merged.bin")
    named = [piece.place(at, 1).part for at in (0, 0x400, 0x600, 0x600 + 100, 0x600 + 111)]
    assert named == ["", "image header", "image payload", "image TLVs", "image TLVs"]


def test_an_encrypted_payload_is_a_part_of_its_own():
    (piece,) = pieces(image(b"p" * 100, flags=4), "app.bin")
    assert piece.place(0x200, 1).part == "encrypted payload"


def test_an_update_archive_gives_its_files_at_their_load_addresses():
    manifest = json.dumps({"files": [{"file": "app.bin", "load_address": 0xC000}]})
    told = list(pieces(archive(app_bin=image(b"q" * 40), manifest_json=manifest), "dfu.zip"))
    assert [(each.file, each.address) for each in told] == [
        ("dfu.zip!app.bin", 0xC000),
        ("dfu.zip!manifest.json", None),
    ]


def test_a_compressed_file_is_unpacked_within_bounds(monkeypatch):
    assert [each.data for each in pieces(gzip.compress(b"z" * 1000), "x.gz")] == [b"z" * 1000]
    monkeypatch.setattr(module, "MOST_BYTES", 999)
    for bomb in (gzip.compress(b"z" * 1000), archive(a_bin=b"z" * 1000)):
        with pytest.raises(InputError, match="unpacks to more than 999 bytes"):
            list(pieces(bomb, "x"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(random.Random(3).randbytes(5000))[:600], "ends too early"),
        (b"PK\x03\x04 and then nothing", "damaged"),
        (b":10000000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF11\n", "damaged"),
        (archive(inner_zip=archive(a="b")), "an archive in an archive"),
    ],
)
def test_what_cannot_be_taken_apart_is_an_error_in_the_users_words(content, said):
    with pytest.raises(InputError, match=said) as caught:
        list(pieces(content, "given"))
    assert str(caught.value).startswith("given: ")


def test_a_directory_is_read_in_a_fixed_order_without_following_links(tmp_path):
    outside = tmp_path / "outside.bin"
    outside.write_bytes(b"secret")
    build = tmp_path / "build"
    (build / "zephyr").mkdir(parents=True)
    (build / "zephyr" / "b.bin").write_bytes(b"two")
    (build / "a.bin").write_bytes(b"one")
    (build / "link.bin").symlink_to(outside)
    (build / "main.c.obj").write_bytes(b"object")
    (build / "broken.gz").write_bytes(gzip.compress(b"x" * 100)[:-12])
    left_out = []
    assert [each.data for each in pieces_of([build], left_out)] == [b"one", b"two"]
    assert len(left_out) == 2
    assert "1 object files" in left_out[1]


def test_a_file_that_is_missing_too_large_or_no_file_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(11))
    os.mkfifo(tmp_path / "pipe")
    for path, said in (
        (tmp_path / "none", "no such file"),
        (large, "at most 10"),
        (tmp_path / "pipe", "no plain file"),
    ):
        with pytest.raises(InputError, match=said):
            list(pieces_of([path], []))
