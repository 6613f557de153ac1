# SPDX-License-Identifier: LGPL-2.1-or-later
"""What must hold whatever is taken away from a hook: each function names what does not."""
import xml.etree.ElementTree as ElementTree

from stage import LONG_AGO, MAY_FAIL, STRANGE

SLOW = 20  # seconds; the deadline here is 3, and nobody waits for the lock for more than 5


def shared(claims):
    """The devices that more than one guest has."""
    owners = {}
    for device, guest, _ in claims:
        owners.setdefault(device, set()).add(guest)
    return [f"{device} is held for {' and '.join(sorted(guests))}"
            for device, guests in owners.items() if len(guests) > 1]


class Judge:
    """Looks at a stage after a disturbed hook of web1, and lets web3 come afterwards."""

    def __init__(self, stage, operation, xml):
        self.stage = stage
        self.operation = operation
        self.xml = xml
        self.left = 0  # claims that only their age ends
        self.known = {}  # violations by the state in which the host was left
        stage.restore()
        self.others = self.claims_of("web2", stage.claims())
        good = stage.hook("web1", operation, xml)
        assert good.code == 0, good.err.decode()
        self.good = good.out
        assert bool(good.out) == (operation in ("migrate begin", "restore begin"))
        found = self.judge(good, False)
        assert not found, f"undisturbed: {found}"
        stage.restore()

    @staticmethod
    def claims_of(name, claims):
        return [claim for claim in claims if claim[1] == name]

    def judge(self, outcome, front_is_killed):
        """The violations. `front_is_killed`: libvirt sees a hook that failed, whatever it did. What
        was looked at before is not looked at again."""
        found = [] if front_is_killed else self.check_answer(outcome)
        what = (self.stage.state(), outcome.code, outcome.out, front_is_killed)
        if what not in self.known:
            self.known[what] = self.check_state(outcome, front_is_killed), self.left
        state, self.left = self.known[what]
        return found + state

    def check_state(self, outcome, front_is_killed):
        """How the host was left."""
        self.left = 0
        try:
            claims = self.stage.claims()
        except ElementTree.ParseError as error:
            return [f"the claims file is broken: {error}"]
        found = shared(claims)
        if self.claims_of("web2", claims) != self.others:
            found.append(f"web2's claims were {self.others}, and are "
                         f"{self.claims_of('web2', claims)}")
        check = {"migrate": self.check_migrate, "restore": self.check_restore,
                 "prepare": self.check_prepare, "start": self.check_start,
                 "started": self.check_start, "stopped": self.check_release,
                 "release": self.check_release, "reconnect": self.check_nothing}
        found += check[self.operation.split()[0]](outcome, claims, front_is_killed)
        if not self.operation.endswith("end"):
            found += self.check_next()
        return found

    def check_answer(self, outcome):
        """The exit, and nothing but the right XML or nothing is printed."""
        found = []
        if outcome.code not in ((0, 1) if self.operation in MAY_FAIL else (0,)):
            found.append(f"ends with {outcome.code}: {outcome.err.decode(errors='replace')[:200]}")
        if outcome.seconds > SLOW:
            found.append(f"takes {outcome.seconds:.0f} s")
        if outcome.code == 0 and outcome.out not in (b"", self.good):
            found.append(f"prints something else, of {len(outcome.out)} bytes: {outcome.out[:200]!r}")
        if len(outcome.err) > 2049:
            found.append(f"says {len(outcome.err)} bytes on standard error")
        return found

    def check_nothing(self, _outcome, _claims, _front_is_killed):
        return []

    def check_migrate(self, outcome, claims, front_is_killed):
        """What passes has its XML, and its device is reserved."""
        if outcome.code != 0 or front_is_killed:
            return []
        if not outcome.out:
            return ["passes without XML"]
        if (outcome.source(), "web1", "reserved") not in claims:
            return [f"passes, but {outcome.source()} is not reserved: {claims}"]
        return []

    def check_restore(self, outcome, claims, front_is_killed):
        """Image or link stay; what was not planned is refused when it starts."""
        if outcome.code != 0:  # libvirt 11.3 then deletes the image
            (self.stage.saves / "web1.save").unlink(missing_ok=True)
        found = [] if self.stage.copies_of_the_image() else ["the managed save is lost"]
        if outcome.code != 0 or front_is_killed:
            return found
        after = self.stage.hook("web1", "prepare begin", outcome.out or self.xml)
        if outcome.out and (outcome.source(), "web1", "reserved") not in claims:
            found.append(f"XML, but {outcome.source()} is not reserved: {claims}")
        if outcome.out and after.code != 0:
            found.append(f"XML, but prepare refuses: {after.err.decode()[:200]}")
        if not outcome.out and after.code != 1:
            found.append(f"not planned, but prepare ends with {after.code}")
        return found

    def check_prepare(self, outcome, claims, front_is_killed):
        """Who starts is claimed; or at home, as who was planned here is, and then its reservation
        holds its device until libvirt's status file does."""
        states = [claim[2] for claim in self.claims_of("web1", claims)]
        if outcome.code == 0 and not front_is_killed and states not in (["claimed"], ["reserved"]):
            return [f"passes, but its claims are {states}"]
        return []

    def check_start(self, _outcome, claims, _front_is_killed):
        """A guest that runs is still held."""
        mine = self.claims_of("web1", claims)
        return [] if [claim[2] for claim in mine] in (["claimed"], ["running"]) else [
            f"runs, but its claims are {mine}"]

    def check_release(self, _outcome, _claims, _front_is_killed):
        """In the end the device is free, and until then it is given to nobody."""
        (self.stage.folder / "run/libvirt/qemu/web1.xml").unlink(missing_ok=True)
        found = self.check_next("web1")
        if not self.claims_of("web1", self.stage.claims()):
            return found
        self.left = 1
        self.stage.age(LONG_AGO, "web1")
        found += self.check_next("web1")
        if self.claims_of("web1", self.stage.claims()):
            found.append(f"the device is never free: {self.stage.claims()}")
        return found

    def check_next(self, gone=None):
        """Another guest gets a device, and not one that is held for one that is not gone."""
        before = {device for device, guest, _ in self.stage.claims() if guest not in ("web3", gone)}
        after = self.stage.hook("web3", "migrate begin", self.stage.guests["web3"])
        if after.code != 0 or not after.out:
            return [f"the next guest gets nothing: {after.code} {after.err.decode()[:200]}"]
        if after.source() in before or after.source() == STRANGE:
            return [f"the next guest gets {after.source()}, too"]
        return shared(self.stage.claims())
