"""What can happen beside the steps of a boot: each a `move`, a transition together with the action it stands for.

`environment` is what happens around every device, `in_place` what happens to slots that images start from. `attack`,
`overwriting`, `reading` and `scratch` are what an attacker does, where `access` lets him; `second_core` is both for the
network core, `fault` a stage of which nothing is left. `taken` keeps in every move what became of an image as a whole.
"""
