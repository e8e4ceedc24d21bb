"""The claims about a device's life that both sides judge from what is told: name, subject, meaning in one sentence."""

from bootverify.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldClaim:
    """`subjects` are the kinds it is asked of; SEMANTICS, "What is told", has the rules."""

    subjects: tuple[str, ...]
    meaning: str


TOLD: dict[str, ToldClaim] = {
    "area_works": ToldClaim(
        subjects=("partition",), meaning="an area drawn for the non-secure side can be used by it, whole"
    ),
    "no_downgrade": ToldClaim(
        subjects=("image", "network"), meaning="no genuine older release is booted after a newer one has been booted"
    ),
    "image_hidden": ToldClaim(
        subjects=("image",), meaning="the plaintext of no release comes into the attacker's hands"
    ),
    "part_hidden": ToldClaim(
        subjects=("stage",), meaning="the plaintext of no release of the stage's part of its image comes into his hands"
    ),
    "update_taken": ToldClaim(
        subjects=("image", "network"), meaning="a genuine update that is handed over completely is installed"
    ),
    "way_back": ToldClaim(
        subjects=("image", "network"), meaning="however it was left, the device gets back to work without a probe"
    ),
    "starts": ToldClaim(subjects=("image", "network"), meaning="at the next boot it starts, and hands over"),
    "key_dead": ToldClaim(subjects=("key",), meaning="no stage accepts what is signed with the key"),
    "key_followed": ToldClaim(subjects=("key",), meaning="the owner can put another key in its place by an update"),
    "key_usable": ToldClaim(subjects=("key",), meaning="the attacker cannot make the key unusable"),
    "key_final": ToldClaim(subjects=("key",), meaning="the stored value cannot be changed once written"),
    "key_alone": ToldClaim(subjects=("key",), meaning="the stored key stays, and no other is put beside it"),
    "key_hidden": ToldClaim(subjects=("key",), meaning="the value does not come into the attacker's hands"),
    "signed_only": ToldClaim(
        subjects=("image", "network"), meaning="what a boot starts was signed with the intended key, and still is that"
    ),
    "metadata_signed": ToldClaim(
        subjects=("image",), meaning="every image field that is used is covered by the signature"
    ),
    "bytes_signed": ToldClaim(subjects=("image",), meaning="every byte of the slot is covered by the signature"),
    "map_fits": ToldClaim(subjects=("map",), meaning="the proposed map works with the stages in the field"),
    "closed": ToldClaim(subjects=("image", "network"), meaning="the attacker cannot write or erase the stage's flash"),
    "root_kept": ToldClaim(
        subjects=("stage",), meaning="code in a boot stage changes neither the first stage nor what that trusts"
    ),
}
