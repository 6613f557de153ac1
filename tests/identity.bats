# SPDX-License-Identifier: LGPL-2.1-or-later
# prepare begin: whether the devices that a guest's XML names still are those that were recorded, and
# what a refusal of restore begin that went astray must not become.

setup() {
    cd "$BATS_TEST_TMPDIR"
    program="$RH_BIN_DIR/virt-rehome"
    # A sanitizer's report must not pass for a refusal.
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99"
    export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}halt_on_error=1:exitcode=99"
    mkdir -p root/run/libvirt/qemu
    : > config
    common=(--root root --state state --config config)
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
hook() { # GUEST OPERATION SUBOPERATION
    status=0
    "$program" hook "$1" "$2" "$3" - "${common[@]}" < "$1.xml" > out 2> err || status=$?
    echo "$*: exit $status $(head -c 2000 err)"
}

passes() { # GUEST OPERATION SUBOPERATION: and is silent
    hook "$@"
    [ "$status" = 0 ]
    [ ! -s err ]
}

refused() { # PATTERN GUEST OPERATION SUBOPERATION
    hook "${@:2}"
    [ "$status" = 1 ]
    [ ! -s out ]
    [ "$(wc -c < err)" -le 2049 ]
    head -n 1 err | grep -q -- "$1"
}

# -- a host that cannot be looked at --------------------------------------------------------------

@test "an inventory that is not there: no crash, and a guest whose record names no host starts" {
    common+=(--host none.xml)
    cp "$RH_SOURCE_DIR/tests/fixtures/vdpa-equal/domain.xml" web1.xml
    refused "none.xml" web1 prepare begin
    sed -i 's/ host="[^"]*"//' web1.xml
    grep -q "<record" web1.xml
    passes web1 prepare begin
    for words in "start begin" "started begin" "reconnect begin" "stopped end" "release end"; do
        # shellcheck disable=SC2086 # words are what is wanted
        passes web1 $words
    done
}

@test "the root folder cannot be opened once: who is at home starts, who is not is refused" {
    needs strace unshare
    [ "$(id -u)" = 0 ] || skip "only root may mount"
    unshare -m -u mount -t tmpfs none "$BATS_TEST_TMPDIR" 2> why || skip "no namespaces here: $(cat why)"
    sed "s/host=\"[^\"]*\"/host=\"home.example\"/" "$RH_SOURCE_DIR/tests/fixtures/vdpa-equal/domain.xml" > web1.xml
    cat > script << 'END'
hostname home.example
prepare() {
    strace -qq -f -o trace -P / -e trace=open,openat -e inject=open,openat:error=ENFILE:when=1 \
        "$program" hook web1 prepare begin - --state state --config config < web1.xml 2> err
}
prepare
grep -q ENFILE trace
sed -i 's/home.example/elsewhere/' web1.xml
status=0
prepare || status=$?
[ "$status" = 1 ]
grep -q ENFILE trace
grep -q "Too many open files in system" err
END
    ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" program="$program" unshare -m -u bash -eu script
}
