# SPDX-License-Identifier: LGPL-2.1-or-later
# The checks of tests/conventions can fail: each gets a small tree with one thing wrong.

setup() {
    tree="$BATS_TEST_TMPDIR/tree"
    mkdir -p "$tree/core" "$tree/host" "$tree/hook" "$tree/tests" "$tree/build"
    write core/good.h '#pragma once'
    write core/good.c '#include "core/good.h"'
    printf '# %s\n' "$licence" "files('good.c')" > "$tree/core/meson.build"
    rules
    [ "$status" -eq 0 ]
}

licence='SPDX-License-Identifier: LGPL-2.1-or-later'

write() { # FILE LINE...: a source file
    local file="$tree/$1"
    shift
    printf '/* %s */\n' "$licence" > "$file"
    printf '%s\n' "$@" >> "$file"
    # Listed, unless the test is about that.
    [ "${file##*.}" != c ] || printf "# '%s'\n" "${file##*/}" "${file#"$tree"/}" |
        sed '1i # SPDX-License-Identifier: LGPL-2.1-or-later' >> "${file%/*}/meson.build"
}

rules() {
    RH_SOURCE_DIR="$tree" RH_BIN_DIR="$tree/build" run "$RH_SOURCE_DIR/tests/conventions" "${1:-rules}"
    echo "$output"
}

# Exactly one check fails; its text has $1, and a line below it has $2.
caught() {
    rules
    [ "$status" -eq 1 ]
    [ "$(grep -c '^not ok' <<< "$output")" -eq 1 ]
    grep -A1 "^not ok .*$1" <<< "$output" | grep -F "# $2"
}

@test "an include upwards, and one in angle brackets" {
    write core/bad.c '#include "hook/hook.h"'
    caught 'only those below' core/bad.c:2
    write core/bad.c '#include <host/host.h>'
    caught 'only those below' core/bad.c:2
}

@test "an include that is not from the root" {
    write core/bad.c '#include "good.h"'
    caught 'only those below' core/bad.c:2
}

@test "a kind named outside its rooms" {
    write core/some-rules.c 'int fine = RH_KIND_VDPA;'
    write hook/bad.c 'int a = RH_KIND_BIT(1), b = RH_KIND_MDEV;'
    caught 'a kind is named' hook/bad.c:2
}

@test "a library outside its folder" {
    for header in libxml/tree.h netlink/genl/genl.h linux/vdpa.h libvirt/libvirt.h \
        json-glib/json-glib.h seccomp.h gio/gio.h; do
        write core/bad.c "#include <$header>"
        caught 'libxml2 stays' core/bad.c:2
    done
}

@test "a banned call, but not its name in a comment or a string" {
    for line in 'system ("ls");' 'popen("ls", "r");' 'sprintf(s, "a");' 'strcpy(a, b);' \
        'strcat(a, b);' 'gets(a);' 'goto out;'; do
        write core/bad.c '/* strcpy(a, b) would do' '   goto */ char *a = "system(";' "$line"
        caught 'no system' core/bad.c:4
    done
}

@test "a path below /sys outside host/, not in host/" {
    write host/fine.c 'const char *s = "/sys/bus/vdpa";'
    rules
    [ "$status" -eq 0 ]
    for path in /sys/bus/vdpa sys/bus/vdpa /sys; do
        write hook/bad.c "const char *s = \"$path\";"
        caught 'below /sys' hook/bad.c:2
    done
}

@test "standard output in the hook, but not in its main" {
    write hook/main.c '    rh_log_settle();' 'puts("a");'
    rules
    [ "$status" -eq 0 ]
    for line in 'printf("a");' 'g_print("a");' 'fputs("a", stdout);' 'write(STDOUT_FILENO, a, 1);' \
        'exit(1);'; do
        write hook/bad.c "$line"
        caught 'standard output' hook/bad.c:2
    done
    write hook/bad.c '_exit(1); g_strdup_printf("a"); snprintf(a, 1, "a");'
    rules
    [ "$status" -eq 0 ]
}

@test "a main that leaves GLib's messages on standard output" {
    write hook/main.c 'int main(void) { return 0; }'
    caught 'each main' hook/main.c
}

@test "a source file without a licence" {
    printf '#!/bin/sh\n' > "$tree/tests/script"
    caught 'SPDX' tests/script
}

@test "a document without a licence, or that names a file that is not there" {
    printf '# Title\n' > "$tree/NEWS.md"
    caught 'SPDX' NEWS.md
    printf '<!-- %s -->\n' "$licence" > "$tree/NEWS.md"
    mkdir "$tree/docs"
    # Of another tree, a pattern, a noun, and one that is beside it: fine.
    printf '<!-- %s -->\n`drivers/a.c` `core/KIND.c` `core/good` b.md\n' "$licence" > "$tree/docs/a.md"
    printf '<!-- %s -->\nSee docs/a.md and NEWS.md.\n' "$licence" > "$tree/docs/b.md"
    rules
    [ "$status" -eq 0 ]
    for name in docs/c.md '`core/gone.h`' SECURITY.md; do
        printf '<!-- %s -->\nSee %s.\n' "$licence" "$name" > "$tree/docs/b.md"
        caught 'document names' docs/b.md:2
    done
}

