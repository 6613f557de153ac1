# SPDX-License-Identifier: LGPL-2.1-or-later
# Who may not look: what could not be looked at is unknown and counts as no, and a sentence says so.
#
# Where the tests run as root, what may not be read is tried by root without its rights, and as nobody.

setup() {
    # bats' own folder is nobody's but its user's
    work=$(mktemp -d "${TMPDIR:-/tmp}/virt-rehome-unseen.XXXXXX")
    chmod 755 "$work"
    cd "$work"
    program="$RH_BIN_DIR/virt-rehome"
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99"
    export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}halt_on_error=1:exitcode=99"
    cp -r "$RH_SOURCE_DIR/tests/fixtures/tree-mtty/host" root
    cp "$RH_SOURCE_DIR/tests/fixtures/tree-mtty/domain.xml" web1.xml
    mkdir -p root/run/libvirt/qemu root/run/virt-rehome root/etc/libvirt/qemu
    device=root/sys/bus/mdev/devices/cccccccc-0000-4000-8000-000000000003
    # a device whose group is known, so that processes are looked at for it
    mkdir -p root/sys/class/vfio/12 root/proc/1/fd root/proc/4711/fd
    echo 1:77 > root/sys/class/vfio/12/dev
    ln -s ../../../kernel/iommu_groups/12 $device/iommu_group
    chmod -R a+rX .
    who=()
}

teardown() {
    chmod -R u+rwx "$work"
    cd /
    rm -rf "$work"
}

# What is asked from here on is asked by somebody with no more rights than a file's mode gives.
without_rights() {
    [ "$(id -u)" != 0 ] || who=(setpriv --bounding-set -all --inh-caps -all)
}

as_nobody() {
    [ "$(id -u)" = 0 ] || skip "only root can ask as nobody"
    who=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    if ! "${who[@]}" test -x "$program"; then
        skip "nobody may not run $program"
    fi
}

try() {
    status=0
    "${who[@]}" "$program" "$@" < "${input:-/dev/null}" > out 2> err || status=$?
    echo "$*: exit $status"
    head -c 2000 out
    head -c 2000 err
}

ends() { # EXIT
    [ "$status" = "$1" ]
}

lacks() { # PATTERN FILE
    if grep -q "$@"; then
        return 1
    fi
}

json() { # EXPRESSION over the parsed output, called `it`
    python3 -c 'import json, sys; it = json.load(open("out")); value = eval(sys.argv[1]); print(value); sys.exit(not value)' "$1"
}

# Neither `host` nor `check` takes a device for free, and both say why.
is_unknown() { # PATTERN of the reason
    try host --root root
    ends 0
    xmllint --nonet --noout --relaxng "$RH_SOURCE_DIR/schemas/host.rng" out
    [ "$(xmllint --xpath 'string(/*/@complete)' out)" = no ]
    [ "$(xmllint --xpath 'count(//*[local-name() = "mdev" and @used-by = "unknown"])' out)" = 2 ]
    grep -q "^warning: not all is known of what guests here use: $1" err
    grep -q "counts as in use$" err
    cp out saved.xml
    try check web1.xml --root root
    ends 1
    grep -q "^guest 'web1' does not fit" out
    grep -q "may be in use: who uses it could not be looked at, which takes root" out
    grep -q "^warning: not all is known of what guests here use: $1" err
    # nor does who asks elsewhere
    who=()
    try check web1.xml --host saved.xml
    ends 1
    grep -q "^  by the inventory 'saved.xml', .* old, which is not complete$" out
    try check web1.xml --host saved.xml --format json
    json 'it["hosts"][0]["complete"] is False'
    json 'it["hosts"][0]["devices"][0]["candidates"][1]["reasons"][0]["host"] == "unknown"'
}

# -- what may not be read -------------------------------------------------------------------------

