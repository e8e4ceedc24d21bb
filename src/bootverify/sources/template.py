"""The design file that `init` writes: an example chain to edit, every entry with its meaning."""

TEMPLATE = """\
# A boot chain for bootverify. Completion for editors: bootverify schema design. Check it: bootverify check design.yaml
bootverify: design/1
name: my-design          # what reports call it
title: NSIB, updatable MCUboot, TF-M, the wrapping key in the KMU   # for the reader
soc: nrf5340             # bootverify list socs
sdk: 2.6.1               # release of the nRF Connect SDK; verdicts can change with it

# The map: at and size, or a span of others. Addresses and sizes as 0x8000 or 32K.
partitions:
  b0:                {at: 0x0,     size: 0x8000}
  s0_pad:            {at: 0x8000,  size: 0x200}
  s0_image:          {at: 0x8200,  size: 0x13e00}
  s0:                {span: [s0_pad, s0_image]}
  s1_pad:            {at: 0x1c000, size: 0x200}
  s1_image:          {at: 0x1c200, size: 0x13e00}
  s1:                {span: [s1_pad, s1_image]}
  mcuboot_pad:       {at: 0x30000, size: 0x200}
  tfm:               {at: 0x30200, size: 0xbe00, attribution: secure}
  app:               {at: 0x3c000, size: 0x54000, attribution: non_secure}
  mcuboot_primary:   {span: [mcuboot_pad, tfm, app]}
  mcuboot_secondary: {at: 0x90000, size: 0x60000, attribution: non_secure}
  tfm_storage:       {at: 0xf0000, size: 0x8000, attribution: secure}
  nonsecure_storage: {at: 0xf8000, size: 0x8000, attribution: non_secure}
  provision:         {at: 0xff8100, size: 0x280, memory: uicr}

# The images, first stage first: what runs, where it lies, who verifies it, what it locks.
chain:
  b0:
    program: nsib
    slot: b0
    counter: false
    protects:
      - {span: [0x0, 0x8000], lock: until_reset}
  mcuboot:
    program: mcuboot
    slots: [s0, s1]
    staging: mcuboot_secondary
    verified_by: b0
    signature: ecdsa-p256
    update: over_the_air
    mode: swap-move
    validate_primary: true
    protects:
      - {span: [0x8000, 0x30000], lock: until_reset}
  tfm+app:
    parts:
      tfm: {program: tfm, code: tfm}
      app: {program: application, code: app}
    slot: mcuboot_primary
    staging: mcuboot_secondary
    verified_by: mcuboot
    signature: ecdsa-p256
    encryption: aes-kw
    update: over_the_air

# Each key: what it is, where its value lies (host, uicr, {image: ..}, {kmu: [..]}, {partition: ..}), what it is for.
keys:
  b0_key_hash:    {kind: hash,      placement: uicr, verifies: mcuboot}
  img_verify_pub: {kind: public,    placement: {image: mcuboot}, verifies: tfm+app}
  kek:
    kind: symmetric
    placement: {kmu: [8, 9], push_to: engine, readable: false}
    decrypts: tfm+app

# true: the debug port is closed, erase-all refused.
lifecycle: {approtect: true, secure_approtect: true, eraseprotect: false}
"""
