/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record of one of libvirt's guests, brought up to date where libvirt keeps it: in the running
 * guest's XML and in its definition. And the definition's sources (recorder/correction.h).
 */
#pragma once

#include "recorder/news.h"
#include "recorder/scene.h"

/* What came of it. */
typedef struct {
    gboolean running;
    gboolean busy;               /* a job holds the guest, or it hangs: nothing was written, to be
                                    tried again */
    guint n_devices;             /* of ours, of the running guest, or of its definition */
    gboolean has_vdpa;           /* whose negotiated features may still change */
    gboolean live_written;       /* the running guest's record */
    gboolean definition_written; /* the definition, or its record */
    GPtrArray *moves;            /* of char *: what the definition names now, "'a' -> 'b'" */
    GPtrArray *warnings;         /* of char *: what a person must see to */
    GPtrArray *renewed; /* of char *: what was said by a record that is made anew, as it could not
                           be read */
} RhRecording;
void rh_recording_clear(RhRecording *recording);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RhRecording, rh_recording_clear)

/* What an inventory must hold for recording the guest; 0: it has no device of ours. Error:
 * RH_ERROR_HOST, RH_ERROR_INPUT. */
gboolean rh_recording_needs(virDomainPtr domain, RhGather *ret_what, GError **error);

/*
 * Writes what is not so yet. A record that cannot be read is made anew where the guest runs with
 * what it was started with, or where a person accepts what is there; it is left as it is otherwise,
 * and where it is of a higher format. With @print (may be NULL) nothing is written: the record that
 * the running guest, or the definition of one that is shut off, should have is appended to it. A
 * fault of the definition does not keep the running guest from being recorded. Error: RH_ERROR_HOST
 * (libvirt; a device that is not there), RH_ERROR_INPUT (a record that cannot be read and is
 * left as it is); *@ret_recording tells what was done before.
 */
gboolean rh_recording_update(virDomainPtr domain, const RhScene *scene, const RhNews *news,
                             GString *print, RhRecording *ret_recording, GError **error);
