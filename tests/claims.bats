# SPDX-License-Identifier: LGPL-2.1-or-later
# Claims, through the hook and the commands: no device twice, nothing lost, never stuck.
#
# RH_STORM_SEED     at which moments hooks are killed (1)

setup() {
    cd "$BATS_TEST_TMPDIR"
    program="$RH_BIN_DIR/virt-rehome"
    crowd="$RH_SOURCE_DIR/tests/crowd"
    # A sanitizer's report must not pass for a refusal.
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99"
    export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}halt_on_error=1:exitcode=99"
    # A host where libvirt runs, and these tests are its daemon.
    status_folder=root/run/libvirt/qemu
    mkdir -p $status_folder
    ln -s /proc root/proc
    printf '[policy]\ndeadline = 2\n' > config
    common=(--host host.xml --root root --state state --config config)
    jobs=()
}

teardown() {
    [ ${#jobs[@]} = 0 ] || kill -KILL "${jobs[@]}" 2> killed || true
}

needs() { # PROGRAM…
    local name
    for name in "$@"; do
        command -v "$name" > found && continue
        [ "${CI:-}" != true ] || return 1
        skip "$name is not installed"
    done
}

# -- what is done and what is seen ----------------------------------------------------------------

# The hook for a guest, which is its XML without .xml, into the files out and err, and $status.
hook() { # GUEST OPERATION SUBOPERATION [EXTRA]
    status=0
    "$program" hook "$1" "$2" "$3" "${4:--}" "${common[@]}" < "$1.xml" > out 2> err || status=$?
    echo "$*: exit $status $(head -c 2000 err)"
}

passes() { # GUEST OPERATION SUBOPERATION [EXTRA]: and is silent
    hook "$@"
    [ "$status" = 0 ]
    [ ! -s err ]
}

refused() { # PATTERN GUEST OPERATION SUBOPERATION [EXTRA]
    hook "${@:2}"
    [ "$status" = 1 ]
    [ ! -s out ]
    [ "$(wc -c < err)" -le 2049 ]
    head -n 1 err | grep -q -- "$1"
}

# The guest is given a device: its XML names it from now on.
comes() { # GUEST
    passes "$1" migrate begin
    [ -s out ]
    cp out "$1.xml"
}

starts() { # GUEST
    passes "$1" prepare begin
    passes "$1" start begin
    shows "$1"
    passes "$1" started begin
}

# QEMU ends, and what libvirt tells then.
ends() { # GUEST [EXTRA]
    rm -f "$status_folder/$1.xml"
    passes "$1" stopped end
    passes "$1" release end "${2:-shutdown}"
}

# libvirt's status file of a running guest.
shows() { # GUEST
    { echo "<domstatus state='running' reason='booted' pid='1'>"; cat "$1.xml"; echo "</domstatus>"; } > "$status_folder/$1.xml"
}

# The claims, "DEVICE GUEST STATE" each, in lines.
held() {
    "$program" claims --root root --state state --format json > claims.json
    python3 -c 'import json
for claim in json.load(open("claims.json"))["claims"]: print(claim["key"].split("/")[-1], claim["guest"], claim["state"])'
}

is_held() { # LINE…
    diff <(printf '%s\n' "$@") <(held)
}

nothing_is_held() {
    [ -z "$(held)" ]
}

# As if so many seconds had gone by since.
age() { # SECONDS
    python3 - "$1" << 'PYTHON'
import re, sys
text = open("state/claims").read()
new = re.sub(r' time="(\d+)"', lambda match: f' time="{max(int(match[1]) - int(sys.argv[1]), 0)}"', text)
assert new != text
open("state/claims", "w").write(new)
PYTHON
}

# host.xml with so many like devices, vhost-vdpa-0 and so on, and the guests web1000, web1001, …
make() { # DEVICES GUESTS
    local file
    "$crowd" make "$1" "$2"
    for file in guest*.xml; do
        file=${file#guest}
        mv "guest$file" "web$((1000 + ${file%.xml})).xml"
    done
}

source_of() { # GUEST
    sed -n 's/.*<source dev="\([^"]*\)".*/\1/p' "$1.xml"
}

# A guest that always was here: its record says this host.
at_home() { # GUEST DEVICE
    sed -i "s/host=\"srchost\"/host=\"dsthost\"/; s/vhost-vdpa-[0-9]*/vhost-vdpa-$2/g; s/\"vdpa[0-9][0-9]*\"/\"vdpa$2\"/" "$1.xml"
}

# -- which of several ---------------------------------------------------------------------------

@test "a device that another guest's definition names is taken last" {
    make 2 2
    mkdir -p root/etc/libvirt/qemu
    sed 's/web1000/sleeper/; s/000000001000</000000009999</; s#/dev/vhost-vdpa-[0-9]*#/dev/vhost-vdpa-0#' web1000.xml > root/etc/libvirt/qemu/sleeper.xml
    comes web1000
    is_held "vhost-vdpa-1 web1000 reserved"
    comes web1001
    is_held "vhost-vdpa-1 web1000 reserved" "vhost-vdpa-0 web1001 reserved"
}

@test "a device that the guest's own definition names is not taken last" {
    make 2 1
    mkdir -p root/etc/libvirt/qemu
    sed 's#/dev/vhost-vdpa-[0-9]*#/dev/vhost-vdpa-0#' web1000.xml > root/etc/libvirt/qemu/web1000.xml
    comes web1000
    is_held "vhost-vdpa-0 web1000 reserved"
}

@test "a status file and a claims file that are pipes hold nobody up" {
    make 1 2
    mkdir state
    mkfifo state/claims "$status_folder/odd.xml"
    comes web1000
    [ -p state/claims.damaged ]
    passes web1000 prepare begin
    passes web1000 start begin
    passes web1000 reconnect begin
}

@test "claims: a damaged file is trouble, and left for the hook to set aside" {
    mkdir state
    echo damaged > state/claims
    status=0
    "$program" claims --root root --state state > out 2> err || status=$?
    [ "$status" = 2 ]
    [ ! -s out ]
    grep -q "the claims file 'state/claims' is not well-formed XML" err
    [ "$(cat state/claims)" = damaged ]
}

# -- many at once ---------------------------------------------------------------------------------

@test "80 hooks at once for 64 like devices: 64 guests get one each, 16 are refused" {
    "$crowd" make 64 80
    "$crowd" rush 80 | tee said
    [ "$(cat said)" = "64 given, 16 refused" ]
    xmllint --noout --relaxng "$RH_SOURCE_DIR/schemas/claims.rng" state/claims
}

@test "hooks that are killed at random moments: no device twice, none stuck, the file always readable" {
    "$crowd" make 16 24
    "$crowd" storm 100 "${RH_STORM_SEED:-1}"
}

# One operation, killed at every system call of the process that libvirt started.
killed_at_each_step() { # OPERATION
    local status=0
    needs strace
    "$crowd" make 2 2
    "$crowd" steps "$1" > said 2>&1 || status=$?
    cat said
    [ $status != 77 ] || skip "$(head -n 1 said)"
    [ $status = 0 ]
}

@test "migrate begin killed at each system call: reserved or free, and the next guest is served" {
    killed_at_each_step "migrate begin"
}

@test "prepare begin killed at each system call: reserved or claimed, and the next guest is served" {
    killed_at_each_step "prepare begin"
}

@test "release end killed at each system call: running or free, and the next guest is served" {
    killed_at_each_step "release end"
}

@test "what a killed hook was writing does not pile up" {
    needs strace
    make 2 1
    for ((i = 0; i < 5; i++)); do
        ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" strace -qq -o trace -e trace=fsync -e inject=fsync:signal=KILL \
            "$program" hook web1000 migrate begin - "${common[@]}" < web1000.xml > out 2> err || true
    done
    grep -q KILL trace || skip "strace cannot trace here: $(head -c 200 err)"
    passes web1000 migrate begin
    ls state
    [ "$(ls -A state | wc -l)" -le 3 ]
}

# -- from reservation to release ------------------------------------------------------------------

@test "a reserved device is nobody else's, and the refusal names the guest" {
    make 1 2
    comes web1000
    is_held "vhost-vdpa-0 web1000 reserved"
    refused "in use by guest web1000" web1001 migrate begin
    is_held "vhost-vdpa-0 web1000 reserved"
}

@test "reserved, claimed, running, free" {
    make 1 2
    comes web1000
    passes web1000 prepare begin
    is_held "vhost-vdpa-0 web1000 claimed"
    refused "in use by guest web1000" web1001 migrate begin
    passes web1000 start begin
    shows web1000
    passes web1000 started begin
    is_held "vhost-vdpa-0 web1000 running"
    refused "in use by guest web1000" web1001 migrate begin
    ends web1000
    nothing_is_held
    comes web1001
}

# RULES: status files are "written after `start begin`, so between `prepare` and then only our
# claims show a device".
@test "after start begin, before libvirt writes the status file, the device is still held" {
    make 1 2
    comes web1000
    passes web1000 prepare begin
    passes web1000 start begin
    refused "in use by guest web1000" web1001 migrate begin
    at_home web1001 0
    refused "in use by guest web1000" web1001 prepare begin
}

@test "a device that was unplugged is free, though its guest runs on" {
    make 2 2
    comes web1000
    starts web1000
    age 300
    is_held "vhost-vdpa-0 web1000 running"
    cp "$status_folder/web1000.xml" whole.xml
    sed '/<interface/,/<\/interface>/d' whole.xml > "$status_folder/web1000.xml"
    nothing_is_held
    # Not where libvirt's file cannot be read.
    echo '<domstatus type="vdpa"' > "$status_folder/web1000.xml"
    is_held "vhost-vdpa-0 web1000 running"
    cp whole.xml "$status_folder/web1000.xml"
    is_held "vhost-vdpa-0 web1000 running"
}

@test "another script of the chain refuses: the device is free 120 s later, not before" {
    make 1 2
    comes web1000
    age 110
    refused "in use by guest web1000" web1001 migrate begin
    age 10
    nothing_is_held
    comes web1001
    is_held "vhost-vdpa-0 web1001 reserved"
}

@test "a reservation that ended before prepare: claimed anew where the device is free" {
    make 1 2
    comes web1000
    age 300
    passes web1000 prepare begin
    is_held "vhost-vdpa-0 web1000 claimed"
}

@test "a reservation that ended before prepare: refused where the device is another's" {
    make 1 2
    comes web1000
    age 300
    comes web1001
    refused "in use by guest web1001" web1000 prepare begin
    is_held "vhost-vdpa-0 web1001 reserved"
}

@test "a reserved device that is gone at prepare" {
    make 2 1
    comes web1000
    sed -i '/vhost-vdpa-0/d' host.xml
    refused "vhost-vdpa-0" web1000 prepare begin
}

@test "prepare drops what the guest held beside" {
    make 2 1
    comes web1000
    starts web1000
    sed -i 's/vhost-vdpa-0/vhost-vdpa-1/; s/"vdpa0"/"vdpa1"/' web1000.xml
    passes web1000 prepare begin
    is_held "vhost-vdpa-1 web1000 claimed"
}

@test "the same guest again: one reservation, of the new device" {
    make 2 2
    cp web1000.xml first.xml
    comes web1000
    cp first.xml web1000.xml
    comes web1000
    [ "$(held | wc -l)" = 1 ]
    comes web1001
    [ "$(source_of web1000)" != "$(source_of web1001)" ]
}

# libvirt turns it down after the hook: a guest of that name and uuid is active.
@test "a copy of a running guest comes in and is turned away: the running one keeps its device" {
    make 2 2
    cp web1000.xml copy.xml
    comes web1000
    starts web1000
    cp web1000.xml running.xml
    cp copy.xml web1000.xml
    passes web1000 migrate begin
    is_held "vhost-vdpa-0 web1000 running" "vhost-vdpa-1 web1000 reserved"
    age 120
    is_held "vhost-vdpa-0 web1000 running"
    comes web1001
    [ "$(source_of web1001)" = /dev/vhost-vdpa-1 ]
    cp running.xml web1000.xml
    ends web1000 migrated
    is_held "vhost-vdpa-1 web1001 reserved"
}

@test "stopped and release keep the reservation of a guest that is on its way back" {
    make 2 1
    cp web1000.xml away.xml
    comes web1000
    starts web1000
    cp web1000.xml here.xml
    cp away.xml web1000.xml
    comes web1000
    cp web1000.xml back.xml
    cp here.xml web1000.xml
    ends web1000 migrated
    is_held "vhost-vdpa-1 web1000 reserved"
    cp back.xml web1000.xml
    starts web1000
    is_held "vhost-vdpa-1 web1000 running"
}

@test "release never came: the claim ends where libvirt's status file is gone" {
    make 1 2
    comes web1000
    starts web1000
    rm $status_folder/web1000.xml
    age 120
    nothing_is_held
    comes web1001
}

@test "a running guest's claim does not end by time" {
    make 1 2
    comes web1000
    starts web1000
    age 100000
    is_held "vhost-vdpa-0 web1000 running"
    refused "in use by guest web1000" web1001 migrate begin
}

@test "claimed: ends with the daemon that asked, not before" {
    make 1 2
    comes web1000
    # A daemon that is gone afterwards.
    bash -c '"$@" < web1000.xml; :' daemon "$program" hook web1000 prepare begin - "${common[@]}"
    age 120
    nothing_is_held
    at_home web1001 0
    passes web1001 prepare begin
    is_held "vhost-vdpa-0 web1001 claimed"
    age 580
    is_held "vhost-vdpa-0 web1001 claimed"
    # A daemon that lives has ten minutes to show the guest.
    age 20
    nothing_is_held
}

@test "claimed: a process of the guest holds it, whatever libvirt has written yet" {
    make 1 2
    at_home web1000 0
    passes web1000 prepare begin
    sleep 600 3>&- &
    qemu=$!
    jobs+=($qemu)
    echo $qemu > $status_folder/web1000.pid
    age 100000
    is_held "vhost-vdpa-0 web1000 claimed"
    refused "in use by guest web1000" web1001 migrate begin
    kill $qemu
    wait $qemu || true
    nothing_is_held
    # What nobody can read or understand has not ended.
    echo soon > $status_folder/web1000.pid
    is_held "vhost-vdpa-0 web1000 claimed"
    rm $status_folder/web1000.pid
    mkdir $status_folder/web1000.pid
    is_held "vhost-vdpa-0 web1000 claimed"
    rmdir $status_folder/web1000.pid
    nothing_is_held
}

@test "running: a guest whose status file is gone holds its devices while its process lives" {
    make 1 1
    at_home web1000 0
    starts web1000
    sleep 600 3>&- &
    qemu=$!
    jobs+=($qemu)
    echo $qemu > $status_folder/web1000.pid
    rm $status_folder/web1000.xml
    age 1000
    is_held "vhost-vdpa-0 web1000 running"
    kill $qemu
    wait $qemu || true
    nothing_is_held
}

@test "claimed: a daemon of which the kernel does not tell whether it lives has not ended" {
    make 1 1
    at_home web1000 0
    passes web1000 prepare begin
    age 120
    sed -i -E 's/daemon="[0-9]+" daemon-start="[0-9]+"/daemon="4711" daemon-start="5"/' state/claims
    rm root/proc
    mkdir -p root/proc/4711/stat
    is_held "vhost-vdpa-0 web1000 claimed"
    rmdir root/proc/4711/stat
    nothing_is_held
}

claim_of() { # DAEMON: what is said to have run the hook
    bash -c 'VIRT_REHOME_DAEMON=$1; export VIRT_REHOME_DAEMON; shift; "$@" < web1000.xml; :' daemon "$1" \
        "$program" hook web1000 prepare begin - "${common[@]}"
    grep -o ' daemon="[0-9]*"' state/claims || true
}

@test "claimed: on behalf of the daemon that the front names, which is no orphans' parent" {
    make 1 1
    at_home web1000 0
    gives() { [ "$(claim_of "$1")" = "$2" ] || { echo "$1: $(cat state/claims)"; return 1; }; }
    gives $$ " daemon=\"$$\""
    gives 1 ' daemon="0"'
    gives 0 ' daemon="0"'
    gives nobody ' daemon="0"'
    setsid sleep 60 3>&- 4>&- &
    jobs+=($!)
    until [ "$(cut -d' ' -f6 /proc/$!/stat)" = $! ]; do sleep 0.05; done
    gives $! ' daemon="0"' # of another session
}

@test "claimed by a daemon that is gone, but the guest runs" {
    make 1 2
    comes web1000
    bash -c '"$@" < web1000.xml; :' daemon "$program" hook web1000 prepare begin - "${common[@]}"
    shows web1000
    age 120
    is_held "vhost-vdpa-0 web1000 claimed"
    refused "in use by guest web1000" web1001 migrate begin
}

@test "in, out and in again, with another guest in between, leaves nothing behind" {
    make 1 2
    for round in 1 2 3; do
        for guest in web1000 web1001; do
            cp $guest.xml away.xml
            comes $guest
            starts $guest
            ends $guest migrated
            cp away.xml $guest.xml
            nothing_is_held
        done
    done
    [ "$(ls -A state | wc -l)" -le 2 ]
}

@test "a guest renamed by --dname holds its device under the new name" {
    make 1 2
    cp web1000.xml renamed.xml
    sed -i 's/<name>web1000/<name>renamed/' renamed.xml
    comes web1000
    comes renamed
    is_held "vhost-vdpa-0 renamed reserved"
    starts renamed
    is_held "vhost-vdpa-0 renamed running"
    refused "in use by guest renamed" web1001 migrate begin
    ends renamed
    nothing_is_held
}

@test "two guests of one name, by uuid two guests" {
    make 1 1
    comes web1000
    sed 's/000000001000</000000009999</; s/vhost-vdpa-0/vhost-vdpa-5/; s/dsthost/srchost/' web1000.xml > namesake.xml
    refused "in use by guest web1000" namesake migrate begin
}

# -- a plain start, and what may not fail ---------------------------------------------------------

@test "a guest of the same name, by uuid another, is not promised a running guest's device" {
    make 1 1
    at_home web1000 0
    starts web1000
    sed 's/00000000-0000-4000-8000/ffffffff-0000-4000-8000/' web1000.xml > twin.xml
    status=0
    "$program" hook web1000 migrate begin - "${common[@]}" < twin.xml > out 2> err || status=$?
    cat err
    [ "$status" = 1 ]
    grep -q "in use by guest web1000 (00000000-0000-4000-8000-000000001000)" err
    is_held "vhost-vdpa-0 web1000 running"
    # Nor where only libvirt's status file shows it.
    rm state/claims
    status=0
    "$program" hook web1000 migrate begin - "${common[@]}" < twin.xml > out 2> err || status=$?
    [ "$status" = 1 ]
    ends web1000
    passes web1000 prepare begin
}

@test "a status file of another guest of the name does not speak for the claim" {
    make 1 1
    at_home web1000 0
    starts web1000
    sed 's/00000000-0000-4000-8000/ffffffff-0000-4000-8000/' web1000.xml > twin.xml
    shows twin
    mv "$status_folder/twin.xml" "$status_folder/web1000.xml"
    age 200
    nothing_is_held
}

@test "a plain start claims; no configuration is read for it" {
    make 1 2
    at_home web1000 0
    echo "[broken" > config
    passes web1000 prepare begin
    is_held "vhost-vdpa-0 web1000 claimed"
    passes web1000 start begin
    shows web1000
    passes web1000 started begin
    passes web1000 reconnect begin
    ends web1000
    nothing_is_held
}

@test "a plain start of a guest whose device is missing, or another's" {
    make 1 2
    at_home web1000 3
    # libvirt looks for it when all hooks have run
    passes web1000 prepare begin
    is_held "vhost-vdpa-3 web1000 claimed"
    ends web1000
    nothing_is_held
    at_home web1000 0
    comes web1001
    refused "in use by guest web1001" web1000 prepare begin
    starts web1001
    rm -r state
    refused "in use by guest web1001" web1000 prepare begin
}

@test "a plain start where the claims cannot be kept: it starts" {
    make 1 1
    at_home web1000 0
    : > state
    hook web1000 prepare begin
    [ "$status" = 0 ]
    for words in "start begin" "started begin" "stopped end" "release end" "reconnect begin"; do
        # shellcheck disable=SC2086 # words are what is wanted
        hook web1000 $words
        [ "$status" = 0 ]
        [ ! -s out ]
    done
}

@test "a guest whose record says another host, never planned here: the rules judge it at prepare" {
    make 1 1
    passes web1000 migrate begin
    sed 's/host="dsthost"/host="srchost"/' out > fits.xml
    rm -r state
    passes fits prepare begin
    is_held "vhost-vdpa-0 web1000 claimed"
    rm -r state
    sed 's/mtu="1500"/mtu="9000"/' fits.xml > unfit.xml
    refused "mtu is 1500, must be at least 9000" unfit prepare begin
    [ ! -e state/claims ] || nothing_is_held
}

@test "reconnect: claims anew, and never fails" {
    make 2 2
    at_home web1000 0
    shows web1000
    passes web1000 reconnect begin
    is_held "vhost-vdpa-0 web1000 running"
    passes web1000 reconnect begin
    is_held "vhost-vdpa-0 web1000 running"
    # A device that is another's, or gone: the guest runs all the same.
    sed -i 's/vhost-vdpa-[0-9]*/vhost-vdpa-0/g' web1001.xml
    shows web1001
    passes web1001 reconnect begin
    sed -i 's/vhost-vdpa-0/vhost-vdpa-77/' web1001.xml
    passes web1001 reconnect begin
    echo "no XML" > broken.xml
    passes broken reconnect begin
}

# -- who else uses a device -----------------------------------------------------------------------

@test "busy by libvirt's status file, which no claim knows of" {
    make 3 2
    cp "$RH_SOURCE_DIR/tests/data/status-lab-both.xml" $status_folder/lab-both.xml
    comes web1000
    [ "$(source_of web1000)" = /dev/vhost-vdpa-2 ]
    refused "in use by" web1001 migrate begin
    grep -q "vdpa0: in use by guest lab-both" err
    grep -q "vdpa1: in use by guest lab-both" err
    grep -q "vdpa2: in use by guest web1000" err
    at_home web1001 1
    refused "in use by guest lab-both" web1001 prepare begin
}

@test "busy by a status file: what was hot-plugged after the claim" {
    make 2 2
    comes web1000
    starts web1000
    # libvirt writes its status file anew; no hook is run
    sed -i "s|</devices>|<interface type='vdpa'><source dev='/dev/vhost-vdpa-1'/><alias name='net1'/></interface></devices>|" $status_folder/web1000.xml
    refused "in use by" web1001 migrate begin
    grep -q "vdpa1: in use by guest web1000" err
}

@test "busy by a status file: a vhost-vdpa disk" {
    make 1 1
    sed "s|<interface.*|<disk type='vhostvdpa' device='disk'><source dev='/dev/vhost-vdpa-0'/><target dev='vda' bus='virtio'/></disk>|; /<mac\|<source dev=\"\|<.interface/d; s/web1000/db2/; s/000000001000</000000002000</; /<metadata/,/<.metadata/d" web1000.xml > db2.xml
    grep -q vhostvdpa db2.xml
    shows db2
    refused "in use by guest db2" web1000 migrate begin
}

@test "busy by a status file: below an image over a disk, and in forms that are not looked after" {
    local devices=(
        "<disk type='file'><source file='/srv/1'/><backingStore type='vhostvdpa'><source dev='/dev/vhost-vdpa-0'/></backingStore></disk></devices>"
        "<hostdev mode='subsystem' type='vdpa'><source dev='/dev/vhost-vdpa-0'/></hostdev></devices>"
        "<disk type='file'><source file='/srv/1'><dataStore type='vhostvdpa'><source dev='/dev/vhost-vdpa-0'/></dataStore></source></disk></devices>"
        "</devices><qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:arg value='vhost-vdpa,id=h,vhostdev=/dev/vhost-vdpa-0'/></qemu:commandline>"
    ) words
    make 1 1
    for words in "${devices[@]}"; do
        echo "<domain type='kvm'><name>db2</name><devices>$words</domain>" > db2.xml
        shows db2
        refused "in use by guest db2" web1000 migrate begin
    done
    rm $status_folder/db2.xml
    comes web1000
}

@test "status files that are none, and other files beside them, cost nothing" {
    make 1 1
    echo "no XML" > $status_folder/odd.xml
    echo "<domstatus><domain><devices><interface type='vdpa'>" > $status_folder/cut.xml
    : > $status_folder/empty.xml
    mkdir $status_folder/folder.xml $status_folder/channel
    cp "$RH_SOURCE_DIR/tests/data/status-lab-both.xml" $status_folder/lab-both.xml.new
    comes web1000
}

@test "a status file that exceeds a limit, or is cut: what its text names is in use, and if that is too much nothing is given" {
    make 2 3
    comes web1000
    starts web1000
    rm state/claims
    cp $status_folder/web1000.xml whole.xml
    python3 -c 'print("<a " + " ".join(f"b{n}=\"\"" for n in range(600)) + "/>")' > wide
    sed -i -e '/<devices>/{r wide' -e '}' $status_folder/web1000.xml
    comes web1001
    [ "$(source_of web1001)" = /dev/vhost-vdpa-1 ]
    refused "" web1002 migrate begin
    grep -q "vdpa0: in use by guest web1000" err
    { head -c -13 whole.xml && head -c 17000000 /dev/zero | tr '\0' ' ' && echo "</domstatus>"; } > $status_folder/web1000.xml
    refused "it is not known what the guests here use: .* larger than 16 MiB" web1002 migrate begin
    head -c -20 whole.xml > $status_folder/web1000.xml
    refused "" web1002 migrate begin
    grep -q "vdpa0: in use by guest web1000" err
    python3 -c 'for n in range(5000): print(f"<a b=\"/dev/x{n}\"/>")' > $status_folder/web1000.xml
    cat whole.xml >> $status_folder/web1000.xml
    refused "it is not known what the guests here use: " web1002 migrate begin
}

# A tree with two mediated devices that fit, mdev.xml that wants one of them, and nobody in /proc.
make_mdevs() {
    local tree="$RH_SOURCE_DIR/tests/fixtures/tree-mtty"
    rm -r root
    cp -a "$tree/host" root
    mkdir -p $status_folder
    cp "$tree/domain.xml" mdev.xml
    sed 's/<name>web1/<name>web2/; s/3f9d1</3f9d2</' mdev.xml > other.xml
    uuids=(bbbbbbbb-0000-4000-8000-000000000002 cccccccc-0000-4000-8000-000000000003)
    ln -sfn ../mdev_supported_types/mtty-2 "root/sys/bus/mdev/devices/${uuids[0]}/mdev_type"
    common=(--root root --state state --config config)
}

# A process that has the group of the mdev open. Devices of the kernel's own stand for groups: it is
# their numbers that count.
opens() { # PID COMM UUID GROUP null|zero
    mkdir -p "root/proc/$1/fd" "root/sys/class/vfio/$4"
    echo "$2" > "root/proc/$1/comm"
    stat -c "%Hr:%Lr" "/dev/$5" > "root/sys/class/vfio/$4/dev"
    ln -s "/dev/$5" "root/proc/$1/fd/31"
    ln -s "../../../kernel/iommu_groups/$4" "root/sys/bus/mdev/devices/$3/iommu_group"
}

@test "mdevs: reserved for one guest, refused to the next" {
    make_mdevs
    passes mdev migrate begin
    given=$(held)
    [[ $given == *" web1 reserved" ]]
    passes other migrate begin
    [ "$(held | cut -d ' ' -f 1 | sort -u | wc -l)" = 2 ]
    sed 's/<name>web1/<name>web3/; s/3f9d1</3f9d3</' mdev.xml > third.xml
    refused "" third migrate begin
    grep -q "in use by guest web1" err
    grep -q "in use by guest web2" err
}

@test "busy by /proc: an mdev whose group a process has open, in host, check and a refusal" {
    make_mdevs
    opens 4711 qemu-system-x86 "${uuids[0]}" 12 null
    "$program" host --root root --state state --config config > host.out
    [ "$(xmllint --xpath "string(//*[@uuid='${uuids[0]}']/@used-by)" host.out)" = "process 4711 (qemu-system-x86)" ]
    [ -z "$(xmllint --xpath "string(//*[@uuid='${uuids[1]}']/@used-by)" host.out)" ]
    passes mdev migrate begin
    [[ $(held) == "${uuids[1]} web1 reserved" ]]
    opens 4712 vfio-user "${uuids[1]}" 13 zero
    rm -r state
    refused "" mdev migrate begin
    grep -q "in use by process 4711 (qemu-system-x86)" err
    grep -q "in use by process 4712 (vfio-user)" err
    status=0
    "$program" check mdev.xml "${common[@]}" > check.out || status=$?
    [ $status = 1 ]
    grep -q "in use by process 4711 (qemu-system-x86)" check.out
}

@test "check and host name the guest that holds a device here" {
    make_mdevs
    passes other migrate begin
    uuid=$(held | cut -d ' ' -f 1)
    "$program" host --root root --state state --config config > host.out
    [ "$(xmllint --xpath "string(//*[@uuid='$uuid']/@used-by)" host.out)" = "guest web2" ]
    "$program" check mdev.xml "${common[@]}" > check.out
    grep -q "$uuid: in use by guest web2" check.out
    # a status file's guest too
    rm -r state
    sed "s/<address uuid=.*/<address uuid='${uuids[0]}'\/>/; s/<name>web1/<name>db2/; s/3f9d1</3f9d7</; /<metadata/,/<.metadata/d" mdev.xml > db2.xml
    shows db2
    "$program" check mdev.xml "${common[@]}" > check.out
    grep -q "${uuids[0]}: in use by guest db2" check.out
    "$program" host "${common[@]}" > host.out
    [ "$(xmllint --xpath "string(//*[@uuid='${uuids[0]}']/@used-by)" host.out)" = "guest db2" ]
}

@test "check changes no claims" {
    make_mdevs
    passes other migrate begin
    cp state/claims before
    "$program" check mdev.xml "${common[@]}" > check.out
    cmp before state/claims
    rm -r state
    "$program" check mdev.xml "${common[@]}" > check.out
    [ ! -e state ]
}

# -- the file -------------------------------------------------------------------------------------

# The file is what it should not be: it is set aside, a guest of libvirt's is still known, and the
# next guest is served.
is_set_aside() {
    comes web1001
    [ "$(source_of web1001)" = /dev/vhost-vdpa-1 ]
    [ "$(ls -A state)" = "$(printf 'claims\nclaims.damaged\nlock')" ]
    is_held "vhost-vdpa-1 web1001 reserved"
    xmllint --noout state/claims
}

damaged() { # CONTENT
    make 3 2
    comes web1000
    starts web1000
    printf '%s' "$1" > state/claims
    is_set_aside
    [ "$(cat state/claims.damaged)" = "$1" ]
}

@test "the file is cut" {
    make 3 2
    comes web1000
    starts web1000
    truncate -s 100 state/claims
    is_set_aside
}

@test "the file is empty" {
    damaged ""
}

@test "the file is not XML" {
    damaged "these are no claims"
}

@test "the file is another document" {
    damaged "<host xmlns='urn:virt-rehome:1' format='1'/>"
}

@test "the file has a claim of nothing" {
    damaged "<claims xmlns='urn:virt-rehome:1' format='1'><claim kind='vdpa' state='running'/></claims>"
}

@test "the file is of a later format" {
    damaged "<claims xmlns='urn:virt-rehome:1' format='2'><claim kind='vdpa' key='/dev/vhost-vdpa-1' guest='db9' state='reserved'/></claims>"
}

# A full table of files, no memory, a bad page: what could not be looked at is as good as before.
# Each call that reads the file fails once: $call, $error.
each_failure() { # WORDS… to run
    local failure
    needs strace
    for failure in openat:ENFILE openat:EACCES fstat,newfstatat:ENOMEM read:EIO; do
        echo "$failure"
        call=${failure%:*} error=${failure#*:}
        "$@"
    done
}

# The hook, with the failure. Whether it came to pass is in the trace.
fails() { # GUEST OPERATION SUBOPERATION
    status=0
    ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" strace -f -qq -o trace -P "$PWD/state/claims" -e trace="$call" -e inject="$call:error=$error:when=1" \
        "$program" hook "$1" "$2" "$3" - "${common[@]}" --state "$PWD/state" < "$1.xml" > out 2> err || status=$?
    echo "$*: exit $status $(head -c 2000 err)"
    grep -q INJECTED trace || skip "strace cannot inject here: $(head -c 200 err)"
}

could_not_look() {
    fails web1001 migrate begin
    [ "$status" = 1 ]
    [ ! -s out ]
    grep -q "^cannot \(open\|read\) the claims file '.*/state/claims': " err
    [ "$(wc -l < err)" = 1 ]
    diff before/claims state/claims
    [ ! -e state/claims.damaged ]
}

@test "a claims file that cannot be opened or read is no damage: migrate begin is refused, and nothing is set aside" {
    make 2 2
    comes web1000
    passes web1000 prepare begin # being built: nothing else shows its device
    cp -r state before
    each_failure could_not_look
    comes web1001
    is_held "vhost-vdpa-0 web1000 claimed" "vhost-vdpa-1 web1001 reserved"
}

@test "a claims file that cannot be read: restore begin leaves a refusal, a guest from elsewhere does not start" {
    needs strace
    make 2 2
    comes web1000
    call=openat error=ENFILE
    fails web1001 restore begin
    [ "$status" = 0 ]
    [ ! -s out ]
    refused "cannot open the claims file" web1001 prepare begin
    fails web1001 prepare begin
    [ "$status" = 1 ]
    grep -q "^cannot open the claims file" err
    is_held "vhost-vdpa-0 web1000 reserved"
}

@test "a guest from elsewhere does not pass for one of ours where the host's name cannot be read" {
    needs strace
    make 1 1
    # a source outside /dev counts as there, and no kernel here has such a device
    sed -i 's#source dev="[^"]*"#source dev="/nowhere/net0"#; s/srchost/another-host.invalid/' web1000.xml
    mkdir -m 700 state
    status=0
    ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" strace -f -qq -o trace -P proc/sys/kernel/hostname -e trace=openat -e inject=openat:error=ENFILE \
        "$program" hook web1000 prepare begin - --state "$PWD/state" --config config < web1000.xml > out 2> err || status=$?
    cat err
    grep -q INJECTED trace || skip "strace cannot inject here: $(head -c 200 err)"
    [ "$status" = 1 ]
    [ ! -e state/claims ]
}

# One call on libvirt's folder of status files, or on one of them, fails in whoever runs.
fails_on() { # PATH CALL ERROR WORDS…: the program's
    local path=$1 call=$2 error=$3
    shift 3
    status=0
    ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" strace -f -qq -o trace -P "$path" -e trace="$call" -e inject="$call:error=$error" \
        "$program" "$@" > out 2> err || status=$?
    echo "$call of $path: $error: exit $status $(head -c 2000 err)"
    grep -q INJECTED trace || skip "strace cannot inject here: $(head -c 200 err)"
}

@test "status files that cannot be listed or read: nobody knows what their guests use, and nothing is given" {
    needs strace
    make 1 2
    shows_its_guest() { # only libvirt's status file shows the device
        sed 's#source dev="[^"]*"#source dev="/dev/vhost-vdpa-0"#' web1001.xml > db9.xml
        sed -i 's/web1001/db9/; s/000000001001</000000009999</' db9.xml
        shows db9
    }
    shows_its_guest
    for failure in "run/libvirt/qemu openat EMFILE" "$PWD/$status_folder getdents64 EIO" \
        "$PWD/$status_folder/db9.xml read EIO" "root/run/libvirt/qemu/db9.xml openat ENFILE"; do
        # shellcheck disable=SC2086 # words are what is wanted
        fails_on $failure hook web1000 migrate begin - "${common[@]}" < web1000.xml
        [ "$status" = 1 ]
        [ ! -s out ]
        grep -q "^it is not known what the guests here use: cannot " err
        nothing_is_held
    done
    # a guest at home starts, and what is held does not end
    at_home web1000 0
    rm "$status_folder/db9.xml"
    starts web1000
    age 1000
    for failure in "run/libvirt/qemu openat EMFILE" "root/run/libvirt/qemu/web1000.xml openat ENFILE"; do
        # shellcheck disable=SC2086 # words are what is wanted
        fails_on $failure claims --root root --state state
        [ "$status" = 0 ]
        grep -q "^vdpa /dev/vhost-vdpa-0 for guest 'web1000'" out
        grep -q "^warning: cannot " err
    done
    fails_on run/libvirt/qemu openat EMFILE hook web1000 prepare begin - "${common[@]}" < web1000.xml
    [ "$status" = 0 ]
}

@test "a configuration that nobody could look for is not none" {
    needs strace
    make_mdevs
    mkdir -p root/etc
    echo "[broken" > root/etc/virt-rehome.conf
    fails_on etc/virt-rehome.conf faccessat,faccessat2 EIO check mdev.xml --root root --state state
    [ "$status" = 2 ]
    grep -q "virt-rehome.conf" err
}

@test "host and check warn where it is not known what guests use" {
    needs strace
    make_mdevs
    mkdir -p -m 700 state
    echo damaged > state/claims
    "$program" host "${common[@]}" > out 2> err
    grep -q "^warning: not all is known of what guests here use: the claims file" err
    "$program" check mdev.xml "${common[@]}" > out 2> err
    grep -q "^warning: not all is known" err
    rm state/claims
    "$program" host "${common[@]}" > out 2> err
    [ ! -s err ]
    fails_on run/libvirt/qemu openat EMFILE host "${common[@]}"
    [ "$status" = 0 ]
    grep -q "^warning: not all is known of what guests here use: cannot list" err
    [ -s out ]
}

passes_by() { # OPERATION SUBOPERATION
    fails web1000 "$@"
    [ "$status" = 0 ]
    [ ! -s out ]
    [ ! -s err ]
    diff before/claims state/claims
    [ ! -e state/claims.damaged ]
}

@test "a claims file that cannot be read: a guest at home starts, and what may not fail does not" {
    make 2 2
    at_home web1000 0
    comes web1001
    cp -r state before
    each_failure passes_by prepare begin
    call=openat error=ENFILE
    for words in "start begin" "started begin" "reconnect begin"; do
        # shellcheck disable=SC2086 # words are what is wanted
        passes_by $words
    done
}

@test "claims and release: a claims file that cannot be read is trouble, and stays" {
    make 2 1
    comes web1000
    needs strace
    cp -r state before
    for command in claims "release web1000"; do
        status=0
        # shellcheck disable=SC2086 # words are what is wanted
        ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" strace -f -qq -o trace -P "$PWD/state/claims" -e trace=openat -e inject=openat:error=ENFILE:when=1 \
            "$program" $command --root root --state "$PWD/state" > out 2> err || status=$?
        grep -q INJECTED trace || skip "strace cannot inject here: $(head -c 200 err)"
        [ "$status" = 2 ]
        [ ! -s out ]
        grep -q "cannot open the claims file '.*/state/claims'" err
        diff before/claims state/claims
    done
}

# A claims file of so many claims of others, made a second ago.
fills_the_file() { # CLAIMS
    python3 - "$1" << 'END'
import os, sys
now = int(float(open("/proc/uptime").read().split()[0]))
os.makedirs("state", mode=0o700, exist_ok=True)
with open("state/claims", "w") as file:
    file.write('<claims xmlns="urn:virt-rehome:1" format="1">')
    for n in range(int(sys.argv[1])):
        file.write(f'<claim kind="vdpa" key="/dev/vhost-vdpa-{9000 + n}" guest="db{n}" state="running" '
                   f'time="{now}" daemon="0" daemon-start="0"/>')
    file.write("</claims>")
END
}

@test "as many claims as a host may have, and one more" {
    make 2 2
    fills_the_file 2047
    comes web1000
    cp state/claims before
    refused "^2049 claims would be held on this host, and the limit is 2048" web1001 migrate begin
    cmp before state/claims
    [ ! -e state/claims.damaged ]
    # A guest that is at home starts all the same; one from elsewhere does not.
    sed -i 's#source dev="[^"]*"#source dev="/dev/vhost-vdpa-1"#' web1001.xml
    refused "the limit is 2048" web1001 prepare begin
    at_home web1001 1
    passes web1001 prepare begin
    cmp before state/claims
    "$program" release web1000 --root root --state state
    passes web1001 prepare begin
    is_in_the_file() { grep -q "guest=\"$1\"" state/claims; }
    is_in_the_file web1001
}

@test "the file has more claims than any of ours" {
    make 2 1
    fills_the_file 2049
    comes web1000
    [ -e state/claims.damaged ]
    is_held "vhost-vdpa-0 web1000 reserved"
}

@test "a source that is too long to be noted: the limit is told" {
    make 1 1
    printf '[policy]\nunrecorded = keep\n' > config
    sed -i "/<metadata>/,/<\/metadata>/d; s#/dev/vhost-vdpa-[0-9]*#/dev/$(printf 'x%.0s' {1..600})#" web1000.xml
    refused "the source of its device has 605 bytes, and the limit is 512" web1000 migrate begin
    [ ! -e state/claims ]
}

@test "the file is too large to be ours" {
    make 3 2
    comes web1000
    starts web1000
    truncate -s 17M state/claims
    is_set_aside
}

@test "the file is a folder" {
    make 3 2
    comes web1000
    starts web1000
    rm state/claims
    mkdir -p state/claims/folder
    is_set_aside
}

@test "the file is damaged, and something was set aside before" {
    make 3 2
    comes web1000
    starts web1000
    for before in file folder; do
        for now in file folder; do
            rm -r state
            mkdir -p -m 700 state
            if [ $before = file ]; then echo before > state/claims.damaged; else mkdir -p state/claims.damaged/before; fi
            if [ $now = file ]; then echo now > state/claims; else mkdir -p state/claims/now; fi
            echo "$before, then $now"
            passes web1001 migrate begin
            is_held "vhost-vdpa-1 web1001 reserved"
        done
    done
}

@test "a damaged file stops none of the other operations" {
    make 2 1
    at_home web1000 0
    mkdir state
    for words in "prepare begin" "start begin" "started begin" "reconnect begin" "stopped end" "release end"; do
        echo damaged > state/claims
        # shellcheck disable=SC2086 # words are what is wanted
        passes web1000 $words
    done
    echo damaged > state/claims
    ! "$program" claims --root root --state state || return 1
    "$program" release web1000 --root root --state state
    "$program" claims --root root --state state
}

@test "the state folder is only for its owner" {
    make 1 1
    rm -rf state
    (umask 000; comes web1000)
    [ "$(stat -c %a state)" = 700 ]
    [ "$(stat -c %a state/claims)" = 600 ]
    [ "$(stat -c %a state/lock)" = 600 ]
}

# Runs the lines on standard input in a mount namespace of their own.
in_namespace() {
    [ "$(id -u)" = 0 ] || skip "only root may mount"
    needs unshare
    unshare -m mount -t tmpfs -o size=16k none "$BATS_TEST_TMPDIR" 2> why || skip "no mount namespaces here: $(cat why)"
    export -f hook passes refused
    { declare -p program common; cat; } > script
    unshare -m bash -eu script
}

@test "a full state folder: a clear refusal at migrate begin, restore begin passes, a plain start starts" {
    make 2 2
    at_home web1001 1
    mkdir state
    in_namespace << 'END'
mount -t tmpfs -o size=16k,mode=700 none state
dd if=/dev/zero of=state/filler bs=4k count=9 2> dd.err || true
refused "^cannot write the claims: .*No space left" web1000 migrate begin
[ "$(wc -l < err)" = 1 ]
[ ! -e state/claims ]
hook web1000 restore begin
[ "$status" = 0 ]
[ ! -s out ]
hook web1001 prepare begin
[ "$status" = 0 ]
for words in "start begin" "started begin" "reconnect begin" "stopped end" "release end"; do
    passes web1001 $words
done
rm state/filler
passes web1000 migrate begin
[ -s out ]
END
}

@test "a full state folder does not lose what was in it" {
    make 2 2
    mkdir state
    in_namespace << 'END'
mount -t tmpfs -o size=16k,mode=700 none state
passes web1000 migrate begin
dd if=/dev/zero of=state/filler bs=4k count=9 2> dd.err || true
cp state/claims before
refused "^cannot write the claims" web1001 migrate begin
cmp before state/claims
ls state
[ "$(ls state)" = "$(printf 'claims\nfiller\nlock')" ]
END
}

@test "a read-only state folder: a clear refusal at migrate begin, restore begin passes, a plain start starts" {
    make 2 2
    at_home web1001 1
    mkdir -p state
    in_namespace << 'END'
mount --bind state state
mount -o remount,ro,bind state
refused "Read-only file system" web1000 migrate begin
[ "$(wc -l < err)" = 1 ]
hook web1000 restore begin
[ "$status" = 0 ]
[ ! -s out ]
hook web1001 prepare begin
[ "$status" = 0 ]
for words in "start begin" "started begin" "reconnect begin" "stopped end" "release end"; do
    hook web1001 $words
    [ "$status" = 0 ]
done
END
}

@test "no state folder can be made: a clear refusal" {
    make 1 1
    : > file
    common=(--host host.xml --root root --state file/state --config config)
    refused "^cannot make the folder 'file/state' for claims" web1000 migrate begin
}

# -- the lock, and time ---------------------------------------------------------------------------

# A hook that holds the lock, since a status file keeps it waiting.
holds_the_lock() { # GUEST: a hook that is stopped while it writes; its pid in $holder
    printf '[policy]\ndeadline = 60\n' > patient
    ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" strace -qq -o trace -e trace=fsync -e inject=fsync:signal=STOP:when=1 \
        "$program" hook "$1" migrate begin - --host host.xml --root root --state state --config patient < "$1.xml" > holder.out 2> holder.err 3>&- &
    jobs+=($!)
    for ((i = 0; i < 100; i++)); do
        ! grep -qs SIGSTOP trace || break
        kill -0 "${jobs[0]}" || skip "strace cannot trace here: $(head -c 200 holder.err)"
        sleep 0.1
    done
    holder=$(pgrep -P "${jobs[0]}")
}

# Runs it and says how long it took, in ms.
takes() { # WORDS…
    local begin
    begin=$(date +%s%N)
    "$@"
    ms=$((($(date +%s%N) - begin) / 1000000))
}

@test "the lock is held by another hook: a refusal within the deadline that names it" {
    needs strace pgrep
    make 2 2
    holds_the_lock web1000
    takes refused "locked by process $holder for guest 'web1000'" web1001 migrate begin
    [ $ms -lt 3500 ]
    [ "$(wc -l < err)" = 1 ]
    grep -q virt-rehome "/proc/$holder/cmdline"
    # a restore lets it pass, and is refused at prepare
    takes hook web1001 restore begin
    [ "$status" = 0 ]
    [ $ms -lt 3500 ]
    [ ! -s out ]
    takes refused "locked by process" web1001 prepare begin
    [ $ms -lt 3500 ]
    # the holder dies, and with it what it left to do
    kill -KILL "$holder"
    takes comes web1001
    [ $ms -lt 3000 ]
}

# Somebody has the lock for so long.
keeps_the_lock() { # SECONDS
    flock state/lock sleep "$1" 3>&- &
    jobs+=($!)
    for ((i = 0; i < 100; i++)); do
        ! flock -n state/lock true || { sleep 0.02; continue; }
        return 0
    done
    return 1
}

@test "whoever plans has given up what it does not need, before it waits for the lock" {
    needs nm pgrep
    make 1 2
    comes web1000 # and makes the lock
    keeps_the_lock 60
    printf '[policy]\ndeadline = 60\n' > config
    "$program" hook web1001 migrate begin - "${common[@]}" < web1001.xml > out 2> err 3>&- &
    jobs+=($!)
    last='NoNewPrivs:.*1'
    if grep -q '^Seccomp:' /proc/self/status && nm -D --undefined-only "$program" | grep -q seccomp_load; then
        last='Seccomp:.*2'
    fi
    for ((i = 0; i < 100; i++)); do
        ! planner=$(pgrep -P "${jobs[1]}") || ! grep -q "$last" "/proc/$planner/status" || break
        sleep 0.1
    done
    cat "/proc/$planner/status"
    grep -q "$last" "/proc/$planner/status"
    grep -q 'NoNewPrivs:.*1' "/proc/$planner/status"
    grep -q 'NoNewPrivs:.*0' "/proc/${jobs[1]}/status" # its parent has not
}

notes() {
    find state -name 'released-*' -printf '%f\n'
}

@test "a release that cannot have the lock is obeyed by whoever has it next" {
    needs pkill
    make 1 2
    at_home web1000 0
    starts web1000
    sleep 1.1 # a claim of the release's own second would stay
    keeps_the_lock 30
    rm "$status_folder/web1000.xml"
    takes passes web1000 stopped end
    [ $ms -lt 3500 ]
    [ "$(notes | wc -l)" = 1 ]
    notes | grep -Eq '^released-[0-9]+-[0-9a-f]{8}$'
    xmllint --noout --relaxng "$RH_SOURCE_DIR/schemas/claims.rng" state/released-*
    [ "$(stat -c %a state/released-*)" = 600 ]
    # Who only looks sees it, and the second call has nothing left to wait for.
    nothing_is_held
    grep -q 'state="running"' state/claims
    takes passes web1000 release end
    [ $ms -lt 1500 ]
    [ "$(notes | wc -l)" = 1 ]
    pkill -P "${jobs[0]}"
    wait "${jobs[0]}" || true
    comes web1001
    is_held "vhost-vdpa-0 web1001 reserved"
    [ -z "$(notes)" ]
}

# A release of web1000 that waits, of what it has now.
leaves_a_note() {
    rm "$status_folder/web1000.xml"
    sleep 1.1
    keeps_the_lock 2.5
    passes web1000 release end
    wait "${jobs[-1]}" || true
    [ "$(notes | wc -l)" = 1 ]
}

@test "a release that waits takes nothing from a later start of the guest" {
    make 1 1
    at_home web1000 0
    starts web1000
    leaves_a_note
    cp state/released-* note
    passes web1000 prepare begin # obeys it
    [ -z "$(notes)" ]
    is_held "vhost-vdpa-0 web1000 claimed"
    cp note state/released-1-00000000 # as if it came again
    is_held "vhost-vdpa-0 web1000 claimed"
    passes web1000 start begin
    is_held "vhost-vdpa-0 web1000 running"
    [ -z "$(notes)" ]
}

@test "a release that waits stays where the hook that obeys it is killed while it writes" {
    needs strace
    make 1 2
    at_home web1000 0
    starts web1000
    leaves_a_note
    # killed while it writes: the note stays
    ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" strace -qq -o trace -e trace=fsync -e inject=fsync:signal=KILL \
        "$program" hook web1001 migrate begin - "${common[@]}" < web1001.xml > out 2> err || true
    grep -q KILL trace || skip "strace cannot trace here: $(head -c 200 err)"
    [ "$(notes | wc -l)" = 1 ]
    nothing_is_held
    comes web1001
    [ -z "$(notes)" ]
}

@test "a release where the claims cannot be read: what the guest held until then is over" {
    needs strace
    make 2 2
    at_home web1000 0
    starts web1000
    comes web1001
    sleep 1.1
    call=openat error=ENFILE
    status=0
    ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" strace -f -qq -o trace -P "$PWD/state/claims" -e trace=openat -e inject=openat:error=ENFILE \
        "$program" hook web1000 release end - "${common[@]}" --state "$PWD/state" < web1000.xml > out 2> err || status=$?
    grep -q INJECTED trace || skip "strace cannot inject here: $(head -c 200 err)"
    [ "$status" = 0 ]
    [ "$(notes | wc -l)" = 1 ]
    xmllint --noout --relaxng "$RH_SOURCE_DIR/schemas/claims.rng" state/released-*
    is_held "vhost-vdpa-1 web1001 reserved"
    passes web1000 prepare begin
    [ -z "$(notes)" ]
    is_held "vhost-vdpa-1 web1001 reserved" "vhost-vdpa-0 web1000 claimed"
}

@test "notes of releases that are none cost nothing, and those of killed processes do not pile up" {
    make 2 2
    comes web1000
    echo "no note" > state/released-1-00000001
    truncate -s 65537 state/released-1-00000002
    mkfifo state/released-1-00000003
    mkdir state/released-1-00000004
    echo "<released xmlns='urn:virt-rehome:1' format='2' time='99999999' guest='web1000'/>" > state/released-1-00000005
    echo "half" > "state/released-$(sh -c 'echo $$')-00000006.ABCDEF"
    echo "half" > "state/released-$$-00000007.ABCDEF" # of somebody who lives
    is_held "vhost-vdpa-0 web1000 reserved"
    comes web1001
    is_held "vhost-vdpa-0 web1000 reserved" "vhost-vdpa-1 web1001 reserved"
    diff <(notes | sort) <(printf '%s\n' released-1-00000004 "released-$$-00000007.ABCDEF" | sort)
}

@test "so many releases wait, and not one more" {
    make 1 1
    at_home web1000 0
    starts web1000
    for ((i = 0; i < 256; i++)); do
        echo "no note" > "state/released-1-$(printf %08x "$i")"
    done
    sleep 1.1
    keeps_the_lock 2.5
    passes web1000 release end
    [ "$(notes | wc -l)" = 256 ]
    is_held "vhost-vdpa-0 web1000 running"
}

@test "a lock that a dead process left is no lock" {
    make 1 1
    mkdir -m 700 state
    echo "process 1 for guest 'web9'" > state/lock
    takes comes web1000
    [ $ms -lt 1500 ]
}

# Waits until the hook is at its lock, takes the folder away, and lets it go on.
removed_at_the_lock() { # GUEST OPERATION SUBOPERATION
    rm -rf state
    mkdir -m 700 state
    : > state/lock
    flock state/lock sleep 1 3>&- &
    jobs+=($!)
    sleep 0.3
    (sleep 0.3; rm -rf state) 3>&- &
    jobs+=($!)
    hook "$@"
}

@test "the lock is removed while others wait for it: they take the one that is there then" {
    make 2 2
    removed_at_the_lock web1000 migrate begin
    [ "$status" = 0 ]
    [ -s out ]
    is_held "vhost-vdpa-0 web1000 reserved"
    at_home web1001 1
    removed_at_the_lock web1001 prepare begin
    [ "$status" = 0 ]
    [ ! -s err ]
    is_held "vhost-vdpa-1 web1001 claimed"
}

@test "what was decided under a lock that is removed meanwhile is not written" {
    needs strace pgrep
    make 2 2
    holds_the_lock web1000 # stopped at fsync: beyond looking at its lock
    rm -rf state
    kill -CONT "$holder"
    wait "${jobs[0]}" || true
    [ ! -s holder.out ]
    grep -q "^cannot write the claims" holder.err
    comes web1001
}

@test "who holds the lock is told in a line of bounded length" {
    make 1 1
    name=$(printf 'x%.0s' {1..250})
    sed -i "s/web1000/$name/" web1000.xml
    hook web1000 migrate begin
    [ "$(stat -c %s state/lock)" -lt 256 ]
}

# The planning child hangs: nobody writes what it reads.
hangs() { # GUEST OPERATION: its streams are pipes; into $pid, $child
    mkfifo never.xml
    ("$program" hook "$1" "$2" begin - --host never.xml --root root --state state --config config < "$1.xml" 2> err && echo 0 > status ||
        echo $? > status) 3>&- | cat > out 3>&- &
    jobs+=($!)
    reader=$!
    for ((i = 0; i < 100; i++)); do
        child=
        pid=$(pgrep -f "^$program hook $1 $2 begin " | head -n 1) || true
        [ -z "$pid" ] || child=$(pgrep -P "$pid") || true
        [ -z "$child" ] || [ "$(readlink "/proc/$child/fd/1")" != /dev/null ] || return 0
        sleep 0.05
    done
    return 1
}

@test "the devices cannot be read in time: a refusal, and nobody waits for the child's streams" {
    needs pgrep
    make 1 1
    hangs web1000 migrate
    for fd in 0 1 2; do
        [ "$(readlink "/proc/$child/fd/$fd")" = /dev/null ]
    done
    [ -z "$(find "/proc/$child/fd" -lname "$(readlink "/proc/$pid/fd/1")")" ]
    takes wait "$reader"
    [ $ms -lt 3500 ]
    [ "$(cat status)" = 1 ]
    [ ! -s out ]
    [ "$(wc -l < err)" = 1 ]
    grep -q "within the deadline" err
    [ ! -d "/proc/$child" ] || grep -q "^State:.*[ZX]" "/proc/$child/status"
}

@test "a child that is stopped: the hook ends in time all the same" {
    needs pgrep
    make 1 1
    hangs web1000 migrate
    kill -STOP "$child"
    takes wait "$reader"
    [ $ms -lt 3500 ]
    [ "$(cat status)" = 1 ]
    [ ! -s out ]
    [ "$(wc -l < err)" = 1 ]
}

@test "the hook is killed: its child dies with it" {
    needs pgrep
    make 1 1
    hangs web1000 migrate
    kill -KILL "$pid"
    for ((i = 0; i < 50; i++)); do
        [ -d "/proc/$child" ] || return 0
        sleep 0.05
    done
    return 1
}

@test "devices that cannot be read hold up no other guest" {
    needs pgrep
    make 2 2
    hangs web1000 migrate
    takes comes web1001
    [ $ms -lt 1500 ]
}

# -- restore --------------------------------------------------------------------------------------

@test "restore begin: a crash of the child is a refusal at prepare, once" {
    needs pgrep
    make 1 1
    for signal in KILL SEGV ABRT; do
        rm -rf never.xml status
        hangs web1000 restore
        kill -$signal "$child"
        wait "$reader"
        cat err
        [ "$(cat status)" = 0 ]
        [ ! -s out ]
        [ ! -s err ]
        refused "the process that plans ended before it had a plan" web1000 prepare begin
        hook web1000 prepare begin
        ! grep -q "the process that plans" err || return 1
    done
}

@test "restore begin: whoever ends it does not make it fail" {
    needs pgrep
    make 1 1
    for signal in TERM INT HUP; do
        rm -rf never.xml status
        hangs web1000 restore
        kill -$signal "$pid"
        wait "$reader"
        [ "$(cat status)" = 0 ]
        [ ! -s out ]
    done
}

@test "restore begin: devices that cannot be read in time are a refusal at prepare, once" {
    needs pgrep
    make 1 1
    hangs web1000 restore
    wait "$reader"
    [ "$(cat status)" = 0 ]
    [ ! -s out ]
    refused "within the deadline" web1000 prepare begin
    comes web1000
    passes web1000 prepare begin
}

@test "restore begin: what does not fit is refused at prepare, once, and only within 120 s" {
    make 1 2
    sed -i 's/mtu="1500"/mtu="9000"/' web1000.xml
    passes web1000 restore begin
    [ ! -s out ]
    nothing_is_held
    # this host's own, so that nothing but the refusal is against it
    sed 's/vhost-vdpa-1000/vhost-vdpa-0/; s/"vdpa1000"/"vdpa0"/; s/srchost/dsthost/; s/fabric/other/' web1000.xml > own.xml
    sed -i 's/vhost-vdpa-1000/vhost-vdpa-0/' web1000.xml
    passes web1000 restore begin
    refused "mtu is 1500, must be at least 9000" own prepare begin
    passes own prepare begin
    ends own
    passes web1000 restore begin
    [ "$(find state -name 'refusal-*' | wc -l)" = 1 ]
    sed -i 's/^time=.*/time=1/' state/refusal-*
    passes own prepare begin
    [ "$(find state -name 'refusal-*' | wc -l)" = 0 ]
}

@test "restore begin reserves, prepare claims" {
    make 1 2
    passes web1000 restore begin
    cp out web1000.xml
    is_held "vhost-vdpa-0 web1000 reserved"
    refused "in use by guest web1000" web1001 migrate begin
    starts web1000
    is_held "vhost-vdpa-0 web1000 running"
    ends web1000 saved
    nothing_is_held
}

@test "restore begin: a device that another guest has is refused at prepare" {
    make 1 2
    comes web1001
    passes web1000 restore begin
    [ ! -s out ]
    refused "in use by guest web1001" web1000 prepare begin
}

# The front makes the link before the hook proper runs, and looks after it: front.bats.
@test "a managed save is linked aside before XML is printed" {
    make 1 2
    saves=root/var/lib/libvirt/qemu/save
    mkdir -p $saves
    echo image > $saves/web1000.save
    echo image > $saves/web1001.save
    passes web1000 restore begin
    [ -s out ]
    [ $saves/web1000.save -ef $saves/web1000.save.virt-rehome.begun ]
    [ "$(ls $saves/web1001.*)" = $saves/web1001.save ]
}

@test "a managed save that is restored again has its link already" {
    make 1 1
    saves=root/var/lib/libvirt/qemu/save
    mkdir -p $saves
    echo image > $saves/web1000.save
    for round in 1 2; do
        passes web1000 restore begin
        [ -s out ]
        [ $saves/web1000.save -ef $saves/web1000.save.virt-rehome.begun ]
    done
}

@test "a managed save is not linked where nothing changes" {
    make 1 1
    saves=root/var/lib/libvirt/qemu/save
    mkdir -p $saves
    echo image > $saves/web1000.save
    at_home web1000 0
    passes web1000 restore begin
    [ ! -s out ]
    [ "$(ls $saves)" = web1000.save ]
}

@test "a managed save that cannot be linked aside: no XML, and a refusal at prepare" {
    make 1 1
    saves=root/var/lib/libvirt/qemu/save
    mkdir -p $saves/web1000.save.virt-rehome{,.before,.begun,.old}/in-the-way
    echo image > $saves/web1000.save
    passes web1000 restore begin
    [ ! -s out ]
    refused "cannot link the managed save" web1000 prepare begin
    [ "$(cat $saves/web1000.save)" = image ]
}

@test "migrate begin links nothing aside" {
    make 1 1
    mkdir -p root/var/lib/libvirt/qemu/save
    echo image > root/var/lib/libvirt/qemu/save/web1000.save
    comes web1000
    [ "$(ls root/var/lib/libvirt/qemu/save)" = web1000.save ]
}

# -- claims and release ---------------------------------------------------------------------------

@test "claims: none, in text and JSON, and without a state folder" {
    "$program" claims --root root --state state > out
    [ "$(cat out)" = "no claims" ]
    "$program" claims --root root --state state --format json > out
    python3 -c 'import json; assert json.load(open("out")) == {"claims": []}'
    [ ! -e state ]
}

@test "claims: device, guest, state and age, in text and JSON" {
    make 2 2
    comes web1000
    age 40
    comes web1001
    starts web1001
    "$program" claims --root root --state state > out 2> err
    cat out
    [ ! -s err ]
    grep -Eq "^vdpa /dev/vhost-vdpa-0 for guest 'web1000' \(00000000-0000-4000-8000-000000001000\), reserved 4[0-9] s ago$" out
    grep -Eq "^vdpa /dev/vhost-vdpa-1 for guest 'web1001' \(00000000-0000-4000-8000-000000001001\), running [0-9] s ago$" out
    [ "$(wc -l < out)" = 2 ]
    "$program" claims --root root --state state --format json > out
    python3 << 'END'
import json
one, two = json.load(open("out"))["claims"]
age = one.pop("age")
assert 40 <= age < 60, age
assert one == {"kind": "vdpa", "key": "/dev/vhost-vdpa-0", "device": "vdpa0", "guest": "web1000",
               "uuid": "00000000-0000-4000-8000-000000001000", "state": "reserved"}, one
assert two["state"] == "running" and two["device"] == "vdpa1", two
END
}

@test "claims: a guest's name cannot make up a line" {
    make 1 1
    sed -i 's/<name>web1000/<name>web\&#10;vdpa x for guest root/' web1000.xml
    passes web1000 migrate begin
    "$program" claims --root root --state state > out
    [ "$(wc -l < out)" = 1 ]
}

@test "release: by name, by uuid, twice; it says what it did" {
    make 2 2
    for guest in web1000 00000000-0000-4000-8000-000000001000; do
        cp web1000.xml away.xml
        comes web1000
        cp away.xml web1000.xml
        "$program" release $guest --root root --state state > out 2> err
        [ "$(cat out)" = "released vdpa /dev/vhost-vdpa-0, which was reserved" ]
        [ ! -s err ]
        nothing_is_held
        "$program" release $guest --root root --state state > out 2> err
        [ "$(cat out)" = "guest '$guest' has no claims" ]
        [ ! -s err ]
    done
    comes web1001
    starts web1001
    "$program" release web1000 --root root --state state
    is_held "vhost-vdpa-0 web1001 running"
    "$program" release web1001 --root root --state state > out
    [ "$(cat out)" = "released vdpa /dev/vhost-vdpa-0, which was running" ]
}

@test "release: a uuid in capitals is the same uuid" {
    make 1 1
    sed -i 's/000000001000</abcdef001000</' web1000.xml
    comes web1000
    "$program" release 00000000-0000-4000-8000-ABCDEF001000 --root root --state state
    nothing_is_held
}

@test "claims and release: words" {
    for words in "claims extra" "release" "release a b" "claims --format yaml"; do
        status=0
        # shellcheck disable=SC2086 # words are what is wanted
        "$program" $words --root root --state state > out 2> err || status=$?
        [ $status = 2 ]
        [ ! -s out ]
        [ "$(wc -l < err)" = 1 ]
    done
}

# -- nothing to do --------------------------------------------------------------------------------

@test "a guest without devices of ours: no state folder, no configuration, no inventory, at any operation" {
    needs strace
    cp "$RH_SOURCE_DIR/tests/fixtures/no-devices-of-ours/domain.xml" plain.xml
    echo "[broken" > config
    common=(--host nowhere.xml --root root --state state --config config)
    for words in "migrate begin" "restore begin" "prepare begin" "start begin" "started begin" "stopped end" "release end" "reconnect begin"; do
        # shellcheck disable=SC2086 # words are what is wanted
        passes plain $words
        [ ! -s out ]
        [ ! -e state ] || {
            echo "$words makes the state folder"
            return 1
        }
        # shellcheck disable=SC2086 # words are what is wanted
        ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" strace -qq -f -o trace -e trace=file,flock,socket \
            "$program" hook plain $words - "${common[@]}" < plain.xml > out 2> err || skip "strace cannot trace here: $(head -c 200 err)"
        if grep -v execve trace | grep -e '"config"' -e '"nowhere.xml"' -e '"state/lock' -e '^[0-9]* *flock' -e 'run/libvirt' -e NETLINK; then
            echo "at $words"
            return 1
        fi
    done
}

# What an ordinary user's libvirt runs.
@test "session mode: for an ordinary user without --state the hook does nothing, and quickly; by hand it says so" {
    [ "$(id -u)" = 0 ] || skip "only root can be somebody else"
    needs setpriv
    somebody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    make 1 1
    echo "no XML" > broken.xml
    chmod 777 .
    "${somebody[@]}" test -x "$program" -a -r web1000.xml || skip "the build folder is not for everyone"
    for guest in web1000 broken; do
        for words in "migrate begin" "restore begin" "prepare begin" "start begin" "started begin" "stopped end" "release end" "reconnect begin"; do
            for command in "$program hook" "$RH_BIN_DIR/virt-rehome-hook" "$RH_BIN_DIR/virt-rehome-hook-proper"; do
                status=0
                begin=$(date +%s%N)
                # shellcheck disable=SC2086 # words are what is wanted
                "${somebody[@]}" $command $guest $words - < $guest.xml > out 2> err || status=$?
                [ $((($(date +%s%N) - begin) / 1000000)) -lt 1000 ]
                [ ! -s out ]
                if [ "$command" = "$program hook" ]; then
                    [ $status = 2 ]
                    grep -q "for anybody but root the hook does nothing" err
                else
                    [ $status = 0 ]
                    [ ! -s err ]
                fi
            done
        done
    done
    # with --state it works as any user
    "${somebody[@]}" "$program" hook web1000 migrate begin - --host host.xml --root root --state theirs --config config < web1000.xml > out
    [ -s out ]
    [ "$(stat -c %u theirs)" = 65534 ]
}

# -- the journal ----------------------------------------------------------------------------------

# Runs the lines on standard input where the journal is the file `journal`.
with_journal() {
    [ "$(id -u)" = 0 ] || skip "only root may mount"
    needs unshare
    unshare -m mount -t tmpfs none "$BATS_TEST_TMPDIR" 2> why || skip "no mount namespaces here: $(cat why)"
    export -f hook passes refused
    cat > listen.py << 'END'
import os, socket, subprocess, sys
os.makedirs("/run/systemd/journal")
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind("/run/systemd/journal/socket")
done = subprocess.run(["bash", "-eu", "script"])
listener.settimeout(1)  # the hook does not wait for its entries
with open("journal", "wb") as journal:
    try:
        while True:
            journal.write(listener.recv(1 << 20) + b"\n")
    except socket.timeout:
        pass
sys.exit(done.returncode)
END
    { declare -p program common; cat; } > script
    unshare -m bash -euc 'mount -t tmpfs none /run; python3 listen.py'
    cat journal
}

@test "the journal has each decision with its fields, and nothing goes to standard error" {
    make 1 2
    with_journal << 'END'
passes web1000 migrate begin
cp out web1000.xml
refused "" web1001 migrate begin
passes web1000 prepare begin
passes web1000 release end
END
    grep -q '^REHOME_GUEST=web1000$' journal
    grep -q '^REHOME_GUEST=web1001$' journal
    for operation in migrate prepare release; do
        grep -q "^REHOME_OP=$operation$" journal
    done
    grep -q '^REHOME_DEVICE=/dev/vhost-vdpa-0$' journal
    grep -Eq '^MESSAGE_ID=[0-9a-f]{32}$' journal
    grep -q '^SYSLOG_IDENTIFIER=virt-rehome$' journal
    grep -qa 'in use by guest web1000' journal
    ! grep -qa '<domain' journal || return 1
}

@test "the journal: what a guest names of its host and nobody looks after" {
    make 1 1
    sed -i "s|</devices>|<hostdev type='pci'><source><address domain='0' bus='0x3b' slot='0' function='0x2'/></source></hostdev>&|" web1000.xml
    echo "<domain><name>db2</name><devices><hostdev type='usb'><source><vendor id='0x1d6b'/><product id='2'/></source></hostdev></devices></domain>" > db2.xml
    with_journal << 'END'
passes web1000 migrate begin
passes db2 migrate begin
END
    grep -qa "^MESSAGE=PCI device '0000:3b:00.2' is not looked after: " journal
    grep -qa "^MESSAGE=USB device '1d6b:0002' is not looked after: " journal
}

@test "the journal: a damaged claims file, and a status file that cannot be read" {
    make 2 2
    mkdir state
    echo damaged > state/claims
    echo "<domstatus><domain><devices><interface type='vdpa'>" > $status_folder/odd.xml
    with_journal << 'END'
passes web1000 migrate begin
END
    grep -q '^MESSAGE=.*claims.damaged' journal
    grep -q '^MESSAGE=.*odd.xml' journal
}

@test "the journal: a deadline that is longer than it can be" {
    make 1 1
    printf '[policy]\ndeadline = 100\n' > config
    with_journal << 'END'
passes web1000 migrate begin
END
    grep -q '^MESSAGE=config, line 2: deadline is 100, and 60 is taken' journal
}

# At the daemon's restart all guests of a host reconnect at once.
@test "reconnect waits for the lock longer than a guest that ends does, and is noted" {
    make 1 1
    at_home web1000 0
    shows web1000
    passes web1000 reconnect begin
    passes web1000 release end
    keeps_the_lock 4
    passes web1000 reconnect begin
    is_held "vhost-vdpa-0 web1000 running"
}

@test "the journal: a reconnect that could not be noted" {
    make 1 1
    at_home web1000 0
    : > state
    with_journal << 'END'
passes web1000 reconnect begin
END
    grep -q '^REHOME_OP=reconnect$' journal
    grep -q "^MESSAGE=.*'state'" journal
}
