/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one host answers to "will this guest run there": its plan. */
#pragma once

#include "core/plan.h"
#include "host/host.h"

typedef struct {
    char *name; /* the host's, or its file's where that says none */
    RhInventory *inventory;
    RhHost *host;           /* NULL: a saved inventory */
    RhQuestions *questions; /* that it was asked; NULL: a saved inventory */
    RhPlan *plan;
    gboolean fits; /* the plan does, and nothing else turns the guest away */
} RhAnswer;
void rh_answer_free(RhAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhAnswer, rh_answer_free)

/* Whether there was anything to judge: a guest that has nothing of ours is fine anywhere. */
gboolean rh_answer_judges(const RhGuest *guest, const RhAnswer *answer);

/* Best first: those that fit, by cost; then those that do not, fewest devices without a match
 * first; then by name. */
void rh_answers_sort(GPtrArray *answers);

/* The report, for people and as JSON (the format is in virt-rehome(1)). */
void rh_answers_append_text(GString *out, const RhGuest *guest, GPtrArray *answers);
void rh_answers_append_json(GString *out, const RhGuest *guest, GPtrArray *answers);
