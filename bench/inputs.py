# SPDX-License-Identifier: LGPL-2.1-or-later
"""The inputs of bench/run: guests and hosts, the same in every run (seeded)."""
import json
import random
import uuid
from pathlib import Path
from xml.sax.saxutils import quoteattr

FEATURES = 0x300c3982b        # what an mlx5 NIC of today offers
LEAN_FEATURES = 0x300c3182b   # without mergeable receive buffers
POOLS = ["fabric-a", "fabric-b"]
TYPES = [("nvidia-105", "GRID V100D-1Q"), ("nvidia-106", "GRID V100D-2Q"),
         ("nvidia-107", "GRID V100D-4Q"), ("nvidia-108", "GRID V100D-8Q")]
GPU = {"driver": "nvidia", "driver-version": "535.161.05", "vendor": "0x10de",
       "product": "0x1db6", "subsystem-vendor": "0x10de", "subsystem-product": "0x1214",
       "revision": "0xa1"}
BITS = {0: "CSUM", 1: "GUEST_CSUM", 3: "MTU", 5: "MAC", 11: "HOST_TSO4", 12: "HOST_TSO6",
        15: "MRG_RXBUF", 16: "STATUS", 17: "CTRL_VQ", 22: "MQ", 23: "CTRL_MAC_ADDR",
        32: "VERSION_1", 33: "ACCESS_PLATFORM"}


def element(name, attributes, close="/>"):
    words = [f"{key}={quoteattr(str(value))}" for key, value in attributes.items()
             if value is not None]
    return f"<{' '.join([name] + words)}{close}"


def make_uuid(rng):
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def make_mac(rng):
    return "52:54:00:" + ":".join(f"{rng.randrange(256):02x}" for _ in range(3))


# -- hosts -------------------------------------------------------------------------------------

