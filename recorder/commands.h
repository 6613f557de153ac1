/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that speak with libvirt: virt-rehome(1) passes them on, virt-rehome-recorder(8). */
#pragma once

#include "site/options.h"

/*
 * Each takes the name of a guest, or NULL for all. What it has to say goes to @out, and about
 * guests with which it had trouble to @err, a line each; an error is trouble with all of it.
 */
RhExit rh_recorder_record(const RhCommonOptions *options, const char *guest, GString *out,
                          GString *err, GError **error);
RhExit rh_recorder_refresh(const RhCommonOptions *options, const char *guest, GString *out,
                           GString *err, GError **error);

/* `refresh --boot`: of all guests, before libvirt's daemon starts for the first time since boot. */
RhExit rh_recorder_refresh_at_boot(const RhCommonOptions *options, GString *out, GString *err,
                                   GError **error);

/* The XML of one guest, for `check`. */
RhExit rh_recorder_xml(const RhCommonOptions *options, const char *guest, GString *out,
                       GError **error);
