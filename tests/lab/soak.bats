# SPDX-License-Identifier: LGPL-2.1-or-later
# A short soak; by hand: tests/lab/soak 100
# shellcheck disable=SC2034,SC2154 # variables of lab.bash

setup_file() { load lab; need_lab || or_skip; }
setup() { load lab; skip_if_lacking; }

@test "ten times there and back: records are right, nothing is left over, the service does not grow" {
    "$lab_source/tests/lab/soak" 10
}
