"""UICR and OTP: a unit takes one value, until ERASEALL."""

import pytest

from bootverify.executor.flash import Flash, WriteRule

HALVES, WORDS = WriteRule.OTP_HALFWORD, WriteRule.OTP_WORD


def written(rule: WriteRule, *values: int) -> int:
    otp = Flash(0xFF8100, 4, page=0, rule=rule)
    for value in values:
        otp.write(0xFF8100, value.to_bytes(4, "little"))
    return int.from_bytes(otp.read(0xFF8100, 4), "little")


@pytest.mark.parametrize(
    ("rule", "values", "left"),
    [
        (HALVES, (0xFFFF1234, 0x5678FFFF), 0x56781234),
        (HALVES, (0xFFFF1234, 0xFFFF1230), 0xFFFF1234),  # not even further bits of a written half
        (HALVES, (0xFFFF1234, 0xFFFFFFFF), 0xFFFF1234),
        (WORDS, (0xFFFF1234, 0x5678FFFF), 0xFFFF1234),
        (WORDS, (0xFFFFFFFF, 0x12345678), 0x12345678),
        (WORDS, (0x12345678, 0x00000000), 0x12345678),
        (WriteRule.AND, (0xFFFF1234, 0x5678FFFF), 0x56781234),
        (WriteRule.AND, (0xFFFF1234, 0xFFFF0234), 0xFFFF0234),
    ],
)
def test_what_a_second_write_leaves(rule, values, left):
    assert written(rule, *values) == left
