# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests that are saved, and come back to other devices.
# shellcheck disable=SC2086,SC2154 # variables of real.bash, which are words

setup() { load real; setup_real; }
teardown() { teardown_real; }

@test "saved, and restored where the devices have other numbers" {
    local tick
    net a net-a0 1024
    mtty a $tty_a mtty-1
    running a both1 0 $tty_a
    tick=$(ticks a both1)
    v a save both1 /var/lib/libvirt/both1.save
    gives "" held a
    no_devices a
    blk a blk-a0
    net a net-a1 256
    net a net-a2 1024
    mtty a $tty_b mtty-1
    v a restore /var/lib/libvirt/both1.save
    soon answers a both1
    has_ticked a both1 $((tick + 1))
    gives 2 devices a both1
    gives $tty_b mdevs a both1
    gives "2 both1 running,$tty_b both1 running" held a
    soon gives net-a2 record a both1 name
}

@test "saved on one host, and restored on the other" {
    local tick
    net a net-a0 1024
    blk b blk-b0
    net b net-b1 1024
    running a web1 0
    tick=$(ticks a web1)
    v a save web1 "$PWD/web1.save"
    v b restore "$PWD/web1.save"
    soon answers b web1
    has_ticked b web1 $((tick + 1))
    gives 1 devices b web1
    soon gives net-b1 record b web1 name
    gives "1 web1 running" held b
}

@test "a managed save is not lost where nothing fits, and starts once something does" {
    local tick
    net a net-a0 1024
    running a web1 0
    tick=$(ticks a web1)
    v a managedsave web1
    no_devices a
    net a net-a1 256
    fails "guest 'web1' does not fit on host 'kvm-a': .*'net-a1': .* 256" v a start web1
    gives "shut off" state a web1
    v a dominfo web1 | grep -q "^Managed save: *yes"
    gives "" held a
    net a net-a2 1024
    v a start web1
    soon answers a web1
    has_ticked a web1 $((tick + 1))
    gives 1 devices a web1
    gives "1 web1 running" held a
}
