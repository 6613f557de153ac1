# SPDX-License-Identifier: LGPL-2.1-or-later
# What does not go as it should, and guests that are saved.
# shellcheck disable=SC2034,SC2154 # variables of lab.bash

setup_file() { load lab; setup_lab; }
teardown_file() { load lab; teardown_lab; }
setup() { load lab; setup_guests; }
teardown() { teardown_guests; }

begin_slow_migration() { # of web1, which is busy, from a to b; it comes to no end
    migrate a b web1 --live --persistent --bandwidth 1 > migrated 2>&1 3>&- 4>&- &
    migration=$!
    soon gives "1 web1 running" held b
    soon job_runs
}

job_runs() { v a domjobinfo web1 | grep -q "Memory remaining: *[1-9]"; }

end_migration() { # PATTERN: it fails, and says so
    local status=0
    wait $migration || status=$?
    cat migrated
    [ $status != 0 ]
    grep -q -- "$1" migrated
}

stayed() { # DEVICE: on a, and nothing of it is on b
    soon gives running state a web1
    gives "$1" devices a web1
    gives "$1 web1 running" held a
    soon gives "" held b
    soon gives "" v b list --all --name
}

@test "a migration is cancelled: all is as before, and an edited definition stays edited" {
    local edited
    busy=yes
    running a web1 3
    redefine a web1 "s,<source dev='/dev/vhost-vdpa-3'/>,<source dev='/dev/vhost-vdpa-5'/>,"
    soon gives net-a5 record a web1 name --inactive
    edited=$(v a dumpxml --inactive web1)
    begin_slow_migration
    v a domjobabort web1
    end_migration "canceled by client"
    stayed 3
    sleep 2
    gives "$edited" v a dumpxml --inactive web1
    gives "kvm-a kvm-a" whereabouts a web1
    # And the next one succeeds.
    migrate a b web1 --live
    gives 1 devices b web1
}

@test "a definition is edited during a migration that is cancelled" {
    busy=yes
    running a web1 3
    begin_slow_migration
    redefine a web1 "s,<source dev='/dev/vhost-vdpa-3'/>,<source dev='/dev/vhost-vdpa-5'/>,"
    v a domjobabort web1
    end_migration "canceled by client"
    stayed 3
    soon gives "net-a5" record a web1 name --inactive
    gives 5 devices a web1 --inactive
    gives net-a3 record a web1 name
}

qemu_of() { # HOST GUEST: its process there
    on "$1" cat "/run/libvirt/qemu/$2.pid"
}

@test "QEMU is killed: its device is free, and it starts again" {
    running a web1 3
    on a kill -KILL "$(qemu_of a web1)"
    soon gives "shut off" state a web1
    soon gives "" held a
    v a start web1
    gives "3 web1 running" held a
}

@test "QEMU is killed on the source during a migration" {
    busy=yes
    running a web1 3
    begin_slow_migration
    on a kill -KILL "$(qemu_of a web1)"
    end_migration error:
    soon gives "shut off" state a web1
    soon gives "" held a
    soon gives "" held b
    gives 3 devices a web1 --inactive
}

@test "QEMU is killed on the destination during a migration" {
    busy=yes
    running a web1 3
    begin_slow_migration
    on b kill -KILL "$(qemu_of b web1)"
    end_migration error:
    stayed 3
    gives 3 devices a web1 --inactive
}

restart() { # HOST
    rig daemon "$lab" "$1" stop
    rig daemon "$lab" "$1" start
}

@test "libvirt's daemon restarts: claims and records stay, and the service goes on" {
    local before
    running a web1 3
    before=$(record a web1 time)
    restart a
    soon gives "3 web1 running" held a
    running a web2 4
    gives "$before" record a web1 time
    soon gives "3 web1 running,4 web2 running" held a
    migrate a b web1 --live --persistent
    gives 1 devices b web1
}

@test "libvirt's daemon restarts, and the claims were lost: they are made again" {
    running a web1 3
    on a rm -r /run/virt-rehome
    restart a
    soon gives "3 web1 running" held a
    soon gives running state a web1
    migrate a b web1 --live
    gives 1 devices b web1
}

