/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virt-rehome check: will this guest run there, on which devices, and if not, why not? */
#include "cli/command.h"

#include "cli/answer.h"
#include "cli/diff.h"
#include "core/explain.h"
#include "hook/managed-save.h"
#include "site/users.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"
#include "xml/domain.h"

/* What was asked. */
typedef struct {
    const RhOptions *options;
    RhOutput *output;
    RhFormat format;
    GBytes *bytes;
    RhDomain *domain;
    RhGuest *guest;
    RhPolicy *policy;
    GPtrArray *answers;       /* of RhAnswer */
    gboolean warned_of_pools; /* which is the same for all hosts that are asked */
} Question;

static void question_clear(Question *question)
{
    g_clear_pointer(&question->answers, g_ptr_array_unref);
    g_clear_pointer(&question->domain, rh_domain_free);
    g_clear_pointer(&question->policy, rh_policy_free);
    g_clear_pointer(&question->bytes, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Question, question_clear)

/* Plans, with the host's word on what only that can say, of all candidates that a report names. */
static void plan_answer(const Question *question, RhAnswer *answer)
{
    do {
        rh_plan_free(answer->plan);
        answer->plan = rh_plan_new(question->guest, answer->inventory, question->policy,
                                   RH_OCCASION_MIGRATE, answer->questions);
    } while (rh_host_answer(answer->host, answer->questions));
    if (!answer->questions)
        return;
    rh_plan_question_all(answer->plan);
    (void)rh_host_answer(answer->host, answer->questions);
}

/* Whether the answer is yes, once there is a plan. */
static gboolean is_fine(const Question *question, const RhAnswer *answer)
{
    g_autofree char *refusal = rh_unattended_refuse(question->guest->unattended, question->policy,
                                                    question->guest->name, answer->name);

    return answer->plan->fits && !refusal;
}

/* What guests here use concerns only those that shall have some of it. */
static void mark_users(Question *question, const RhEnvironment *environment, RhAnswer *answer)
{
    g_autoptr(GError) unknown = NULL;

    rh_users_settle(answer->host, answer->inventory, question->guest);
    if (answer->host && rh_guest_has_ours(question->guest) &&
        !rh_users_mark_now(environment, answer->host, question->guest, answer->inventory, &unknown))
        rh_append_line(question->output->err, "warning: %s", unknown->message);
    rh_unattended_mark(question->guest->unattended, answer->inventory);
}

/* Asks one host: a saved inventory, or this one. Of a guest that has nothing of ours it is asked no
 * more than what it is called. */
static gboolean ask(Question *question, RhAnswer *answer, GError **error)
{
    RhEnvironment environment = question->options->environment;

    environment.inventory = answer->file;
    answer->inventory = rh_environment_inventory(&environment, rh_guest_kinds(question->guest),
                                                 question->policy, &answer->host, error);
    if (!answer->inventory)
        return FALSE;
    mark_users(question, &environment, answer);
    if (rh_guest_has_ours(question->guest) && !question->warned_of_pools)
        rh_command_warn_of_pools(question->options, question->policy, answer->host,
                                 answer->inventory, rh_guest_kinds(question->guest),
                                 question->output->err);
    question->warned_of_pools = TRUE;
    if (!answer->inventory->name)
        answer->inventory->name = g_path_get_basename(answer->file ? answer->file : "this host");
    answer->name = g_strdup(answer->inventory->name);
    answer->questions = answer->host ? rh_questions_new() : NULL;
    plan_answer(question, answer);
    answer->fits = is_fine(question, answer);
    return TRUE;
}

/* What could not be asked is an answer, too. */
static void add_fault(Question *question, const char *path, const char *fault)
{
    RhAnswer *answer = g_new0(RhAnswer, 1);

    answer->file = g_strdup(path);
    answer->name = g_path_get_basename(path);
    answer->fault = g_strdup(fault);
    g_ptr_array_add(question->answers, answer);
}

static void ask_file(Question *question, const char *path)
{
    g_autoptr(RhAnswer) answer = g_new0(RhAnswer, 1);
    g_autoptr(GError) error = NULL;

    answer->file = g_strdup(path);
    if (ask(question, answer, &error))
        g_ptr_array_add(question->answers, g_steal_pointer(&answer));
    else
        add_fault(question, path, error->message);
}

static gboolean ask_this_host(Question *question, GError **error)
{
    g_autoptr(RhAnswer) answer = g_new0(RhAnswer, 1);

    if (!ask(question, answer, error))
        return FALSE;
    g_ptr_array_add(question->answers, g_steal_pointer(&answer));
    return TRUE;
}

/* Nobody waits for a pipe that somebody put there. */
static void ask_file_of_folder(Question *question, const char *path)
{
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR))
        add_fault(question, path, "it is not a regular file");
    else
        ask_file(question, path);
}

static void ask_folder(Question *question, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RhDir) dir = rh_dir_open(path, &error);
    g_autoptr(GPtrArray) names = dir ? rh_dir_list(dir, ".", &error) : NULL;
    guint before = question->answers->len;

    for (guint i = 0; names && i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *file = g_build_filename(path, name, NULL);

        if (name[0] != '.' && g_str_has_suffix(name, ".xml"))
            ask_file_of_folder(question, file);
    }
    if (!names) {
        add_fault(question, path, error->message);
    } else if (question->answers->len == before) {
        g_autofree char *fault =
            g_strdup_printf("the folder '%s' holds no inventory (*.xml)", path);

        add_fault(question, path, fault);
    }
}

