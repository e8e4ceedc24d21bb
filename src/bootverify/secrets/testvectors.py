"""Private keys that standards print as examples: libraries link them for self-tests, and they protect nothing.

By the SHA-256 of the public half as DER SubjectPublicKeyInfo; computed from the keys printed in the sections named.
"""

TEST_VECTORS: dict[str, str] = {
    "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9": "RFC 8032, 7.1, TEST 1",
    "deb2ded39dc26fce0e6085b6fc34bf6b5941913bbfe2ea614113cff9e004c170": "RFC 8032, 7.1, TEST 2",
    "8d39ba50abe50f77b6bb8ae7b6927aff7ffbeba35ad2837c0e51e82bcbcc60d5": "RFC 8032, 7.1, TEST 3",
    "291c5293e030452a599851a7c7298f3f16c3ff1bdfafcb598927f2631f9fa641": "RFC 7748, 6.1, Alice",
    "e80c4532355b04160b97b1bee8a3e13cc7369c22a786afdfe63b1f7acbc34b52": "RFC 7748, 6.1, Bob",
    "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4": "RFC 6979, A.2.5, P-256",
}