@test "who may look at all of it is told that it is all" {
    try host --root root
    ends 0
    [ ! -s err ]
    lacks -E 'complete=|used-by' out
    try check web1.xml --root root
    ends 0
    [ ! -s err ]
    try claims --root root
    ends 0
    [ "$(cat out)" = "no claims" ]
}

@test "folders that are not there are empty" {
    rm -r root/run root/etc root/proc/1 root/proc/4711
    without_rights
    try host --root root
    ends 0
    [ ! -s err ]
    lacks -E 'complete=|used-by' out
    try claims --root root
    ends 0
    [ "$(cat out)" = "no claims" ]
}

@test "claims that may not be read" {
    chmod 0 root/run/virt-rehome
    without_rights
    is_unknown "cannot open the claims file '.*': Permission denied; "
    without_rights
    try claims --root root
    ends 2
    [ ! -s out ]
    grep -q "^virt-rehome: cannot open the claims file '.*': Permission denied; " err
}

@test "status files that may not be listed, or not be read" {
    chmod 0 root/run/libvirt/qemu
    without_rights
    is_unknown "cannot list '.*': Permission denied; "
    chmod 755 root/run/libvirt/qemu
    echo "<domstatus/>" > root/run/libvirt/qemu/db2.xml
    chmod 0 root/run/libvirt/qemu/db2.xml
    without_rights
    is_unknown "cannot open libvirt's file '.*db2.xml': Permission denied; "
    without_rights
    try claims --root root
    ends 0
    grep -q "^warning: cannot open libvirt's file '.*db2.xml': Permission denied; " err
}

@test "processes that may not be looked at, and a /proc that hides them" {
    chmod 0 root/proc/4711/fd
    without_rights
    is_unknown "1 of the processes could not be looked at for devices that they have open; "
    chmod 755 root/proc/4711/fd
    # as with hidepid=2, where one sees oneself alone
    mv root/proc/1 first
    ln -s 4711 root/proc/self
    is_unknown "1 of the processes could not be looked at for devices that they have open; "
    mv first root/proc/1
    try host --root root
    lacks complete= out
}

@test "status files count also where the claims are damaged" {
    mkdir -p state
    echo damaged > state/claims
    chmod 0 root/run/libvirt/qemu
    without_rights
    try check web1.xml --root root --state state
    ends 1
    grep -q "^warning: .*cannot list '.*': Permission denied; " err
}

@test "vDPA devices, where the bus may not be looked at, are no empty inventory" {
    chmod 0 root/sys/bus
    without_rights
    try host --root root
    ends 2
    [ ! -s out ]
    grep -q "Permission denied; " err
}

id_here() {
    try host --root root
    ends 0
    xmllint --nonet --noout --relaxng "$RH_SOURCE_DIR/schemas/host.rng" out
    printf %s "$(xmllint --xpath 'string(/*/@host-id)' out)" > id
}

@test "the host's id: of whom may read the product UUID, and of no machine-id that is none" {
    id_here
    [ ! -s id ]
    mkdir -p root/sys/class/dmi/id
    echo 3d1219c7c4c5404aaa1f6d2a48adfda4 > root/etc/machine-id
    id_here
    grep -q -x '[0-9a-f]\{32\}' id
    cp id of-machine-alone
    echo 4c4c4544-0044-4a10-8058-b4c04f303532 > root/sys/class/dmi/id/product_uuid
    id_here
    grep -q -x '[0-9a-f]\{32\}' id
    run cmp -s id of-machine-alone
    [ "$status" = 1 ]
    lacks 3d1219c7 out
    cp id of-both
    # a changed name, and none yet
    echo renamed > root/proc/sys/kernel/hostname
    id_here
    cmp id of-both
    echo '(none)' > root/proc/sys/kernel/hostname
    id_here
    cmp id of-both
    [ "$(xmllint --xpath 'count(/*/@name)' out)" = 0 ]
    chmod 0 root/sys/class/dmi/id/product_uuid
    without_rights
    id_here
    [ ! -s id ]
    who=()
    chmod 400 root/sys/class/dmi/id/product_uuid
    : > root/etc/machine-id
    id_here
    [ ! -s id ]
    echo uninitialized > root/etc/machine-id
    id_here
    [ ! -s id ]
}

