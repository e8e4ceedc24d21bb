"""A settings store against a dictionary, and with another number of sectors."""

import random

import pytest

from bootverify.executor.field.nvs import Nvs, NvsError, misread


@pytest.mark.parametrize("count", [2, 3, 8])
@pytest.mark.parametrize("align", [4, 16])
def test_a_store_has_the_newest_value_of_each_id_before_and_after_a_mount(count, align):
    chance, told = random.Random(count * align), {}
    store = Nvs(bytearray(b"\xff") * (256 * count), 256, count, align)
    store.mount()
    for _ in range(200):
        identity, value = chance.randrange(1, 4), chance.randbytes(chance.randrange(1, 13))
        store.write(identity, value)
        told[identity] = value
        assert store.values() == told
        if chance.random() < 0.2:
            store = Nvs(bytearray(store.data), 256, count, align)
            store.mount()
            assert store.values() == told


@pytest.mark.parametrize(("count", "later", "sector"), [(4, 4, None), (4, 8, 0), (8, 4, 4), (2, 3, 1)])
def test_a_store_is_misread_with_other_sectors_where_it_has_gone_round(count, later, sector):
    assert misread(count, later, sector=1024, align=4, behind=b"") == sector


def test_what_is_closed_everywhere_is_no_store():
    with pytest.raises(NvsError):
        Nvs(bytearray(1024), 256, 4).mount()