@test "a header without #pragma once" {
    write core/bad.h 'int a;'
    caught 'pragma once' core/bad.h
}

@test "a C file and a test that are not built" {
    write core/bad.c 'int a;'
    printf '# %s\n' "$licence" "files('good.c')" > "$tree/core/meson.build"
    caught 'is built' core/bad.c
    rm "$tree/core/bad.c"
    write tests/test-bad.c 'int a;'
    printf '# %s\n' "$licence" > "$tree/tests/meson.build"
    caught 'is built' tests/test-bad.c
}

@test "a front that includes more than libc" {
    mkdir "$tree/front"
    write front/good.c '#include <sys/stat.h>' '#include "front/good.h"'
    write front/good.h '#pragma once' '#include <stdio.h>'
    rules
    [ "$status" -eq 0 ]
    for header in '<glib.h>' '<libxml/tree.h>' '<glib-unix.h>'; do
        write front/bad.c "#include $header"
        rules
        [ "$status" -eq 1 ]
        grep -A1 "^not ok .*libc alone" <<< "$output" | grep -F "# front/bad.c:2"
    done
    write front/bad.c '#include "util/text.h"'
    caught 'only those below' front/bad.c:2
}

@test "a front that links a library" {
    command -v readelf cc pkg-config && pkg-config --exists glib-2.0 || skip "no GLib to link"
    # shellcheck disable=SC2046
    printf '#include <glib.h>\nint main(void) { return g_get_monotonic_time() == 0; }' |
        cc -x c - -o "$tree/build/virt-rehome-hook" $(pkg-config --cflags --libs glib-2.0)
    caught 'the front, links libc' '0x'
}

@test "a hook that links GIO" {
    command -v readelf cc pkg-config && pkg-config --exists gio-2.0 || skip "no GIO to link"
    # shellcheck disable=SC2046
    printf '#include <gio/gio.h>\nint main(void) { return g_file_get_type() == 0; }' |
        cc -x c - -o "$tree/build/virt-rehome-hook-proper" $(pkg-config --cflags --libs gio-2.0)
    caught 'links neither' '0x'
}

@test "a command that links libvirt" {
    command -v readelf cc pkg-config && pkg-config --exists libvirt || skip "no libvirt to link"
    # shellcheck disable=SC2046
    printf '#include <libvirt/libvirt.h>\nint main(void) { return virInitialize(); }' |
        cc -x c - -o "$tree/build/virt-rehome" $(pkg-config --cflags --libs libvirt)
    caught 'does not link libvirt' '0x'
}

@test "a file that clang-format would change" {
    cp "$RH_SOURCE_DIR/.clang-format" "$tree"
    rules format
    [[ "$output" != *SKIP* ]] || skip "no clang-format 14"
    [ "$status" -eq 0 ]
    write core/bad.c 'int  a;'
    rules format
    [ "$status" -eq 1 ]
    [[ "$output" == *"not ok"*core/bad.c* ]]
}

@test "a bug that clang-tidy sees" {
    cp "$RH_SOURCE_DIR/.clang-tidy" "$tree"
    write core/bad.c 'int bad(int a);' 'int bad(int a)' '{' '    return 1 / (a - a);' '}'
    printf '[{"directory": "%s", "file": "core/bad.c", "command": "cc -c core/bad.c"}]' "$tree" \
        > "$tree/build/compile_commands.json"
    rules tidy
    [[ "$output" != *SKIP* ]] || skip "no clang-tidy 14"
    [ "$status" -eq 1 ]
    [[ "$output" == *"not ok 1 - core/bad.c"* ]]
}

@test "a fault in a manual page" {
    mkdir "$tree/man"
    printf '.\\" %s\n.Dd today\n.Dt BAD 1\n.Sh NAME\n.Xx\n' "$licence" > "$tree/man/bad.1"
    rules manuals
    [[ "$output" != *SKIP* ]] || skip "no mandoc"
    [ "$status" -eq 1 ]
    [[ "$output" == *"not ok 1 - man/bad.1"* ]]
}

@test "a missing tool skips its check, and fails it in CI" {
    mkdir "$tree/bin"
    ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$tree/bin/python3"
    ln -s "$(command -v env)" "$tree/bin"
    for check in format manuals tidy; do
        PATH="$tree/bin" CI= rules $check
        [ "$status" -eq 0 ]
        [[ "$output" == "1..0 # SKIP "* ]]
        PATH="$tree/bin" CI=true rules $check
        [ "$status" -eq 1 ]
        [[ "$output" == *"not ok 1"* ]]
    done
}