@test "QEMU is killed while libvirt's daemon is away" {
    running a web1 3
    rig daemon "$lab" a stop
    on a kill -KILL "$(qemu_of a web1)"
    rig daemon "$lab" a start
    soon gives "shut off" state a web1
    soon gives "" held a
    v a start web1
    soon gives "3 web1 running" held a
}

@test "a guest that started while nobody could record it is recorded when the service can again" {
    rig recorder "$lab" a stop
    guest web1 3
    v a create web1.xml
    gives "" record a web1 name
    rig daemon "$lab" a stop
    rig recorder "$lab" a start
    rig daemon "$lab" a start
    soon gives net-a3 record a web1 name
}

@test "libvirt's daemon restarts on the source during a migration" {
    busy=yes
    running a web1 3
    begin_slow_migration
    restart a
    end_migration error:
    stayed 3
    soon gives "kvm-a kvm-a" whereabouts a web1
}

@test "libvirt's daemon restarts on the destination during a migration" {
    busy=yes
    running a web1 3
    begin_slow_migration
    restart b
    end_migration error:
    stayed 3
}

# -- saved ----------------------------------------------------------------------------------------

@test "save and restore, also when numbers have changed" {
    running a web1 3
    v a save web1 "$PWD/web1.save"
    gives "" held a
    v a restore "$PWD/web1.save"
    gives 3 devices a web1
    gives "3 web1 running" held a
    v a save web1 "$PWD/web1.save"
    swap_numbers a 3 4
    v a restore "$PWD/web1.save"
    gives 4 devices a web1
    gives "4 web1 running" held a
    soon gives net-a3 record a web1 name
}

@test "a saved guest is restored on the other host" {
    running a web1 3
    v a save web1 "$PWD/web1.save"
    v b restore "$PWD/web1.save"
    gives 1 devices b web1
    soon gives net-b1 record b web1 name
    gives "1 web1 running" held b
}

@test "restore where no device fits: refused, and the file still restores elsewhere" {
    running a web1 3
    v a save web1 "$PWD/web1.save"
    edit_host b 's/ mtu="(1500|9000)"/ mtu="1400"/'
    fails "guest 'web1'" v b restore "$PWD/web1.save"
    gives "" held b
    gives "" v b list --all --name
    v a restore "$PWD/web1.save"
    gives 3 devices a web1
}

@test "managed save and start" {
    running a web1 3
    v a managedsave web1
    gives "" held a
    v a start web1
    gives 3 devices a web1
    gives "3 web1 running" held a
}

@test "managed save and start when numbers have changed" {
    running a web1 3
    v a managedsave web1
    swap_numbers a 3 4
    v a start web1
    gives 4 devices a web1
    soon gives net-a3 record a web1 name
}

@test "managed save, and its device is taken meanwhile: it gets another one" {
    running a web1 3
    v a managedsave web1
    running a web2 3
    v a start web1
    gives 4 devices a web1
    gives "3 web2 running,4 web1 running" held a
    soon gives net-a4 record a web1 name
}

@test "managed save, and the only device is taken meanwhile: refused, the image is kept" {
    edit_host a '/net-a[45]/d'
    running a web1 3
    v a managedsave web1
    running a web2 3
    fails "guest 'web1'" v a start web1
    gives "shut off" state a web1
    [ -s "$lab/a/lib/qemu/save/web1.save" ]
    gives "3 web2 running" held a
    v a destroy web2
    v a start web1
    gives "3 web1 running" held a
    [ ! -e "$lab/a/lib/qemu/save/web1.save" ]
}

@test "no room below /run at a restore: refused, and the managed save is kept" {
    running a web1 3
    v a managedsave web1
    swap_numbers a 3 4
    on a mount -t tmpfs -o size=4k,mode=700 full /run/virt-rehome
    fails "No space left" on a dd if=/dev/zero of=/run/virt-rehome/filler
    fails "guest 'web1'" v a start web1
    gives "shut off" state a web1
    [ -s "$lab/a/lib/qemu/save/web1.save" ]
    on a umount /run/virt-rehome
    v a start web1
    gives 4 devices a web1
    gives "4 web1 running" held a
}

