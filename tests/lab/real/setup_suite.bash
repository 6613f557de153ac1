# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The hosts are made once for all files, and stay.

setup_suite() {
    . "${BASH_SOURCE[0]%/*}/real.bash"
    setup_hosts
}

teardown_suite() {
    . "${BASH_SOURCE[0]%/*}/real.bash"
    teardown_hosts
}
