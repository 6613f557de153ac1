# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/machine: what the tests leave behind is a failed test.

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir -p tree/folder
    echo text > tree/file
    ln -s file tree/link
    mkfifo tree/pipe
    "$RH_SOURCE_DIR/tests/machine" snapshot "$PWD/tree" > before
}

compare() {
    run "$RH_SOURCE_DIR/tests/machine" compare before "$PWD/tree"
    echo "$output" > log
    python3 -c 'import json; print(json.load(open("log"))["stdout"])' > said
    cat said
}

@test "nothing changed, whoever looked" {
    cat tree/file tree/link
    touch -a tree/file
    ls tree/folder
    compare
    [ "$status" -eq 0 ]
    grep -Fx "ok 1 the tests left the machine as it was" said
}

@test "what is new, gone and changed is named" {
    mkdir tree/folder/deep
    touch tree/folder/deep/new
    rm tree/pipe
    ln -sfn folder tree/link
    echo text > tree/file
    chmod 700 tree/folder
    compare
    [ "$status" -eq 1 ]
    grep -Fx "not ok 1 the tests left the machine as it was" said
    grep -F "# new: $PWD/tree/folder/deep (drwx" said
    grep -F "# new: $PWD/tree/folder/deep/new (-rw" said
    grep -F "# gone: $PWD/tree/pipe (prw" said
    grep -E "# changed: $PWD/tree/link \(from .* to file, to .* to folder\)" said
    grep -E "# changed: $PWD/tree/file \(from .* 5 bytes of .*, to .* 5 bytes of" said
    grep -E "# changed: $PWD/tree/folder \(from drwx[^ ]*x .*, to drwx------" said
    [ "$(grep -c '^# ' said)" -eq 6 ]
}

@test "of very many only the first are shown" {
    (cd tree/folder && seq 150 | xargs touch)
    compare
    [ "$status" -eq 1 ]
    grep -Fx "# and 50 more" said
}

@test "a difference makes the summary fail, as a test does" {
    echo '{"name": "a", "result": "OK", "stdout": "ok 1 a"}' > tests
    touch tree/new
    compare
    run "$RH_SOURCE_DIR/tests/summary" tests log
    echo "$output"
    [ "$status" -eq 1 ]
    [ "${lines[-1]}" = "1 passed, 1 failed" ]
    [[ "$output" == *"failed: machine (fail)"*"# new: $PWD/tree/new"* ]]

    rm tree/new
    compare
    run "$RH_SOURCE_DIR/tests/summary" tests log
    [ "${lines[-1]}" = "2 passed, 0 failed" ]
    rm log
    run "$RH_SOURCE_DIR/tests/summary" tests log
    [ "$status" -eq 1 ]
    [ "${lines[-1]}" = "0 passed, 1 failed" ]
}

@test "a mount that stays is named" {
    [ "$(id -u)" -eq 0 ] && unshare --mount true || skip "needs root and the right to make namespaces"
    unshare --mount sh -c '
        "$1" snapshot "$2" > before
        mount -t tmpfs left "$2"
        "$1" compare before "$2"' sh "$RH_SOURCE_DIR/tests/machine" "$PWD/tree" > log || true
    grep -F "new: mount $PWD/tree (tmpfs)" log
}
