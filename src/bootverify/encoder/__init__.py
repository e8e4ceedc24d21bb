"""The encoder: a design and an attacker as a transition system in terms, for whoever searches or proves.

1. `logic`: terms and transition systems; no word of devices.
2. `variables`: what a state is. Memory is cut into cells, images are names, counters are compared.
3. `units` and `stages`: what each protection unit decides, what each boot program does at its marks.
4. `moves`: what happens beside the boot, by owners and attackers; `knowledge`: what the latter learn.
5. `claims`: what is asked. `boot_system` puts all of it together.
6. `instant` and `concretize`: back from values to states and actions that the executor replays; `slots`: lemmas to try.

`lives` and `partition_map` conclude what is asked of a told life and of the map alone, without a system.
"""
