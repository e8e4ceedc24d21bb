"""The SAU: lines of 32 bytes, an inclusive limit, overlaps are secure."""

import pytest

from bootverify.executor.units.sau import ALL_NON_SECURE, CALLABLE, ENABLE, REGION_ENABLE, Sau, SauAttribution


def region(sau: Sau, number: int, base: int, limit: int) -> None:
    sau.select(number)
    sau.write_base(base)
    sau.write_limit(limit)


def enabled() -> Sau:
    sau = Sau()
    sau.write_control(ENABLE)
    region(sau, 0, 0x40000, 0xFFCFE0 | REGION_ENABLE)
    region(sau, 2, 0x480, 0x540 | REGION_ENABLE | CALLABLE)
    return sau


@pytest.mark.parametrize(
    ("address", "attribution"),
    [
        (0x47F, SauAttribution.SECURE),
        (0x480, SauAttribution.CALLABLE),
        (0x55F, SauAttribution.CALLABLE),  # the line of the limit belongs to the region
        (0x560, SauAttribution.SECURE),
        (0x3FFFF, SauAttribution.SECURE),
        (0x40000, SauAttribution.NON_SECURE),
        (0xFFCFFF, SauAttribution.NON_SECURE),
        (0xFFD000, SauAttribution.SECURE),
    ],
)
def test_a_region_covers_the_line_of_its_limit(address, attribution):
    assert enabled().attribution(address) is attribution


def test_overlapping_regions_are_secure():
    sau = enabled()
    region(sau, 1, 0x500, 0x40000 | REGION_ENABLE)
    assert sau.attribution(0x500) is SauAttribution.SECURE
    assert sau.attribution(0x560) is SauAttribution.NON_SECURE
    assert sau.attribution(0x4001F) is SauAttribution.SECURE


def test_a_disabled_unit_says_the_same_everywhere():
    sau = enabled()
    sau.write_control(0)
    assert sau.attribution(0x40000) is SauAttribution.SECURE
    sau.write_control(ALL_NON_SECURE)
    assert sau.attribution(0) is SauAttribution.NON_SECURE


def test_low_bits_of_a_base_are_dropped():
    sau = Sau()
    region(sau, 3, 0x101F, 0x2033)
    assert (sau.base[3], sau.limit[3], sau.range(3)) == (0x1000, 0x2023, (0x1000, 0x2040))


def test_a_reset_switches_everything_off():
    sau = enabled()
    sau.reset()
    assert sau == Sau()


def test_a_copy_shares_no_region():
    sau = Sau()
    region(sau.copy(), 0, 0x20, 0x41)
    assert sau == Sau()