# -- nobody ---------------------------------------------------------------------------------------

@test "nobody, on a host with claims" {
    as_nobody
    chmod 700 root/run/virt-rehome
    input=web1.xml
    who=()
    try hook web1 migrate begin - --root root
    ends 0
    as_nobody
    is_unknown "cannot open the claims file '.*': Permission denied; it takes root; "
    as_nobody
    try claims --root root
    ends 2
    grep -q "Permission denied; it takes root$" err
    try release web1 --root root
    ends 2
    grep -q "the claims in 'root/run/virt-rehome' are root's; run this as root, or with another folder as --state$" err
    lacks "remove it" err
    who=()
    try release web1 --root root
    ends 0
    grep -q "^released mdev" out
}

@test "nobody, beside processes of others" {
    as_nobody
    rm -r root/proc
    ln -s /proc root/proc
    try host --root root
    ends 0
    [ "$(xmllint --xpath 'string(/*/@complete)' out)" = no ]
    grep -q "of the processes could not be looked at for devices that they have open; it takes root; " err
    mkdir state
    chown 65534 state
    input=web1.xml
    try hook web1 migrate begin - --root root --state state
    ends 1
    [ ! -s out ]
    grep -q "^it is not known what the guests here use: .* processes could not be looked at .*; it takes root$" err
    # root may
    who=()
    try hook web1 migrate begin - --root root --state state2
    ends 0
    [ -s out ]
}

@test "hook: nobody is told that it does nothing, where it would" {
    as_nobody
    input=web1.xml
    try hook web1 migrate begin - --root root
    ends 2
    [ ! -s out ]
    grep -q "^virt-rehome: for anybody but root the hook does nothing.*; run it as root, or with --state DIR" err
}

# All that guests have is known to it; QEMU would fail on what any other process has open.
@test "hook: root that may not look into processes" {
    [ "$(id -u)" = 0 ] || skip "for root alone"
    chmod 0 root/proc/4711/fd
    without_rights
    input=web1.xml
    try hook web1 migrate begin - --root root --state state
    ends 0
    [ -s out ]
}

# -- words ----------------------------------------------------------------------------------------

@test "hook: an operation that libvirt does not have is named" {
    input=web1.xml
    local words
    for words in "migarte begin" "migrate end" "- -" "Prepare begin"; do
        # shellcheck disable=SC2086 # words are what is wanted
        try hook web1 $words - --root root --state state
        ends 2
        [ ! -s out ]
        grep -q "^virt-rehome: libvirt has no operation '$words'; it has: migrate begin, restore begin, prepare begin, " err
    done
    [ ! -e state ]
    try hook web1 attach begin - --root root --state state
    ends 0
    [ ! -s err ]
    # what libvirt runs passes over what a later libvirt may have
    "$RH_BIN_DIR/virt-rehome-hook-proper" web1 migarte begin - < web1.xml > out 2> err
    [ ! -s out ]
    [ ! -s err ]
}

# -- one of many hosts ----------------------------------------------------------------------------

# Inventories: one that fits, and what nobody can ask.
make_hosts() {
    mkdir hosts
    try host --root root
    cp out hosts/good.xml
    : > hosts/empty.xml
    echo "<host xmlns='urn:virt-rehome:1' format='99'/>" > hosts/newer.xml
    sed 's/ time="[^"]*"/ time="yesterday"/' hosts/good.xml > hosts/odd.xml
    mkfifo hosts/pipe.xml
    sed 's/ time="[^"]*"//; s/ version="[^"]*"//; s/dsthost/old/' hosts/good.xml > hosts/old.xml
    cp hosts/good.xml hosts/secret.xml
    chmod 0 hosts/secret.xml
    mkdir nothing
}

