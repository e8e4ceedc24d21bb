"""Inputs to start from: one or a few good ones for each reader, all made here."""

import gzip
import io
import json
import re
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from bootverify import api
from bootverify.machine.trace import to_json
from bootverify.sources.importers import imported_text
from bootverify.sources.template import TEMPLATE
from tests.designs.build_dirs import Build, write_build
from tests.planted import KEYS as PRIVATE
from tests.planted import NOTHING, planted

TOP = Path(__file__).resolve().parents[1]
STATIC = b"""mcuboot: {address: 0x0, size: 48K}
mcuboot_pad: {address: 0xc000, size: 0x200}
app:
  address: 0xc200
  end_address: 0x7c000
  size: 0x6fe00
mcuboot_primary:
  address: 0xc000
  orig_span: &id001
  - mcuboot_pad
  - app
  size: 0x70000
  span: *id001
mcuboot_secondary: {address: 0x0, size: 0x70000, region: external_flash, device: MX25R64}
mcuboot_primary_1: {address: 0, size: 0x40000, region: ram_flash}
provision: {address: 0xff8100, size: 0x280, region: otp}
settings_storage: {address: 0xfe000, end_address: 0x100000, size: 0x2000, placement: {before: [end]}}
"""
TREE = b"""/dts-v1/;
/ { chosen { zephyr,code-partition = &slot0_partition; zephyr,flash = &flash0; };
    compatible = "nordic,nrf5340-cpuapp-qkaa";
    soc { flash-controller@39000 { flash0: flash@0 { compatible = "soc-nv-flash"; reg = <0x0 0x100000>;
        partitions { compatible = "fixed-partitions"; #address-cells = <1>; #size-cells = <1>;
            boot_partition: partition@0 { label = "mcuboot"; reg = <0x0 0xc000>; };
            slot0_partition: partition@c000 { label = "image-0"; reg = <0xc000 DT_SIZE_K(448)>; };
            slot1_partition: partition@7c000 { reg = <(0xc000 + 0x70000) 0x70000>; };
    }; }; }; };
};
"""
OVERLAY = b"""#include <mem.h>
#define SLOT 0x1000
/delete-node/ &slot0_partition;
&flash0 { partitions { compatible = "fixed-partitions";
    boot_partition: partition@0 { reg = <0x0 DT_SIZE_K(48)>; };
    slot0_partition: partition@c000 { reg = <0xc000 (SLOT * 4 + 0x10)>; read-only; };
}; };
&mx25r64 { partitions { slot1_partition: partition@0 { reg = <0 0x70000>; }; }; };
"""
NETWORK = b"""b0n: {address: 0x1000000, size: 0x8580}
provision: {address: 0x1008580, size: 0x280}
b0n_container: {address: 0x1000000, size: 0x8800, span: [b0n, provision]}
app: {address: 0x1008800, size: 0x37800}
"""
KEYS = b"""keys:
  - name: one
    type: RSA-2048
    fingerprint: a14bcb1bf9bb821146ba32838217e476f5412621320534ffe490a1890c994660
    keyhash: fc5701dc6135e1323847bdc40f04d2e5bee5833b23c29f93593d00018cfa9994
    files: ["MCUboot, root-rsa-2048.pem"]
"""
WAIVERS = b"""waivers:
  - {policy: rot-immutable, subject: b0, attacker: debug-port, reason: r, expires: 2030-01-01, owner: o}
"""
BASELINE = b'{"schema": "bootverify-report/1", "questions": [{"policy": "a", "subject": "b", "attacker": "c",'
BASELINE += b' "verdict": "violated"}]}'


@cache
def seeds() -> dict[str, list[bytes]]:
    """Reader -> inputs that it takes."""
    with tempfile.TemporaryDirectory() as folder:
        build = write_build(Path(folder) / "app" / "build", Build(nsib=True, tfm=True))
        found = {path.relative_to(build).as_posix(): path.read_bytes() for path in build.rglob("*") if path.is_file()}
        drawn = imported_text(build, shown="build").encode()
    designs = [path.read_bytes() for path in sorted((TOP / "scenarios").glob("*.yaml"))[:4]]
    signed = found["app/zephyr/app.signed.bin"]
    trace = to_json(api.boot(api.load(TOP / "designs" / "today.yaml"))).encode()
    models = TOP.parent / "models"
    policies = [path.read_bytes() for path in sorted((TOP.parent / "policies").glob("*.yaml"))[:12]]
    policies = [re.sub(rb"^id: .*", b"id: x", each) for each in policies]
    return {
        "design": [drawn, TEMPLATE.encode(), *designs],
        "map": [STATIC, found["partitions.yml"]],
        "tree": [TREE],
        "overlay": [OVERLAY, TREE],
        "hex": [found["merged.hex"]],
        "image": [signed],
        "zipped": [gzip.compress(signed)],
        "config": [found["mcuboot/zephyr/.config"], b'CONFIG_A="b \\" c"\n# CONFIG_B is not set\nCONFIG_MCUBOOT=y\n'],
        "partitions": [found["partitions.yml"], STATIC],
        "network": [NETWORK],
        "regions": [found["regions.yml"]],
        "domains": [found["domains.yaml"]],
        "built-tree": [TREE],
        "package": [package(signed)],
        "provision": [found["merged.hex"]],
        "compiled": [b"PM_APP_ADDRESS=0xc200\nPM_APP_SIZE=0x1000\nPM_APP_NAME=app\nPM_NUM=1\n"],
        "record": [b"cmake:\n  board:\n    name: 'x'\n    qualifiers: nrf5340/cpuapp\nwest:\n  topdir: /ncs/v2.9.0\n"],
        "cache": [b"CACHED_BOARD:STRING=nrf5340dk_nrf5340_cpuapp\nZephyr_DIR:PATH=C:/ncs/v2.5.2/zephyr/share\n"],
        "scan": [each.data for each in planted()[::7]],
        "key-file": [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NOTHING) for key in PRIVATE.values()],
        "policy": policies,
        "attacker": [path.read_bytes() for path in sorted((models / "attackers").glob("*.yaml"))[:4]],
        "standard": [path.read_bytes() for path in sorted((models / "standards").glob("*.yaml"))[:2]],
        "known-keys": [KEYS],
        "waivers": [WAIVERS],
        "baseline": [BASELINE],
        "actions": [b"- {do: reset}\n- {do: publish, image: app, release: 2, slot: ''}\n"],
        "trace": [trace],
        "certificate": [b"; bootverify-certificate/1\n(set-logic QF_BV)\n(declare-fun a () Bool)\n(assert (not a))\n"],
    }  # fmt: skip


def package(signed: bytes) -> bytes:
    """An update package of one image."""
    entry = {"file": "app.bin", "size": len(signed), "load_address": 0x30200, "soc": "nrf5340", "image_index": "0"}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.bin", signed)
        archive.writestr("manifest.json", json.dumps({"format-version": 1, "files": [entry]}))
    return held.getvalue()
