"""What a state of the device is: the variables of one instant.

`cells` cuts memory into the pieces that can differ. `frame` holds all variables: of what stores hold (`contents`), of
hardware (`hardware`, `region`), of older images (`rollback`) and of the network core (`second_core`).
"""
