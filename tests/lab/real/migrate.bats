# SPDX-License-Identifier: LGPL-2.1-or-later
# Live migrations of guests with real devices, with the installed hook and service, and no other help.
# shellcheck disable=SC2086,SC2154 # variables of real.bash, which are words

setup() { load real; setup_real; }
teardown() { teardown_real; }

# Two hosts that differ: in how many devices they have, of which kinds, with which numbers.
two_hosts() {
    net a net-a0 1024 mac 52:54:00:aa:00:00
    net a net-a1 1024 mac 52:54:00:aa:00:01
    mtty a $tty_a mtty-1
    blk b blk-b0
    net b net-b1 128 # shorter than any QEMU makes a ring
    net b net-b2 1024 mac 52:54:00:bb:00:02
    net b net-b3 1024 mac 52:54:00:bb:00:03 mtu 9000
    net b net-b4 1024 device_features 0x300020028
    mtty b ${tty_b%2}1 mtty-2
    mtty b $tty_b mtty-1
    mtty b ${tty_b%2}3 mtty-1
}

@test "a vDPA NIC there and back" {
    two_hosts
    running a web1 0
    gives net-a0 record a web1 name
    gives "0 web1 running" held a

    goes a b web1
    gives 2 devices b web1
    gives 2 devices b web1 --inactive
    gives net-b2 record b web1 name
    gives "2 web1 running" held b
    gives "" held a
    gives "shut off" state a web1

    goes b a web1
    gives 0 devices a web1
    gives 0 devices a web1 --inactive
    gives net-a0 record a web1 name
    gives "0 web1 running" held a
    gives "" held b
    v a destroy web1
    gives "" held a
}

@test "a mediated device there and back" {
    two_hosts
    running a tty1 $tty_a
    gives "$tty_a tty1 running" held a

    goes a b tty1
    gives $tty_b mdevs b tty1
    gives $tty_b mdevs b tty1 --inactive
    gives $tty_b record b tty1 uuid
    gives mtty-1 record b tty1 type
    gives "$tty_b tty1 running" held b
    gives "" held a

    goes b a tty1
    gives $tty_a mdevs a tty1
    gives $tty_a record a tty1 uuid --inactive
    gives "$tty_a tty1 running" held a
    gives "" held b
}

@test "two vDPA NICs and a mediated device there and back" {
    local round rounds=1
    [ -z "${RH_TEST_ALL:-}" ] || rounds=10
    two_hosts
    running a both1 1 0 $tty_a
    gives "0 both1 running,1 both1 running,$tty_a both1 running" held a

    for ((round = 0; round < rounds; round++)); do
        goes a b both1
        gives "2 3" devices b both1
        gives "2 3" devices b both1 --inactive
        gives $tty_b mdevs b both1
        gives "net-b2 net-b3" record b both1 name
        gives "2 both1 running,3 both1 running,$tty_b both1 running" held b
        gives "" held a

        goes b a both1 --p2p
        # each NIC back to its own, into which QEMU had written its MAC
        gives "1 0" devices a both1
        gives $tty_a mdevs a both1
        gives "net-a1 net-a0" record a both1 name
        gives "0 both1 running,1 both1 running,$tty_a both1 running" held a
        gives "" held b
    done
}

@test "a vDPA disk to that of the same pool and name" {
    disk_pool a volumes
    disk_pool b volumes
    blk a vol1 1024 # its ring is QEMU's alone, and need not be as long there
    net b net-b0 1024
    blk b vol2
    blk b vol1
    running a disk1 disk:0
    gives volumes record a disk1 pool

    goes a b disk1
    gives 2 disks b disk1
    gives 2 disks b disk1 --inactive
    gives vol1 record b disk1 name
    gives "2 disk1 running" held b
    gives "" held a
}

@test "a migration that is cancelled: the guest's devices stay alive, and it goes the next time" {
    local job status=0
    two_hosts
    running a both1 0 $tty_a
    migrate a b both1 --live --persistent --bandwidth 1 > migrated 2>&1 3>&- 4>&- &
    job=$!
    soon gives "2 both1 running,$tty_b both1 running" held b
    v a domjobabort both1
    wait $job || status=$?
    cat migrated
    [ $status != 0 ]
    soon gives "" held b
    gives "" v b list --all --name
    gives "0 both1 running,$tty_a both1 running" held a
    answers a both1
    goes a b both1
}
