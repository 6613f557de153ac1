# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host and its guests, on which one operation of a hook is disturbed again and again.

The folder is the host: the front for tests looks below it, and so does the program that it runs.
web1 is what is done to, web2 is being built at the same time, web3 comes afterwards.
"""
import os
import re
import shutil
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

DEVICE = """mgmtdev="vdpasim_net" driver="vdpasim_net" class="net" max-vqs="3" max-vq-size="1024" \
min-vq-size="1" features="0x0000000300030028" mac="{mac}" mtu="1500" pool="{pool}\""""
HOST = '<host xmlns="urn:virt-rehome:1" format="1" name="dsthost" kernel="6.12.107">\n{}</host>\n'
VDPA = '  <vdpa name="vdpa{n}" chardev="/dev/vhost-vdpa-{n}" bound="vhost_vdpa" {device}/>\n'
GUEST = """<domain type="kvm">
  <name>web{n}</name>
  <uuid>00000000-0000-4000-8000-{n:012}</uuid>
  <metadata>
    <record xmlns="urn:virt-rehome:1" format="1" host="srchost">
      <vdpa chardev="{source}" name="vdpa-of-web{n}" {device}/>
    </record>
  </metadata>
  <devices>
    <interface type="vdpa">
      <mac address="{mac}"/>
      <source dev="{source}"/>
    </interface>
  </devices>
</domain>
"""
# Not web1's, whatever its XML says: who starts on it unplanned starts on another network.
STRANGE = "/dev/vhost-vdpa-9"

# All that libvirt did for web1 before.
BEFORE = {
    "migrate begin": [],
    "restore begin": [],
    "prepare begin": ["migrate begin"],
    "start begin": ["migrate begin", "prepare begin"],
    "started begin": ["migrate begin", "prepare begin", "start begin"],
    "stopped end": ["migrate begin", "prepare begin", "start begin", "started begin"],
    "release end": ["migrate begin", "prepare begin", "start begin", "started begin"],
    "reconnect begin": ["migrate begin", "prepare begin", "start begin", "started begin"],
}
OPERATIONS = list(BEFORE)
MAY_FAIL = ("migrate begin", "prepare begin")
RUNNING = ("stopped end", "reconnect begin")  # libvirt's status file is there
LONG_AGO = 601  # seconds after which no claim of a guest that is gone is left


class Outcome:
    """What libvirt sees of a hook."""

    def __init__(self, code, out, err, seconds):
        self.code = code  # negative: killed
        self.out = out
        self.err = err
        self.seconds = seconds

    def source(self):
        match = re.search(rb'<source dev="([^"]*)"', self.out)
        return match[1].decode() if match else None