@test "check: what cannot be asked among many hosts is a line of the answer" {
    make_hosts
    chmod 755 hosts
    without_rights
    try check web1.xml --host hosts --host nothing --host nowhere.xml
    ends 0
    grep -A1 "^guest 'web1' fits on host 'dsthost'$" out | grep -q "^  by the inventory 'hosts/good.xml', [0-9]* s old$"
    grep -A1 "^guest 'web1' fits on host 'old'$" out | grep -q "^  by the inventory 'hosts/old.xml', of unknown age$"
    grep -q "^host 'hosts/empty.xml' could not be asked: " out
    grep -q "^host 'hosts/newer.xml' could not be asked: .*the inventory has format 99, " out
    grep -q "^host 'hosts/odd.xml' could not be asked: .*time='yesterday'" out
    grep -q "^host 'hosts/pipe.xml' could not be asked: it is not a regular file$" out
    grep -q "^host 'hosts/secret.xml' could not be asked: .*Permission denied; " out
    grep -q "^host 'nothing' could not be asked: the folder 'nothing' holds no inventory" out
    grep -q "^host 'nowhere.xml' could not be asked: cannot open the inventory 'nowhere.xml': No such file" out
    # those that could be asked come first
    [ "$(grep -n 'could not be asked' out | head -n 1 | cut -d : -f 1)" -gt "$(grep -n "on host 'old'" out | cut -d : -f 1)" ]
    try check web1.xml --host hosts --format json
    ends 0
    json '[host["fits"] for host in it["hosts"]] == [True, True] + [False] * 5'
    json '["error" in host for host in it["hosts"]] == [False, False] + [True] * 5'
    json '[host["file"] for host in it["hosts"]][:3] == ["hosts/good.xml", "hosts/old.xml", "hosts/empty.xml"]'
    json 'it["hosts"][0]["time"].endswith("Z") and 0 <= it["hosts"][0]["age"] < 600 and it["hosts"][0]["version"]'
    json 'it["hosts"][1]["time"] is None and it["hosts"][1]["age"] is None and it["hosts"][1]["version"] is None'
    try check web1.xml --host hosts --print-xml
    ends 0
    grep -q "^<domain" out
    [ "$(grep -c 'could not be asked' err)" = 5 ]
}

@test "check: where none of several hosts can be asked, that is trouble, and one that does not fit is an answer" {
    make_hosts
    try check web1.xml --host hosts/empty.xml --host hosts/newer.xml
    ends 2
    [ "$(grep -c 'could not be asked' out)" = 2 ]
    try check web1.xml --host hosts/empty.xml
    ends 2
    [ ! -s out ]
    sed 's/<mdev uuid.*//' hosts/good.xml > none.xml
    try check web1.xml --host hosts/empty.xml --host none.xml
    ends 1
    grep -q "^guest 'web1' does not fit on host 'dsthost'$" out
}

@test "an inventory carries its time and version, and its age is told" {
    try host --root root
    ends 0
    [ "$(xmllint --xpath 'string(/*/@version)' out)" = "$RH_VERSION" ]
    [[ "$(xmllint --xpath 'string(/*/@time)' out)" =~ ^20[0-9][0-9]-..-..T..:..:..Z$ ]]
    cp out now.xml
    # what is printed again is as old as it was
    sed 's/ time="[^"]*"/ time="2020-02-29T12:00:00Z"/; s/ version="[^"]*"/ version="0.0.9"/' now.xml > old.xml
    try host --host old.xml
    cmp out old.xml
    local age words
    while read -r age words; do
        sed "s/ time=\"[^\"]*\"/ time=\"$(date -u -d "@$(($(date +%s) - age))" +%Y-%m-%dT%H:%M:%SZ)\"/" now.xml > aged.xml
        try check web1.xml --host aged.xml
        grep -q "^  by the inventory 'aged.xml', $words$" out
    done << 'END'
130 2 minutes old
7300 2 hours old
260000 3 days old
-7200 of unknown age
END
}
