"""What people do to a device, before and between its boots; `run` calls them.

`vendor`: the owner publishes, the update client stages; `recovery_tool`: an image by wire; `hostile`: code and probes
of an attacker, with what each of his capabilities does (`attack`). `supply`: the power is lost in the middle of one.
"""
