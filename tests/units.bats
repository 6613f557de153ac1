# SPDX-License-Identifier: LGPL-2.1-or-later
# The units of systemd: what they let the recorder do is what it does, and its signs of life.

setup() {
    cd "$BATS_TEST_TMPDIR"
    recorder="$RH_BIN_DIR/virt-rehome-recorder"
    units="$RH_BIN_DIR/recorder"
    pid=
}

teardown() {
    [ -z "$pid" ] || kill -KILL "$pid" 2> /dev/null || true
}

need_analyze() {
    systemd-analyze security --help 2> /dev/null | grep -q -e --offline || skip "no systemd-analyze that takes --offline"
}

# Who listens for signs, each into the file `signs` as it comes, with the time.
listen() { # ADDRESS
    python3 -u - "$1" > signs 3>&- << 'END' &
import os, socket, sys, time
address = sys.argv[1]
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind("\0" + address[1:] if address[0] == "@" else address)
open("listens", "w").close()
while True:
    print(f"{time.monotonic():.3f}", repr(sock.recv(4096).decode()), flush=True)
END
    listener=$!
    until [ -e listens ]; do sleep 0.05; done
}

# The service for some seconds, with libvirt's driver for tests, which needs no daemon.
serve() { # SECONDS URI [NAME=VALUE…]
    env "${@:3}" "$recorder" --connect "$2" --config /dev/null > log 2>&1 3>&- &
    pid=$!
    sleep "$1"
}

@test "neither unit is exposed more than 3.0" {
    need_analyze
    for unit in recorder refresh; do
        run systemd-analyze security --offline=true --no-pager --threshold=30 "$units/virt-rehome-$unit.service"
        echo "${lines[-1]}"
        [ "$status" -eq 0 ]
    done
}

@test "the units have nothing that systemd does not know" {
    need_analyze
    for unit in recorder refresh; do
        sed 's,^ExecStart=[^ ]*,ExecStart=/bin/true,' "$units/virt-rehome-$unit.service" > "virt-rehome-$unit.service"
    done
    run systemd-analyze verify --man=no ./virt-rehome-*.service
    echo "$output"
    [[ "$output" != *"virt-rehome-"*.service:* ]]
}

# What is allowed by a SystemCallFilter of groups and one group that is taken away.
allowed_calls() {
    python3 - "$units/virt-rehome-recorder.service" << 'END'
import re, subprocess, sys
def calls(group):
    text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", group], capture_output=True, text=True, check=True)
    for word in re.findall(r"^ +([@\w-]+)$", text.stdout, re.M):
        yield from calls(word) if word[0] == "@" else [word]
allowed = set()
for line in re.findall(r"^SystemCallFilter=(.*)$", open(sys.argv[1]).read(), re.M):
    for group in line.lstrip("~").split():
        allowed = allowed - set(calls(group)) if line[0] == "~" else allowed | set(calls(group))
print("\n".join(sorted(allowed)))
END
}

# A host after whose reboot a device has another number.
make_rebooted_host() {
    cp -r "$RH_SOURCE_DIR/tests/fixtures/tree-mtty/host" root
    mkdir -p root/etc/libvirt/qemu root/run
    cp "$RH_SOURCE_DIR/tests/fixtures/tree-mtty/domain.xml" root/etc/libvirt/qemu/web1.xml
}

was_refreshed() {
    [ -e root/etc/libvirt/qemu/web1.xml ]
    if cmp root/etc/libvirt/qemu/web1.xml "$RH_SOURCE_DIR/tests/fixtures/tree-mtty/domain.xml"; then return 1; fi
}

