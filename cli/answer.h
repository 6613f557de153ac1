/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one host answers to "will this guest run there": its plan. */
#pragma once

#include "core/plan.h"
#include "host/host.h"

typedef struct {
    char *name;  /* the host's, or its file's where that says none */
    char *file;  /* the saved inventory, or folder; NULL: this host */
    char *fault; /* why it could not be asked, and there is none of the below; NULL: it was */
    RhInventory *inventory;
    RhHost *host;           /* NULL: a saved inventory */
    RhQuestions *questions; /* that it was asked; NULL: a saved inventory */
    RhPlan *plan;
    gboolean fits; /* the plan does, and nothing else turns the guest away */
} RhAnswer;
void rh_answer_free(RhAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhAnswer, rh_answer_free)

/* How old the inventory is, in seconds; -1: unknown. */
gint64 rh_answer_age(const RhAnswer *answer);

/* Whether there was anything to judge: a guest that has nothing of ours is fine anywhere. */
gboolean rh_answer_judges(const RhGuest *guest, const RhAnswer *answer);

/* Best first: those that fit, by cost; then those that do not, fewest devices without a match
 * first; then by name; those that could not be asked at the end. */
void rh_answers_sort(GPtrArray *answers);

/* The report, for people and as JSON (the format is in virt-rehome(1)). */
void rh_answers_append_text(GString *out, const RhGuest *guest, GPtrArray *answers);
/* A line for each that could not be asked. */
void rh_answers_append_faults(GString *out, GPtrArray *answers);
void rh_answers_append_json(GString *out, const RhGuest *guest, const RhPolicy *policy,
                            GPtrArray *answers);
