"""Private keys that standards and libraries print as examples: firmware links them for self-tests, to no harm.

By the SHA-256 of the public half as DER SubjectPublicKeyInfo; computed from the keys printed in the places named.
"""

_MBEDTLS = "Mbed TLS, tests/src/certs.c"

TEST_VECTORS: dict[str, str] = {
    "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9": "RFC 8032, 7.1, TEST 1",
    "deb2ded39dc26fce0e6085b6fc34bf6b5941913bbfe2ea614113cff9e004c170": "RFC 8032, 7.1, TEST 2",
    "8d39ba50abe50f77b6bb8ae7b6927aff7ffbeba35ad2837c0e51e82bcbcc60d5": "RFC 8032, 7.1, TEST 3",
    "291c5293e030452a599851a7c7298f3f16c3ff1bdfafcb598927f2631f9fa641": "RFC 7748, 6.1, Alice",
    "e80c4532355b04160b97b1bee8a3e13cc7369c22a786afdfe63b1f7acbc34b52": "RFC 7748, 6.1, Bob",
    "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4": "RFC 6979, A.2.5, P-256",
    "c6cb6d1e322b2e4edc98a284f983a8be89a18a53db897b7ec32f9aa382c50a5c": f"{_MBEDTLS}, mbedtls_test_ca_key_rsa",
    "6703a04285f61bf2f79b143b1841435d503b448c3df1db998e9aebc7f05d3815": f"{_MBEDTLS}, mbedtls_test_srv_key_rsa",
    "370346c0864770dac7a90774f75ac6de537f5f5b2c4b1bb1d12bf3c5f4f484ae": f"{_MBEDTLS}, mbedtls_test_cli_key_rsa",
    "0d47bb32995c4f374228dd401ca46be4fe313ef89960c81b8c6db8b502f3f5c5": f"{_MBEDTLS}, mbedtls_test_ca_key_ec",
    "26b0f4b5b3b8ef8f54af9ca9cbef655501179e7337f2ac52f2eadcf953635999": f"{_MBEDTLS}, mbedtls_test_srv_key_ec",
    "6452839ebf371b9a9a7585efd56a029440972fdbacd1ae077d403e4e92bcd4f3": f"{_MBEDTLS}, mbedtls_test_cli_key_ec",
}

# Such keys under a password that is printed beside them, by the SHA-256 of the encrypted content.
TEST_CONTENTS: dict[str, str] = {
    "765fa7ece8f2babda03aced0b517b5d5e5e420564226489a00a822ccb527ebec": f"{_MBEDTLS}, mbedtls_test_ca_key_rsa",
    "05157bcfa9522d8c4caecfc667a2bcbaaa4848594000bfaa3974d423f8d1d9a8": f"{_MBEDTLS}, mbedtls_test_ca_key_ec",
}