/* Each host answers for itself; where there is but one, what kept it from answering is the error.
 */
static gboolean ask_all(Question *question, GError **error)
{
    GStrv hosts = question->options->common->hosts;
    const RhAnswer *only;

    if (!hosts)
        return ask_this_host(question, error);
    for (guint i = 0; hosts[i]; i++) {
        if (g_file_test(hosts[i], G_FILE_TEST_IS_DIR))
            ask_folder(question, hosts[i]);
        else
            ask_file(question, hosts[i]);
    }
    only = question->answers->len == 1 ? g_ptr_array_index(question->answers, 0) : NULL;
    if (only && only->fault)
        return rh_raise(error, RH_ERROR_INPUT, "%s", only->fault);
    rh_answers_sort(question->answers);
    return TRUE;
}

/* The guest's XML for the best host, or what changes in it. */
static gboolean append_rewritten(Question *question, const RhPlan *plan, GString *out,
                                 GError **error)
{
    g_autoptr(GBytes) before = rh_domain_serialise(question->domain, error);
    g_autoptr(GBytes) after = NULL;

    if (!before)
        return FALSE;
    if (rh_plan_moves(plan)) {
        rh_domain_apply(question->domain, plan);
        after = rh_domain_serialise(question->domain, error);
        if (!after)
            return FALSE;
    }
    if (question->options->diff)
        return !after || rh_diff_append(out, before, after, error);
    if (!after)
        after = g_bytes_ref(question->bytes);
    rh_command_append(out, after);
    return TRUE;
}

static gboolean reply(Question *question, RhOutput *output, GError **error)
{
    const RhAnswer *best = g_ptr_array_index(question->answers, 0);
    gboolean rewritten = question->options->print_xml || question->options->diff;

    if (rewritten && best->fits) {
        rh_answers_append_faults(output->err, question->answers);
        return append_rewritten(question, best->plan, output->out, error);
    }
    if (rewritten)
        rh_answers_append_text(output->err, question->guest, question->answers);
    else if (question->format == RH_FORMAT_JSON)
        rh_answers_append_json(output->out, question->guest, question->policy, question->answers);
    else
        rh_answers_append_text(output->out, question->guest, question->answers);
    return TRUE;
}

/* Whether the guest boots anew where it goes: as was asked; or, of one of libvirt's, by what that
 * says, which has a number for a guest that runs; or by its record, as the hook does. */
static gboolean boots(const Question *question, const char *word)
{
    const RhOptions *options = question->options;
    const RhGuest *guest = question->guest;
    g_autofree char *image = NULL;

    if (options->cold || options->live)
        return options->cold;
    if (!rh_command_is_libvirts(options, word))
        return guest->record && guest->record->off;
    if (guest->name)
        image = rh_managed_save_find(options->environment.root, guest->name);
    return !guest->runs && !image;
}

static gboolean read_question(Question *question, const char *word, GError **error)
{
    question->bytes = rh_command_read_guest(question->options, word, error);
    question->domain = question->bytes ? rh_domain_parse(question->bytes, error) : NULL;
    if (!question->domain)
        return FALSE;
    question->guest = rh_domain_guest(question->domain);
    if (rh_guest_has_ours(question->guest) && !rh_domain_read_record(question->domain, error))
        return FALSE;
    question->guest->boots = rh_guest_has_ours(question->guest) && boots(question, word);
    if (!rh_guest_has_ours(question->guest) &&
        !rh_unattended_any_unknown(question->guest->unattended)) {
        question->policy = rh_policy_new();
        return TRUE;
    }
    question->policy = rh_environment_policy(&question->options->environment, error);
    return question->policy != NULL;
}

static RhExit exit_of(const RhAnswer *best)
{
    if (best->fault)
        return RH_EXIT_TROUBLE;
    return best->fits ? RH_EXIT_FITS : RH_EXIT_REFUSED;
}

RhExit rh_command_check(const RhOptions *options, GStrv words, RhOutput *output, GError **error)
{
    g_auto(Question) question = {.options = options, .output = output};

    question.answers = g_ptr_array_new_with_free_func((GDestroyNotify)rh_answer_free);
    if (!words[0] || words[1])
        return rh_command_misused(error, "check takes one guest: GUEST.xml, - for standard input, "
                                         "or the name of a guest of libvirt's");
    if ((options->print_xml && options->diff) ||
        ((options->print_xml || options->diff) && options->format))
        return rh_command_misused(error, "check prints one thing: --print-xml, --diff or a report "
                                         "in a --format");
    if (options->cold && options->live)
        return rh_command_misused(error, "check asks one thing: --cold or --live");
    if (!rh_command_format(options, "text|json", &question.format, error) ||
        !read_question(&question, words[0], error) || !ask_all(&question, error) ||
        !reply(&question, output, error))
        return RH_EXIT_TROUBLE;
    for (guint i = 0; i < question.policy->warnings->len; i++)
        g_string_append_printf(output->err, "warning: %s\n",
                               (char *)g_ptr_array_index(question.policy->warnings, i));
    return exit_of(g_ptr_array_index(question.answers, 0));
}