# -- the program behind the front -----------------------------------------------------------------

break_program() { # HOST: as an upgrade that takes a library does
    # A program that asks for another library than it was made with, of a name that is as long.
    [ -e program ] || { LC_ALL=C sed 's/libc\.so\.6/libgone.2/g' /bin/true > program && chmod 755 program; }
    mv "$lab/$1/behind/hook" "$lab/$1/behind/kept"
    cp program "$lab/$1/behind/hook"
}

plain() { # HOST NAME: runs, without a device of ours
    guest "$2"
    v "$1" define "$2.xml"
    v "$1" start "$2"
}

mend_program() { # HOST
    mv -f "$lab/$1/behind/kept" "$lab/$1/behind/hook"
}

@test "the program cannot be loaded, and libvirt's daemon restarts: every guest runs on" {
    running a web1 3
    plain a web2
    break_program a
    restart a
    sleep 2
    gives running state a web1
    gives running state a web2
    # What has no devices needs it for nothing.
    v a destroy web2
    v a start web2
    v a destroy web1
    fails "error while loading shared libraries: libgone.2" v a start web1
    mend_program a
    v a start web1
    gives "3 web1 running" held a
}

@test "a managed save is not lost while the program cannot be loaded" {
    local saves=$lab/a/lib/qemu/save
    running a web1 3
    v a managedsave web1
    [ "$saves/web1.save" -ef "$saves/web1.save.virt-rehome" ]
    break_program a
    fails "error while loading shared libraries: libgone.2" v a start web1
    gives "shut off" state a web1
    [ "$saves/web1.save" -ef "$saves/web1.save.virt-rehome" ]
    mend_program a
    v a start web1
    gives 3 devices a web1
    soon gives "" ls "$saves"
    # The other way about: saved without it, restored with it; and without devices none is needed.
    break_program a
    v a managedsave web1
    plain a web2
    v a managedsave web2
    gives "web1.save web1.save.virt-rehome web2.save" echo "$(cd "$saves" && echo *)"
    v a start web2
    mend_program a
    v a start web1
    gives "3 web1 running" held a
    soon gives "" ls "$saves"
}

@test "a managed save that is removed: its second name goes with the guest" {
    local saves=$lab/a/lib/qemu/save
    running a web1 3
    v a managedsave web1
    v a managedsave-remove web1
    v a start web1
    v a destroy web1
    gives "web1.save.virt-rehome" ls "$saves"
    v a undefine web1
    soon gives "" ls "$saves"
    v a define web1.xml
    v a start web1
    v a managedsave web1
    v a undefine --managed-save web1
    soon gives "" ls "$saves"
}

# What the recorder reads is a pipe, so that it waits where the test wants it to.
feed() { # as long as it is there; two that meet in the pipe make one document that nobody can read
    while [ -p inventory ]; do
        timeout 5 sh -c 'cat "$1" > inventory' sh "$lab/a/host.xml" || true
        sleep 0.5
    done
}

@test "a guest that ends and begins again while the service looks at the host" {
    local recorder feeder
    rig recorder "$lab" a stop
    guest web1 3
    v a create web1.xml
    guest web2 4
    v a create web2.xml
    mkfifo inventory
    on a sh -c "'$RH_BIN_DIR/virt-rehome-recorder' --host '$PWD/inventory' > '$PWD/service.log' 2>&1 & echo \$! > '$PWD/service.pid'" 3>&-
    recorder=$(cat service.pid)
    cat "$lab/a/host.xml" > inventory
    soon gives net-a3 record a web1 name
    on a kill -STOP "$recorder"
    v a destroy web1
    on a kill -HUP "$recorder"
    on a kill -CONT "$recorder"
    sleep 1
    v a create web1.xml
    feed 3>&- 4>&- &
    feeder=$!
    soon gives net-a3 record a web1 name
    kill $feeder
    on a kill "$recorder"
    rm inventory
    cat service.log
    [ "$(grep -c Sanitizer service.log)" = 0 ]
    rig recorder "$lab" a start
}