class Host:
    """A host of as many vDPA NICs and mdevs. About a third of each are in use; the others differ
    in what matters, so that a guest finds some that fit and many that do not. Or all are free and
    alike: then every rule is asked of every device."""

    def __init__(self, n_vdpa, n_mdev, alike=False, seed=1):
        rng = random.Random(seed)
        self.mgmtdevs = [{"handle": f"pci/0000:{bus:02x}:00.2", "driver": "mlx5_core",
                          "classes": "net", "max-vqs": 65, "features": f"0x{FEATURES:016x}",
                          "vendor": "0x15b3", "product": "0x101e", "numa-node": i % 2,
                          "pool": POOLS[i % 2]} for i, bus in enumerate((0x41, 0x81, 0xa1, 0xc1))]
        self.parents = [{"name": f"0000:{0x10 + i:02x}:00.0", "bus": "pci", **GPU,
                         "numa-node": i % 2, "pool": "gpu"} for i in range(8)]
        self.vdpas = [self.make_vdpa(rng, i) for i in range(n_vdpa)]
        self.mdevs = [self.make_mdev(rng, i) for i in range(n_mdev)]
        if alike:
            self.make_alike()

    def make_alike(self):
        for vdpa in self.vdpas:
            vdpa.update({"max-vq-pairs": 2, "max-vqs": 5, "features": f"0x{FEATURES:016x}",
                         "negotiated": None, "mac": "00:00:00:00:00:00", "mtu": 9000,
                         "pool": None, "used-by": None})
        for mdev in self.mdevs:
            mdev.update({"type": TYPES[0][0], "used-by": None})

    def make_vdpa(self, rng, i):
        home = rng.choice(self.mgmtdevs)
        pairs = rng.choice((1, 2, 4, 8))
        used = rng.random() < 0.33
        features = FEATURES if rng.random() < 0.8 else LEAN_FEATURES
        return {"name": f"vdpa{i}", "mgmtdev": home["handle"], "driver": "mlx5_core",
                "class": "net", "chardev": f"/dev/vhost-vdpa-{i}", "vendor-id": "0x15b3",
                "max-vqs": 2 * pairs + 1, "max-vq-size": 256, "min-vq-size": 1,
                "features": f"0x{features:016x}",
                "negotiated": f"0x{features:016x}" if used else None,
                "mac": make_mac(rng) if used else "00:00:00:00:00:00", "max-vq-pairs": pairs,
                "mtu": rng.choice((1500, 9000)), "numa-node": home["numa-node"],
                "pool": home["pool"], "bound": "vhost_vdpa",
                "used-by": f"guest vm{i}" if used else None}

    def make_mdev(self, rng, i):
        return {"uuid": make_uuid(rng), "parent": rng.choice(self.parents)["name"],
                "type": rng.choice(TYPES)[0],
                "used-by": f"guest vm{i}" if rng.random() < 0.33 else None}

    def write_inventory(self, path):
        out = ['<host xmlns="urn:virt-rehome:1" format="1" name="here" kernel="6.12.48">']
        out += ["  " + element("vdpa-mgmtdev", one) for one in self.mgmtdevs]
        out += ["  " + element("vdpa", one) for one in self.vdpas]
        for parent in self.parents:
            out.append("  " + element("mdev-parent", parent, ">"))
            out += ["    " + element("type", {"id": kind, "name": name, "device-api": "vfio-pci",
                                              "available": 4}) for kind, name in TYPES]
            out.append("  </mdev-parent>")
        out += ["  " + element("mdev", one) for one in self.mdevs]
        path.write_text("\n".join(out + ["</host>\n"]))

    def write_sysfs(self, root):
        """The mdevs of this host as the kernel shows them, below `root`."""
        for path, text in {"proc/sys/kernel/hostname": "here",
                           "proc/sys/kernel/osrelease": "6.12.48",
                           "sys/module/nvidia/version": GPU["driver-version"]}.items():
            put(root / path, text)
        for folder in ("sys/class/mdev_bus", "sys/bus/mdev/devices", "sys/bus/pci/devices",
                       "sys/bus/pci/drivers/nvidia"):
            (root / folder).mkdir(parents=True)
        for parent in self.parents:
            self.write_parent(root, parent)
        for mdev in self.mdevs:
            home = f"devices/pci0000:00/{mdev['parent']}/{mdev['uuid']}"
            (root / "sys" / home).mkdir()
            (root / "sys" / home / "mdev_type").symlink_to(
                f"../mdev_supported_types/{mdev['type']}")
            (root / "sys/bus/mdev/devices" / mdev["uuid"]).symlink_to(f"../../../{home}")

    @staticmethod
    def write_parent(root, parent):
        home = root / "sys/devices/pci0000:00" / parent["name"]
        for file, attribute in (("vendor", "vendor"), ("device", "product"),
                                ("subsystem_vendor", "subsystem-vendor"),
                                ("subsystem_device", "subsystem-product"),
                                ("revision", "revision"), ("numa_node", "numa-node")):
            put(home / file, parent[attribute])
        for kind, name in TYPES:
            for file, text in (("available_instances", 4), ("device_api", "vfio-pci"),
                               ("name", name)):
                put(home / "mdev_supported_types" / kind / file, text)
        (home / "subsystem").symlink_to("../../../bus/pci")
        (home / "driver").symlink_to("../../../bus/pci/drivers/nvidia")
        for folder, up in (("class/mdev_bus", "../.."), ("bus/pci/devices", "../../..")):
            (root / "sys" / folder / parent["name"]).symlink_to(
                f"{up}/devices/pci0000:00/{parent['name']}")

    def write_tools(self, folder):
        """What `vdpa -j` and `mdevctl --dumpjson` print on this host: see rehome.py."""
        folder.mkdir()
        put_json(folder / "vdpa-dev.json", {"dev": {one["name"]: {
            "type": "network", "mgmtdev": one["mgmtdev"], "vendor_id": 0x15b3,
            "max_vqs": one["max-vqs"], "max_vq_size": one["max-vq-size"]} for one in self.vdpas}})
        put_json(folder / "vdpa-config.json", {"config": {
            one["name"]: config_of(one) for one in self.vdpas}})
        put_json(folder / "vdpa-mgmtdev.json", {"mgmtdev": {one["handle"]: {
            "supported_classes": ["net"], "max_supported_vqs": one["max-vqs"],
            "dev_features": names_of(one["features"])} for one in self.mgmtdevs}})
        put(folder / "vdpa-nodes.txt", "\n".join(
            f"{one['name']}/{one['chardev'].rpartition('/')[2]}" for one in self.vdpas))
        put_json(folder / "mdev.json", [{parent["name"]: [
            {one["uuid"]: {"mdev_type": one["type"], "start": "manual", "attrs": []}}
            for one in self.mdevs if one["parent"] == parent["name"]]
            for parent in self.parents}])
        put_json(folder / "mdev-types.json", [{parent["name"]: [
            {kind: {"available_instances": 4, "device_api": "vfio-pci", "name": name}}
            for kind, name in TYPES] for parent in self.parents}])
        put(folder / "in-use.txt", "\n".join(one["uuid"] for one in self.mdevs if one["used-by"]))
        put_json(folder / "pools.json", {**{one["handle"]: one["pool"] for one in self.mgmtdevs},
                                         **{one["name"]: one["pool"] for one in self.parents}})


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def put_json(path, what):
    path.write_text(json.dumps(what))


