# SPDX-License-Identifier: LGPL-2.1-or-later
# Many hooks at once, of which many are killed. It takes the whole machine, so nothing runs beside it, and it runs
# with --test all alone; claims.bats has a hundred of them.
#
# RH_STORM_SEED     at which moments hooks are killed (1)

setup() {
    cd "$BATS_TEST_TMPDIR"
    [ -n "${RH_TEST_ALL:-}" ] || skip "takes long"
    # A host where libvirt runs.
    mkdir -p root/run/libvirt/qemu
    ln -s /proc root/proc
}

# Without sanitizers, so that it is over in minutes.
@test "10,000 hooks are killed at random moments on 64 devices" {
    RH_BIN_DIR=$("$RH_SOURCE_DIR/tests/plain-build")
    "$RH_SOURCE_DIR/tests/crowd" make 64 96
    "$RH_SOURCE_DIR/tests/crowd" storm 10000 "${RH_STORM_SEED:-1}"
}
