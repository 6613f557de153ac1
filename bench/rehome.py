#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What virt-rehome is measured against: the same job as a short script that somebody would write
who has `vdpa` and `mdevctl`. Greedy, and only as careful as the two tools let it be.

rehome.py GUEST.xml FOLDER   prints the guest's XML for the host whose tools' output is in FOLDER:

vdpa-dev.json      vdpa -j dev show
vdpa-config.json   vdpa -j dev config show
vdpa-mgmtdev.json  vdpa -j mgmtdev show
vdpa-nodes.txt     cd /sys/bus/vdpa/devices; ls -d */vhost-vdpa-*
mdev.json          mdevctl list --dumpjson
mdev-types.json    mdevctl types --dumpjson
in-use.txt         uuids of mdevs that other guests have
pools.json         {"management device or mdev parent": "pool"}
"""
import json
import sys
import xml.etree.ElementTree as ET

NS = "urn:virt-rehome:1"
FEATURES = {0: "CSUM", 1: "GUEST_CSUM", 3: "MTU", 11: "HOST_TSO4", 12: "HOST_TSO6",
            15: "MRG_RXBUF", 16: "STATUS", 17: "CTRL_VQ", 22: "MQ", 23: "CTRL_MAC_ADDR",
            32: "VERSION_1", 33: "ACCESS_PLATFORM"}


def load(folder, name):
    with open(f"{folder}/{name}") as file:
        return json.load(file)


def lines(folder, name):
    with open(f"{folder}/{name}") as file:
        return file.read().split()


def feature_names(word):
    return {name for bit, name in FEATURES.items() if int(word, 16) >> bit & 1}


def find_nic(entry, mac, host, taken):
    needed = feature_names(entry.get("negotiated") or entry.get("features"))
    for name, device in host["dev"].items():
        config = host["config"].get(name, {})
        node = host["nodes"].get(name)
        if name in taken or not node or "negotiated_features" in config:
            continue
        if entry.get("pool") and host["pools"].get(device["mgmtdev"]) != entry.get("pool"):
            continue
        if config.get("mtu", 1500) < int(entry.get("mtu", 1500)):
            continue
        if config.get("max_vq_pairs", 1) != int(entry.get("max-vq-pairs", 1)):
            continue
        if device["max_vqs"] < int(entry.get("max-vqs", 0)):
            continue
        if device["max_vq_size"] < int(entry.get("max-vq-size", 0)):
            continue
        if config.get("mac") not in (mac, "00:00:00:00:00:00"):
            continue
        if not needed <= set(host["mgmtdev"][device["mgmtdev"]]["dev_features"]):
            continue
        taken.add(name)
        return node
    sys.exit(f"no vDPA device fits {entry.get('chardev')}")


def find_mdev(entry, host, taken):
    for uuid, parent, kind in host["mdevs"]:
        if uuid in taken or uuid in host["in_use"] or kind != entry.get("type"):
            continue
        if entry.get("pool") and host["pools"].get(parent) != entry.get("pool"):
            continue
        details = host["types"][parent, kind]
        if details["device_api"] != entry.get("device-api"):
            continue
        if details["name"] != entry.get("type-name"):
            continue
        taken.add(uuid)
        return uuid
    sys.exit(f"no mdev fits {entry.get('uuid')}")


def read_host(folder):
    return {
        "dev": load(folder, "vdpa-dev.json")["dev"],
        "config": load(folder, "vdpa-config.json")["config"],
        "mgmtdev": load(folder, "vdpa-mgmtdev.json")["mgmtdev"],
        "nodes": {line.split("/")[0]: "/dev/" + line.split("/")[1]
                  for line in lines(folder, "vdpa-nodes.txt")},
        "mdevs": [(uuid, parent, device["mdev_type"])
                  for host in load(folder, "mdev.json") for parent, devices in host.items()
                  for each in devices for uuid, device in each.items()],
        "types": {(parent, kind): details
                  for host in load(folder, "mdev-types.json") for parent, types in host.items()
                  for each in types for kind, details in each.items()},
        "in_use": set(lines(folder, "in-use.txt")),
        "pools": load(folder, "pools.json"),
    }


def main(guest, folder):
    ET.register_namespace("rehome", NS)
    tree = ET.parse(guest)
    host = read_host(folder)
    record = tree.find(f"metadata/{{{NS}}}record")
    nics = {entry.get("chardev"): entry for entry in record.findall(f"{{{NS}}}vdpa")}
    mdevs = {entry.get("uuid"): entry for entry in record.findall(f"{{{NS}}}mdev")}
    taken = set()
    for interface in tree.findall("devices/interface[@type='vdpa']"):
        source = interface.find("source")
        entry = nics[source.get("dev")]
        source.set("dev", find_nic(entry, interface.find("mac").get("address"), host, taken))
        entry.set("chardev", source.get("dev"))
    for address in tree.findall("devices/hostdev[@type='mdev']/source/address"):
        entry = mdevs[address.get("uuid")]
        address.set("uuid", find_mdev(entry, host, taken))
        entry.set("uuid", address.get("uuid"))
    tree.write(sys.stdout, encoding="unicode")


if __name__ == "__main__":
    main(*sys.argv[1:])