def names_of(word):
    return [name for bit, name in BITS.items() if int(word, 16) >> bit & 1]


def config_of(vdpa):
    config = {"mac": vdpa["mac"], "link": "up", "link_announce": False,
              "max_vq_pairs": vdpa["max-vq-pairs"], "mtu": vdpa["mtu"]}
    if vdpa["negotiated"]:
        config["negotiated_features"] = names_of(vdpa["negotiated"])
    return config


# -- a busy host -------------------------------------------------------------------------------

N_GUESTS = 200
N_CLAIMS = 500
N_PROCESSES = 300
N_FILES = 20  # that each process has open


def write_busy(root, state):
    """What a busy host has besides its devices: libvirt's status files, claims, processes."""
    status = root / "run/libvirt/qemu"
    status.mkdir(parents=True)
    for i in range(N_GUESTS):
        guest = Guest(i % 2, 0, pools=False, seed=100 + i)
        for nic in guest.nics:
            nic["chardev"] = f"/dev/vhost-vdpa-{10000 + i}"
        guest.write(status / f"vm{i}.xml")
        wrap_status(status / f"vm{i}.xml", f"vm{i}")
    state.mkdir()
    out = ['<claims xmlns="urn:virt-rehome:1" format="1">']
    out += [element("claim", {
        "kind": "vdpa", "key": f"/dev/vhost-vdpa-{10000 + i}", "device": f"vdpa{10000 + i}",
        "guest": f"vm{i % N_GUESTS}", "uuid": str(uuid.UUID(int=i % N_GUESTS + 1)),
        "state": "running", "time": 1, "daemon": 1, "daemon-start": 1}) for i in range(N_CLAIMS)]
    (state / "claims").write_text("\n".join(out + ["</claims>\n"]))
    for i in range(N_PROCESSES):
        put(root / f"proc/{1000 + i}/comm", "qemu-system-x86")
        (root / f"proc/{1000 + i}/fd").mkdir()
        for j in range(N_FILES):
            (root / f"proc/{1000 + i}/fd/{j}").symlink_to(f"/dev/vfio/{10000 + i}" if j == 9
                                                          else f"socket:[{i * N_FILES + j}]")


def wrap_status(path, name):
    """A guest's XML as libvirt's status file of it, with the list of what QEMU can."""
    flags = "\n".join(f"    <flag name='capability-{i}'/>" for i in range(260))
    text = path.read_text().replace("<name>web1</name>", f"<name>{name}</name>")
    text = text.replace("6f5a1c1e-3c2b-4c0e-9d5e-5b7a86a3f9d1", make_uuid(random.Random(name)))
    path.write_text(f"<domstatus state='running' reason='booted' pid='1'>\n  <qemuCaps>\n"
                    f"    <flag name='netdev.vhost-vdpa'/>\n{flags}\n  </qemuCaps>\n{text}"
                    f"</domstatus>\n")


# -- guests ------------------------------------------------------------------------------------

