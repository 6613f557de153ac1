# SPDX-License-Identifier: LGPL-2.1-or-later
# install.sh: below DESTDIR everything that it installs goes away again.

setup() {
    # A copy, since it builds in its own folder.
    tree="$BATS_FILE_TMPDIR/tree"
    root="$BATS_TEST_TMPDIR/root"
    export DESTDIR="$root"
    # The sanitizers of the test build are not for what users get.
    unset ASAN_OPTIONS UBSAN_OPTIONS
}

setup_file() {
    "$RH_SOURCE_DIR/tests/copy-sources" "$BATS_FILE_TMPDIR/tree"
}

install_sh() {
    run "$tree/install.sh" "$@"
    echo "$output"
}

@test "installs programs, manual pages, schemas, examples and the hook's link" {
    cd /
    install_sh
    [ "$status" -eq 0 ]
    [ -x "$root/usr/bin/virt-rehome" ]
    [ -x "$root/usr/sbin/virt-rehome-hook" ]
    [ -x "$root/usr/sbin/virt-rehome-recorder" ]
    # What libvirt runs, runs what it was built to run.
    [ -x "$root/usr/libexec/virt-rehome/hook" ]
    grep -q -F -a /usr/libexec/virt-rehome/hook "$root/usr/sbin/virt-rehome-hook"
    for unit in recorder refresh; do
        grep -q '^ExecStart=/usr/sbin/virt-rehome-recorder' \
            "$root"/*/lib/systemd/system/virt-rehome-$unit.service "$root"/lib/systemd/system/virt-rehome-$unit.service
    done
    [ -e "$root/usr/share/man/man1/virt-rehome.1" ]
    [ -e "$root/usr/share/man/man5/virt-rehome.conf.5" ]
    [ -e "$root/usr/share/man/man8/virt-rehome-hook.8" ]
    [ -e "$root/usr/share/man/man8/virt-rehome-recorder.8" ]
    [ "$(readlink "$root/etc/libvirt/hooks/qemu.d/50-virt-rehome")" = /usr/sbin/virt-rehome-hook ]
    "$root/usr/bin/virt-rehome" --version
    for schema in "$root"/usr/share/virt-rehome/schemas/*-example.xml; do
        xmllint --noout --relaxng "${schema%-example.xml}.rng" "$schema"
    done

    # Again, and away; what is not ours stays.
    install_sh
    [ "$status" -eq 0 ]
    touch "$root/etc/virt-rehome.conf" "$root/etc/libvirt/hooks/qemu.d/10-other"
    mkdir -p "$root/run/virt-rehome/refusals"
    saves="$root/var/lib/libvirt/qemu/save"
    mkdir -p "$saves"
    echo image > "$saves/web1.save"
    ln "$saves/web1.save" "$saves/web1.save.virt-rehome"
    echo "the last copy" > "$saves/web2.save.virt-rehome.begun"
    install_sh --uninstall
    [ "$status" -eq 0 ]
    [[ "$output" == *"left your configuration: $root/etc/virt-rehome.conf"* ]]
    [[ "$output" == *"left images of guests that libvirt has no more: $saves/"* ]]
    run find "$root" -type f,l
    echo "$output"
    [ "$(sort <<< "$output")" = "$root/etc/libvirt/hooks/qemu.d/10-other
$root/etc/virt-rehome.conf
$saves/web1.save
$saves/web2.save.virt-rehome.begun" ]
    [ ! -e "$root/run/virt-rehome" ]

    # Twice is fine.
    rm "$root/etc/libvirt/hooks/qemu.d/10-other"
    install_sh --uninstall
    [ "$status" -eq 0 ]
    [ ! -e "$root/etc/libvirt/hooks" ]
}

@test "--help needs nothing, and an unknown word is wrong use" {
    install_sh --help
    [ "$status" -eq 0 ]
    [[ "$output" == Usage:* ]]
    install_sh --frobnicate
    [ "$status" -eq 2 ]
    install_sh --test some
    [ "$status" -eq 2 ]
    [[ "$output" == *"quick or all, not 'some'"* ]]
    run "$RH_SOURCE_DIR/tests/run" some
    [ "$status" -eq 2 ]
    [[ "$output" == *"quick or all, not 'some'"* ]]
}

@test "an ordinary user is told in one sentence" {
    [ "$(id -u)" -eq 0 ] || skip "not root, so cannot become an ordinary user"
    command -v setpriv || skip "setpriv is not installed"
    unset DESTDIR
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" || true
    for word in "" --uninstall; do
        run setpriv --reuid 65534 --regid 65534 --clear-groups \
            sh "$tree/install.sh" ${word:+"$word"}
        echo "$output"
        [ "$status" -eq 2 ]
        [ "${#lines[@]}" -eq 1 ]
        [[ "$output" == "install.sh: only root can "* ]]
    done
}
