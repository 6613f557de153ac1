/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions: what only a host's kernel can say of a candidate, and what it said. Planning asks none
 * itself: what it lacks stands here afterwards, is answered by who can (host/host.h), and then it
 * is planned again. So only those candidates are asked about that fit by all that is known.
 */
#pragma once

#include "core/device.h"

/* Whether @device takes a migration stream of @version. */
typedef struct {
    const RhDevice *device; /* borrowed */
    char *version;
    gboolean accepted; /* FALSE until it is answered */
} RhQuestion;

typedef struct RhQuestions RhQuestions;

RhQuestions *rh_questions_new(void);
void rh_questions_free(RhQuestions *questions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RhQuestions, rh_questions_free)

/* Whether @device was said to take a stream of @version. What was not asked yet is open from now
 * on, and a no; @questions NULL: there is nobody to ask, so it is a no. */
gboolean rh_questions_accepted(RhQuestions *questions, const RhDevice *device, const char *version);

/* The open questions, of RhQuestion, which are the caller's to answer from now on by setting
 * `accepted`; the array is the caller's, too. NULL: none is open. */
GPtrArray *rh_questions_take_open(RhQuestions *questions);