class Guest:
    """A guest as libvirt sends it, with as many vDPA NICs and mdevs and their record."""

    def __init__(self, n_vdpa, n_mdev, pools=True, alike=False, mtu=9000, seed=2):
        rng = random.Random(seed)
        self.nics = [self.make_nic(rng, i, pools, alike, mtu) for i in range(n_vdpa)]
        self.mdevs = [self.make_mdev(rng, i, pools, alike) for i in range(n_mdev)]

    @staticmethod
    def make_nic(rng, i, pools, alike, mtu):
        pairs = 2 if alike else (2, 4)[i // 2 % 2]
        return {"chardev": f"/dev/vhost-vdpa-{i}", "name": f"vdpa{i}",
                "mgmtdev": "pci/0000:3b:00.2", "driver": "mlx5_core", "class": "net",
                "vendor-id": "0x15b3", "max-vqs": 2 * pairs + 1, "max-vq-size": 256,
                "min-vq-size": 1, "features": f"0x{FEATURES:016x}",
                "negotiated": f"0x{FEATURES:016x}", "mac": make_mac(rng), "max-vq-pairs": pairs,
                "mtu": mtu if i % 2 else 1500, "numa-node": 0,
                "pool": POOLS[i % 2] if pools else None,
                "guest-address": f"pci:0000:{0x20 + i:02x}:00.0"}

    @staticmethod
    def make_mdev(rng, i, pools, alike):
        kind, name = TYPES[0 if alike else i % len(TYPES)]
        return {"uuid": make_uuid(rng), "parent": "0000:5e:00.0", "type": kind,
                "type-name": name, "device-api": "vfio-pci", **GPU, "numa-node": 0,
                "pool": "gpu" if pools else None,
                "guest-address": f"pci:0000:{0x40 + i:02x}:00.0"}

    def write(self, path):
        out = HEAD.splitlines()
        if self.nics or self.mdevs:
            out += ["  <metadata>", '    <rehome:record xmlns:rehome="urn:virt-rehome:1" '
                    'format="1" host="there" kernel="6.12.48" time="2026-01-01T00:00:00Z">']
            out += ["      " + element("rehome:vdpa", nic) for nic in self.nics]
            out += ["      " + element("rehome:mdev", mdev) for mdev in self.mdevs]
            out += ["    </rehome:record>", "  </metadata>"]
        out += BODY.splitlines()
        for i in range(32):
            out += PORT.format(index=i + 1, slot=i // 8 + 1, function=i % 8).splitlines()
        for nic in self.nics:
            out += NIC.format(**{key: str(value) for key, value in nic.items()},
                              bus=nic["guest-address"][9:11]).splitlines()
        for mdev in self.mdevs:
            out += MDEV.format(uuid=mdev["uuid"], bus=mdev["guest-address"][9:11]).splitlines()
        path.write_text("\n".join(out + ["  </devices>", "</domain>\n"]))


HEAD = """\
<domain type='kvm'>
  <name>web1</name>
  <uuid>6f5a1c1e-3c2b-4c0e-9d5e-5b7a86a3f9d1</uuid>"""

BODY = """\
  <memory unit='KiB'>8388608</memory>
  <currentMemory unit='KiB'>8388608</currentMemory>
  <memoryBacking>
    <locked/>
  </memoryBacking>
  <vcpu placement='static'>8</vcpu>
  <resource>
    <partition>/machine</partition>
  </resource>
  <os>
    <type arch='x86_64' machine='pc-q35-10.0'>hvm</type>
    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
    <nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>/var/lib/libvirt/qemu/nvram/web1.fd</nvram>
    <boot dev='hd'/>
  </os>
  <features>
    <acpi/>
    <apic/>
    <vmport state='off'/>
  </features>
  <cpu mode='custom' match='exact' check='full'>
    <model fallback='forbid'>Cascadelake-Server-noTSX</model>
    <vendor>Intel</vendor>
    <topology sockets='1' dies='1' cores='8' threads='1'/>
    <feature policy='require' name='vmx'/>
    <feature policy='require' name='hypervisor'/>
    <feature policy='require' name='ss'/>
    <feature policy='require' name='tsc_adjust'/>
    <feature policy='require' name='umip'/>
    <feature policy='require' name='md-clear'/>
    <feature policy='require' name='stibp'/>
    <feature policy='require' name='arch-capabilities'/>
    <feature policy='require' name='xsaves'/>
    <feature policy='disable' name='mpx'/>
  </cpu>
  <clock offset='utc'>
    <timer name='rtc' tickpolicy='catchup'/>
    <timer name='pit' tickpolicy='delay'/>
    <timer name='hpet' present='no'/>
  </clock>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='block' device='disk'>
      <driver name='qemu' type='raw' cache='none' io='native' discard='unmap'/>
      <source dev='/dev/mapper/web1-root'/>
      <target dev='vda' bus='virtio'/>
      <address type='pci' domain='0x0000' bus='0x03' slot='0x00' function='0x0'/>
    </disk>
    <disk type='block' device='disk'>
      <driver name='qemu' type='raw' cache='none' io='native' discard='unmap'/>
      <source dev='/dev/mapper/web1-data'/>
      <target dev='vdb' bus='virtio'/>
      <address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/>
    </disk>
    <interface type='bridge'>
      <mac address='52:54:00:aa:00:01'/>
      <source bridge='br0'/>
      <model type='virtio'/>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </interface>
    <serial type='pty'>
      <target type='isa-serial' port='0'>
        <model name='isa-serial'/>
      </target>
    </serial>
    <console type='pty'>
      <target type='serial' port='0'/>
    </console>
    <channel type='unix'>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
      <address type='virtio-serial' controller='0' bus='0' port='1'/>
    </channel>
    <input type='tablet' bus='usb'>
      <address type='usb' bus='0' port='1'/>
    </input>
    <graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'>
      <listen type='address' address='127.0.0.1'/>
    </graphics>
    <video>
      <model type='virtio' heads='1' primary='yes'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x1f' function='0x1'/>
    </video>
    <memballoon model='none'/>
    <rng model='virtio'>
      <backend model='random'>/dev/urandom</backend>
      <address type='pci' domain='0x0000' bus='0x05' slot='0x00' function='0x0'/>
    </rng>
    <controller type='usb' index='0' model='qemu-xhci' ports='15'>
      <address type='pci' domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>
    </controller>
    <controller type='pci' index='0' model='pcie-root'/>"""

PORT = """\
    <controller type='pci' index='{index}' model='pcie-root-port'>
      <model name='pcie-root-port'/>
      <target chassis='{index}' port='0x{index:x}'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x{slot:02x}' function='0x{function}'/>
    </controller>"""

NIC = """\
    <interface type='vdpa'>
      <mac address='{mac}'/>
      <source dev='{chardev}'/>
      <model type='virtio'/>
      <driver queues='{max-vq-pairs}'/>
      <address type='pci' domain='0x0000' bus='0x{bus}' slot='0x00' function='0x0'/>
    </interface>"""

MDEV = """\
    <hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci' display='off'>
      <source>
        <address uuid='{uuid}'/>
      </source>
      <address type='pci' domain='0x0000' bus='0x{bus}' slot='0x00' function='0x0'/>
    </hostdev>"""


def write_all(folder):
    """All inputs of a run, below `folder`."""
    folder = Path(folder)
    Guest(0, 0).write(folder / "guest-0.xml")
    Guest(2, 2).write(folder / "guest-4.xml")
    Guest(0, 4, pools=False).write(folder / "guest-mdev-4.xml")
    Guest(8, 8).write(folder / "guest-16.xml")
    Guest(8, 8, mtu=9216).write(folder / "guest-16-unfit.xml")
    Guest(8, 8, pools=False, alike=True).write(folder / "guest-16-alike.xml")
    for name, each in (("host-512", 256), ("host-1000", 500), ("host-10000", 5000)):
        host = Host(each, each)
        host.write_inventory(folder / f"{name}.xml")
        host.write_tools(folder / f"{name}-tools")
    for each in (500, 5000):
        Host(each, each, alike=True).write_inventory(folder / f"host-{2 * each}-alike.xml")
    Host(0, 256).write_sysfs(folder / "root")
    Host(0, 256).write_sysfs(folder / "busy")
    write_busy(folder / "busy", folder / "busy-state")
