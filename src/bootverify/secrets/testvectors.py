"""Private keys that standards and libraries print as examples: firmware links them for self-tests, to no harm.

By the SHA-256 of the public half as DER SubjectPublicKeyInfo; computed from the keys printed in the places named.
"""

_MBEDTLS = "Mbed TLS, tests/src/certs.c"

TEST_VECTORS: dict[str, str] = {
    "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9": "RFC 8032, 7.1, TEST 1",
    "deb2ded39dc26fce0e6085b6fc34bf6b5941913bbfe2ea614113cff9e004c170": "RFC 8032, 7.1, TEST 2",
    "8d39ba50abe50f77b6bb8ae7b6927aff7ffbeba35ad2837c0e51e82bcbcc60d5": "RFC 8032, 7.1, TEST 3",
    "e4f982b51ad0bdd87be820b259fe80337ef636e72b9fa7a8867a6949eb610fd6": "RFC 8032, 7.1, TEST 1024",
    "e77db4a9572e9f6552c22bc751d5499ad218a73bdf7e15dc6ea0fc69246a44de": "RFC 8032, 7.1, TEST SHA(abc)",
    "a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f": "RFC 8410, 10.3",
    "291c5293e030452a599851a7c7298f3f16c3ff1bdfafcb598927f2631f9fa641": "RFC 7748, 6.1, Alice",
    "e80c4532355b04160b97b1bee8a3e13cc7369c22a786afdfe63b1f7acbc34b52": "RFC 7748, 6.1, Bob",
    "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4": "RFC 6979, A.2.5, P-256",
    "2f95601fa82060b909bfc6b979dbd303d34d34e0afb27ea496beac362f242a4b": "RFC 6979, A.2.6, P-384",
    "f2f0eaf8dc295d10959c904a4d4b4cb764b5f15b4263628c3a9dfcae785d786b": "RFC 5903, 8.1, initiator",
    "412ae803cfb9f0eda9249822d5d7930c3b8befb5188d7b3281a5b6fb45fe414a": "RFC 5903, 8.1, responder",
    "2bd1bb0c44a897c30a7aa0991cde38d8062fe441de50da0f46825344f602e827": "RFC 7515, A.3",
    "51b944cdfa544d4c3273aa6bf350625a7dd53bbb6a71723274f538b19a207760": "RFC 7517, A.2",
    "3dbf3667ede10cd1f97c2d41066e4057b9e6512db1ffe19ac055c52e6c5f93c7": "NIST CAVP, ECC CDH, P-256, COUNT = 0",
    "ae13f854e8eb6514dde3f1ae8f32f100a1afbfc43d6fbd245f05c3cddfc54d47": "NIST CAVP, ECDSA SigGen, P-256, the first",
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
