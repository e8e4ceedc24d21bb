"""Test keys that follow from their names: NSIB can be provisioned with each of them."""

import pytest
from tests.unit.executor.nsib_bench import NRF54L, NRF5340

from bootverify.executor.crypto import PrivateKey, RawEd25519Key, RawP256Key, Scheme
from bootverify.executor.nsib.maker import key_hash

# The first pair that each of these names would have has a half-word 0xFFFF in the part of its hash that NSIB keeps.
P256, ED25519 = "key 2906", "key 7969"


@pytest.mark.parametrize(("config", "key"), [(NRF5340, RawP256Key(P256)), (NRF54L, RawEd25519Key(ED25519))])
def test_of_a_name_whose_first_pair_nsib_refuses_another_pair_is_made(config, key):
    assert b"\xff\xff" not in {key_hash(config, key.public)[at : at + 2] for at in range(0, 16, 2)}


def test_the_pair_that_replaces_a_refused_one_signs_for_mcuboot_too():
    assert PrivateKey(Scheme.ECDSA_P256, P256).public.endswith(RawP256Key(P256).public)
    assert PrivateKey(Scheme.ED25519, ED25519).public.endswith(RawEd25519Key(ED25519).public)
