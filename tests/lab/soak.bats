# SPDX-License-Identifier: LGPL-2.1-or-later
# A soak, which is short unless RH_TEST_ALL is set (install.sh --test all).
# shellcheck disable=SC2034,SC2154 # variables of lab.bash

setup_file() { load lab; need_lab || or_skip; }
setup() { load lab; skip_if_lacking; }

@test "many times there and back: records are right, nothing is left over, the service does not grow" {
    local n=10
    [ -z "${RH_TEST_ALL:-}" ] || n=100
    "$lab_source/tests/lab/soak" $n
}
