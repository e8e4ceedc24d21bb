"""The reference boot executor: what a device does from reset on, byte by byte, in plain Python.

To learn how the chain works, read along one boot; `bootverify boot tests/designs/advised.yaml` prints it.

1. `device`, `flash`: what there is. Memories are bytes; a write or erase that lasts is one operation, and the power
   may be lost between two of them, or in one (`torn`). Registers of the units that guard memory (`units`) live until
   reset.
2. `run`: a boot is the steps of the stages, one after the other. `stages` has one function for each call that a
   vendor's `main()` makes; which calls a stage makes, by release, is data in `models/stages`.
3. NSIB (b0), the first stage, cannot be updated. It locks itself, picks the newer of the two slots s0 and s1 that its
   provisioned key hashes verify, and starts it: `stages/protect`, `stages/nsib`, and `nsib` for the code itself.
4. MCUboot, the second stage, installs an update that waits, verifies the application, locks itself and starts it:
   `stages/mcuboot`, and `mcuboot` for boot_go. Without NSIB it is the first stage.
5. TF-M divides memory into a secure and a non-secure side and starts the application on the latter: `stages/tfm`,
   `tfm`. The network core of nRF5340 (`network`) has a boot loader of its own, b0n: `stages/b0n`.
6. Around the boot: `actions` (owners, the recovery tool by wire, code and probes of an attacker, who meets the same
   registers), `every_cut` (the power lost everywhere). `claims` asks by experiment what became of the device.

Images are made by `making` and `nsib/maker` as imgtool and the SDK's scripts make them. `programmed` boots the bytes
of a real build through the same code; `check/conform` holds that code against recorded runs of the vendors' C code.
"""
