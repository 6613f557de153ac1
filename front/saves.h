/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The managed saves of libvirt, and the second name that each has while somebody may lose it:
 * libvirt 11.3 deletes the image where a hook fails at `restore begin`, where it cannot run one,
 * and where it turns the hook's XML down (src/qemu/qemu_driver.c, qemuDomainObjStart).
 *
 *   NAME.save.virt-rehome         kept: made when the guest is saved. An image that is gone while
 *                                 there is only this was removed on purpose, or by a libvirt that
 *                                 could not run the hook: it stays for a day
 *   NAME.save.virt-rehome.begun   a restore has begun: an image that is gone since has here its
 *                                 last copy, which nobody removes but people
 *   NAME.save.virt-rehome.old     such a last copy, when the next image is restored; .old2 to
 *                                 .old99 where that is there. Nobody removes these but people
 *   NAME.save.virt-rehome.before  what was kept of an older image when the next one came; a day
 *
 * Each step is one call, and at each moment an image that had a second name has one. Where NAME is
 * too long, a part of it and a checksum stand for it. libc alone: this is the front's.
 */
#pragma once

#include <stdbool.h>

/* libvirt's folder, below a root. */
#define RH_SAVES_FOLDER "var/lib/libvirt/qemu/save"
/* What a link's name ends with, before .begun and so on. */
#define RH_SAVES_MARK ".save.virt-rehome"

/* The bytes of a file's name, and its end. */
#define RH_SAVES_NAME 256

/* The name of the link with @suffix ("", ".begun", ".old", ".before") for @guest. */
void rh_saves_name(char ret_name[RH_SAVES_NAME], const char *guest, const char *suffix);

/*
 * In all of them @folder is libvirt's, and @guest one of its names: one with a '/' has no image.
 * The guest was saved: its image, if it has one, gets a second name. False: that failed, see errno.
 */
bool rh_saves_keep(const char *folder, const char *guest);

/* The same, and a restore begins. */
bool rh_saves_begin(const char *folder, const char *guest);

/* The restore that had begun will not be: as before it. */
void rh_saves_unbegin(const char *folder, const char *guest);

/* Nobody will need the image: its second names go. What is a last copy stays; false: there is one.
 */
bool rh_saves_forget(const char *folder, const char *guest);

/* Removes what was kept of an image that is gone: when it has been for a day, and @at_once where
 * the guest is gone, too. */
void rh_saves_sweep(const char *folder, const char *guest, bool at_once);
