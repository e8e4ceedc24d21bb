"""The overrides of the MPC: frozen by their lock, or-ed where they overlap."""

import pytest

from bootverify.design.protection import Access, Attribution
from bootverify.executor.units.mpc import ENABLE, EXECUTE, LOCK, READ, SECURE, Mpc


def opened(index: int = 0, start: int = 0x40000, end: int = 0x50000, mpc: Mpc | None = None) -> Mpc:
    mpc = mpc or Mpc()
    mpc.write_start(index, start)
    mpc.write_end(index, end)
    mpc.write_mask(index, SECURE)
    mpc.write_config(index, LOCK | ENABLE)
    return mpc


@pytest.mark.parametrize("write", [Mpc.write_start, Mpc.write_end, Mpc.write_permission, Mpc.write_mask])
def test_a_locked_override_ignores_reconfiguration_until_reset(write):
    mpc = opened()
    before = mpc.copy()
    assert not write(mpc, 0, 0xFFFFFFFF)
    assert not mpc.write_config(0, 0)
    assert mpc == before
    mpc.reset()
    assert write(mpc, 0, 0xFFFFFFFF)


@pytest.mark.parametrize(
    ("address", "attribution"),
    [
        (0x3FFFF, Attribution.SECURE),
        (0x40000, Attribution.NON_SECURE),
        (0x4FFFF, Attribution.NON_SECURE),
        (0x50000, Attribution.SECURE),
    ],
)
def test_memory_is_secure_but_for_what_an_override_opens(address, attribution):
    mpc = opened()
    assert mpc.attribution(address) is attribution
    non_secure = attribution is Attribution.NON_SECURE
    assert mpc.permits(address, Access.WRITE, Attribution.NON_SECURE) is non_secure
    assert mpc.permits(address, Access.WRITE, Attribution.SECURE)


def test_an_override_that_is_not_enabled_opens_nothing():
    mpc = Mpc()
    mpc.write_end(0, 0x1000)
    mpc.write_mask(0, SECURE)
    assert mpc.attribution(0) is Attribution.SECURE


def test_secure_wins_where_overrides_overlap():
    mpc = opened()
    mpc.write_start(1, 0x48000)
    mpc.write_end(1, 0x58000)
    mpc.write_permission(1, SECURE)
    mpc.write_mask(1, SECURE)
    mpc.write_config(1, ENABLE)
    assert mpc.attribution(0x47FFF) is Attribution.NON_SECURE
    assert mpc.attribution(0x48000) is Attribution.SECURE


def test_an_override_takes_nothing_away_that_another_grants():
    mpc = Mpc()
    for index, permission in ((0, READ), (1, 0)):
        mpc.write_end(index, 0x1000)
        mpc.write_permission(index, permission)
        mpc.write_mask(index, READ | EXECUTE)
        mpc.write_config(index, ENABLE)
    assert mpc.permits(0, Access.READ, Attribution.SECURE)
    assert not mpc.permits(0, Access.EXECUTE, Attribution.SECURE)
    assert mpc.permits(0, Access.WRITE, Attribution.SECURE)  # no mask speaks of it


def test_addresses_lose_their_low_twelve_bits():
    mpc = opened(start=0x40FFF, end=0x50FFF)
    assert (mpc.overrides[0].start, mpc.overrides[0].end) == (0x40000, 0x50000)


def test_a_copy_shares_no_override():
    mpc = Mpc()
    opened(mpc=mpc.copy())
    assert mpc == Mpc()
