/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/questions.h"

struct RhQuestions {
    GHashTable *all; /* of RhQuestion, each its own key */
    GPtrArray *open; /* of those, the ones that nobody took yet; NULL: none */
};

static void question_free(gpointer data)
{
    RhQuestion *question = data;

    g_free(question->version);
    g_free(question);
}

static guint hash_question(gconstpointer key)
{
    const RhQuestion *question = key;

    return g_direct_hash(question->device) ^ g_str_hash(question->version);
}

static gboolean is_same_question(gconstpointer a, gconstpointer b)
{
    const RhQuestion *one = a;
    const RhQuestion *other = b;

    return one->device == other->device && g_str_equal(one->version, other->version);
}

RhQuestions *rh_questions_new(void)
{
    RhQuestions *questions = g_new0(RhQuestions, 1);

    questions->all = g_hash_table_new_full(hash_question, is_same_question, question_free, NULL);
    return questions;
}

void rh_questions_free(RhQuestions *questions)
{
    if (!questions)
        return;
    g_clear_pointer(&questions->open, g_ptr_array_unref);
    g_hash_table_unref(questions->all);
    g_free(questions);
}

gboolean rh_questions_accepted(RhQuestions *questions, const RhDevice *device, const char *version)
{
    RhQuestion asked = {.device = device, .version = (char *)version};
    RhQuestion *question = questions ? g_hash_table_lookup(questions->all, &asked) : NULL;

    if (question)
        return question->accepted;
    if (!questions)
        return FALSE;
    question = g_new0(RhQuestion, 1);
    question->device = device;
    question->version = g_strdup(version);
    g_hash_table_add(questions->all, question);
    if (!questions->open)
        questions->open = g_ptr_array_new();
    g_ptr_array_add(questions->open, question);
    return FALSE;
}

GPtrArray *rh_questions_take_open(RhQuestions *questions)
{
    return g_steal_pointer(&questions->open);
}