@test "the programs of the units make no system call that the units forbid" {
    need_analyze
    strace -o probe true || skip "strace may not trace here"
    [ "$(sed -n '/^SystemCall/p' "$units/virt-rehome-recorder.service")" = "$(sed -n '/^SystemCall/p' "$units/virt-rehome-refresh.service")" ]
    allowed_calls > allowed
    [ "$(wc -l < allowed)" -gt 200 ]
    make_rebooted_host
    # No sanitizer looks for leaks under strace.
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
    strace -f -o trace.refresh "$recorder" refresh --all --boot --root root --config /dev/null
    was_refreshed
    timeout 4 strace -f -o trace.service "$recorder" --connect test:///default --config /dev/null || true
    # The call that starts the program is systemd's, and the one that ends it the shell's.
    sed -E -n 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' trace.refresh trace.service | sort -u | grep -v -x execve > made
    [ "$(wc -l < made)" -gt 30 ]
    comm -23 made allowed > forbidden
    cat forbidden
    [ ! -s forbidden ]
    # RestrictAddressFamilies
    [ -z "$(grep -h -E ' socket\(' trace.refresh trace.service | grep -v -e AF_UNIX -e AF_NETLINK)" ]
}

# A program that gets no memory that is writable and executable: PR_SET_MDWE of linux/prctl.h, from Linux 6.3.
without_executable_memory() {
    python3 -c 'import ctypes, os, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):
    sys.exit(77)
os.execv(sys.argv[1], sys.argv[1:])' "$@"
}

@test "the programs of the units do without memory that is writable and executable" {
    grep -q '^MemoryDenyWriteExecute=yes' "$units/virt-rehome-recorder.service"
    grep -q '^MemoryDenyWriteExecute=yes' "$units/virt-rehome-refresh.service"
    without_executable_memory /bin/true || skip "this kernel refuses no such memory to a process"
    # A library asks for some, to compile regular expressions, and goes on without.
    make_rebooted_host
    without_executable_memory "$recorder" refresh --all --boot --root root --config /dev/null
    was_refreshed
    without_executable_memory /usr/bin/timeout 3 "$recorder" --connect test:///default --config /dev/null > log 2>&1 || true
    grep "connected to libvirt" log
}

@test "signs of life come in time, and the first says that the service has begun" {
    listen "$PWD/socket"
    serve 4 test:///default NOTIFY_SOCKET="$PWD/socket" WATCHDOG_USEC=1500000
    kill "$pid"
    wait "$pid" || true
    pid=
    kill $listener
    cat signs log
    head -n 1 signs | grep -F "'READY=1'"
    [ "$(grep -c READY signs)" -eq 1 ]
    # No two further apart than allowed: the machine may be slow, and half a second is what should be.
    python3 - << 'END'
lines = [line.split() for line in open("signs")]
times = [float(time) for time, sign in lines if sign == "'WATCHDOG=1'"]
assert len(times) >= 4, times
assert max(b - a for a, b in zip(times, times[1:])) < 1.5, times
assert len(times) <= 10, times
END
}

@test "signs of life: an abstract socket, another process's time, no time, nobody" {
    listen "@rh-units-$$"
    serve 2 test:///default NOTIFY_SOCKET="@rh-units-$$" WATCHDOG_USEC=1500000 WATCHDOG_PID=1
    kill "$pid"
    wait "$pid" || true
    pid=
    kill $listener
    cat signs log
    grep -F "'READY=1'" signs
    [ "$(wc -l < signs)" -eq 1 ]
    for name in /nowhere/at/all "" @ relative "$(printf '/%0200d' 0)"; do
        serve 1 test:///default NOTIFY_SOCKET="$name" WATCHDOG_USEC=0x
        kill "$pid"
        wait "$pid" || true
        pid=
        grep "connected to libvirt" log || [ ! -s log ]
    done
}

@test "a service that hangs gives no sign" {
    # A daemon that takes the connection and says nothing.
    python3 -c 'import socket, time
s = socket.socket(socket.AF_UNIX); s.bind("daemon"); s.listen(); time.sleep(60)' 3>&- &
    daemon=$!
    until [ -e daemon ]; do sleep 0.05; done
    listen "$PWD/socket"
    serve 3 "qemu+unix:///system?socket=$PWD/daemon" NOTIFY_SOCKET="$PWD/socket" WATCHDOG_USEC=900000
    # The signal that systemd ends it with is heard there.
    kill "$pid"
    wait "$pid" || true
    pid=
    kill $listener $daemon
    cat signs log
    grep -F "'READY=1'" signs
    [ "$(wc -l < signs)" -le 2 ]
}