class Stage:
    def __init__(self, folder, front, build, deadline=3, devices=4):
        self.folder = folder
        self.front = front
        self.kept = {}
        folder.mkdir(parents=True)
        for name, path in {"hook": build / "tests/inject/inject-launcher",
                           "hook-proper": build / "tests/inject/inject-hook", "proc": "/proc"}.items():
            (folder / name).symlink_to(path)
        for name in ("run/libvirt/qemu", "var/lib/libvirt/qemu/save", "dev"):
            (folder / name).mkdir(parents=True)
        (folder / "etc").mkdir()
        (folder / "etc/virt-rehome.conf").write_text(f"[policy]\ndeadline = {deadline}\n")
        (folder / "hasty.conf").write_text("[policy]\ndeadline = 1\n")
        mac = "52:54:00:00:00:{:02x}"
        fit = [VDPA.format(n=n, device=DEVICE.format(mac=mac.format(0), pool="fabric"))
               for n in range(devices)]
        strange = VDPA.format(n=9, device=DEVICE.format(mac=mac.format(0), pool="elsewhere"))
        (folder / "host.xml").write_text(HOST.format("".join([*fit, strange])))
        self.guests = {
            f"web{n}": GUEST.format(n=n, mac=mac.format(n), source=STRANGE,
                                    device=DEVICE.format(mac=mac.format(n), pool="fabric")).encode()
            for n in (1, 2, 3)}

    # -- hooks ------------------------------------------------------------------------------------

    def words(self, name, operation, extra="-"):
        return [str(self.front), name, *operation.split(), extra]

    def hook(self, name, operation, xml, extra="-", **more):
        """Runs a hook to its end. `more` is for Popen."""
        more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "input": xml, **more}
        begin = time.monotonic()
        done = subprocess.run(self.words(name, operation, extra), cwd=self.folder, check=False,
                              **more)
        return Outcome(done.returncode, done.stdout or b"", done.stderr or b"",
                       time.monotonic() - begin)

    def bring(self, name, operations):
        """A guest through its operations; its XML then."""
        xml = self.guests[name]
        for operation in operations:
            done = self.hook(name, operation, xml)
            assert done.code == 0, f"{name} {operation}: {done.err.decode()}"
            xml = done.out or xml
        return xml

    # -- what is there ----------------------------------------------------------------------------

    @property
    def claims_file(self):
        return self.folder / "run/virt-rehome/claims"

    @property
    def saves(self):
        return self.folder / "var/lib/libvirt/qemu/save"

    def claims(self):
        """(device, guest, state) of each claim. ParseError where the file is broken."""
        if not self.claims_file.exists():
            return []
        return sorted((claim.get("key"), claim.get("guest"), claim.get("state"))
                      for claim in ElementTree.parse(self.claims_file).getroot())

    def state(self):
        """What stands in the files of the host, but for times and the lock's holder."""
        files = [path for folder in (self.claims_file.parent, self.saves)
                 for path in sorted(folder.iterdir()) if path.name != "lock" and path.is_file()]
        return tuple((path.name, re.sub(rb'time="?=?\d+"?', b"", path.read_bytes()))
                     for path in files)

    def copies_of_the_image(self):
        return [path.name for path in self.saves.iterdir()
                if path.is_file() and path.read_text() == "the image of web1"]

    def age(self, seconds, guest=None):
        """As if so long had gone by for a guest's claims, or for all; negative: it has not."""
        if not self.claims_file.exists():
            return
        tree = ElementTree.parse(self.claims_file)
        for claim in tree.getroot():
            if guest in (None, claim.get("guest")):
                claim.set("time", str(max(int(claim.get("time")) - seconds, 0)))
        ElementTree.register_namespace("", "urn:virt-rehome:1")
        tree.write(self.claims_file)

    def write_status(self, name, xml):
        status = b"<domstatus state='running' pid='1'>" + xml + b"</domstatus>"
        (self.folder / f"run/libvirt/qemu/{name}.xml").write_bytes(status)

    # -- again and again --------------------------------------------------------------------------

    def set_up(self, operation):
        """All that comes before the operation of web1, and keeps it. Returns web1's XML."""
        (self.folder / "run/virt-rehome").mkdir(mode=0o700)
        self.bring("web2", ["migrate begin", "prepare begin"])
        if operation == "restore begin":
            (self.saves / "web1.save").write_text("the image of web1")
            self.hook("web1", "release end", self.guests["web1"], "saved")
        xml = self.bring("web1", BEFORE[operation])
        if operation in RUNNING:
            self.write_status("web1", xml)
        self.keep()
        return xml

    def keep(self):
        """Files by their inodes, since an image may have two names."""
        self.kept = {}
        for path in sorted(self.folder.glob("run/**/*")) + sorted(self.saves.iterdir()):
            if path.is_file():
                entry = self.kept.setdefault(path.stat().st_ino, (path.read_bytes(), []))
                entry[1].append(path.relative_to(self.folder))
        self.kept_at = time.monotonic()

    def restore(self):
        """As it was kept, and no time has gone by."""
        for path in (self.folder / "run/virt-rehome", self.saves):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(mode=0o700)
        for content, paths in self.kept.values():
            (self.folder / paths[0]).write_bytes(content)
            for path in paths[1:]:
                os.link(self.folder / paths[0], self.folder / path)
        self.age(-int(time.monotonic() - self.kept_at))
