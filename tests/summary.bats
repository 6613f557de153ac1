# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/summary: what ends halfway counts as failed.

summary() { # RESULT STDOUT...: a log of as many tests
    : > "$BATS_TEST_TMPDIR/log"
    while [ $# -gt 0 ]; do
        printf '{"name": "a", "result": "%s", "stdout": "%s"}\n' "$1" "$2" >> "$BATS_TEST_TMPDIR/log"
        shift 2
    done
    run "$RH_SOURCE_DIR/tests/summary" "$BATS_TEST_TMPDIR/log"
    echo "$output"
}

@test "what passed and was skipped is counted, and what was skipped is named" {
    summary OK '1..3\nok 1 a\nok 2 - b\nok 3 c # SKIP no' OK '' SKIP '1..0 # SKIP never'
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = "3 passed, 0 failed, 2 skipped" ]
    [ "${lines[-3]}" = "skipped: a: c # SKIP no" ]
    [ "${lines[-2]}" = "skipped: a: # SKIP never" ]
}

@test "a failure is one, however the program ended" {
    summary OK 'ok 1 a' ERROR 'ok 1 a\nnot ok 2 b\n' FAIL 'not ok 1 a\nnot ok 2 b'
    [ "$status" -eq 1 ]
    [ "${lines[-1]}" = "2 passed, 3 failed" ]
}

@test "a crash, a timeout and an early end are failures" {
    for result in ERROR TIMEOUT FAIL INTERRUPT; do
        summary $result '1..2\nok 1 a'
        [ "$status" -eq 1 ]
        [ "${lines[-1]}" = "1 passed, 1 failed" ]
    done
}

@test "no test at all is no success" {
    summary
    [ "$status" -eq 1 ]
    [ "${lines[-1]}" = "0 passed, 0 failed" ]
    run "$RH_SOURCE_DIR/tests/summary" "$BATS_TEST_TMPDIR/none"
    [ "$status" -eq 1 ]
    [ "${lines[-1]}" = "0 passed, 1 failed" ]
}
