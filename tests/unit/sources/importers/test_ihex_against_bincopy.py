"""Our reader of Intel HEX takes what bincopy takes, byte for byte, and refuses what is none."""

import bincopy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootverify.errors import InputError
from bootverify.sources.importers.ihex import parse_ihex

PIECES = st.lists(
    st.tuples(st.integers(0, 1 << 22), st.binary(min_size=1, max_size=70)), max_size=6, unique_by=lambda piece: piece[0]
)


@given(PIECES, st.sampled_from([16, 24, 32]), st.sampled_from([8, 16, 32]), st.booleans())
def test_what_bincopy_writes_is_read_as_it_reads_it(pieces, bits, length, carriage) -> None:
    binary = bincopy.BinFile()
    for at, data in pieces:
        try:
            binary.add_binary(data, address=at & ((1 << min(bits, 20)) - 1) & ~0xFF)
        except bincopy.Error:
            continue
    text = binary.as_ihex(number_of_data_bytes=length, address_length_bits=bits)
    again = bincopy.BinFile()
    again.add_ihex(text)
    content = text.replace("\n", "\r\n").encode() if carriage else text.encode()
    assert parse_ihex(content, "x.hex") == [(part.address, bytes(part.data)) for part in again.segments]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"hello", "no Intel HEX record"),
        (b":00", "no Intel HEX record"),
        (b":0100000001FF", "checksum"),
        (b":00000006FA", "kind 0x06"),
        (b":0100000400FB", "kind 0x04 with 1 bytes"),
        (b":0100000000FF\n:0100000001FE", "set twice"),
        (b":02000000AA54", "no Intel HEX record"),
        (b":0100000\xc3\xa4FF", "no Intel HEX record"),
    ],
)
def test_what_is_no_intel_hex_is_refused_with_its_line(text, words) -> None:
    with pytest.raises(InputError, match=words):
        parse_ihex(text, "x.hex")
