/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules: record x device -> verdict. Each kind of device has one table; each row says which
 * attribute it compares and how, under which policy, what an unknown value means, and the sentence
 * that it gives. The rows of a kind are in core/KIND-rules.c with the reason of each.
 */
#pragma once

#include "core/cost.h"
#include "core/guest.h"
#include "core/policy.h"
#include "core/questions.h"

/* What a judgement goes by, the same for all candidates of a plan. */
typedef struct {
    const RhGuest *guest;
    const RhInventory *host;
    const RhPolicy *policy;
    gboolean at_home;       /* the record names this very host */
    gboolean cold;          /* the guest boots anew: nothing of it has to be loaded */
    gboolean nets_apart;    /* the host's free network devices hang on several ports */
    RhQuestions *questions; /* NULL: nobody to ask (a saved inventory) */
} RhContext;

/* May @device stand in for what @entry recorded of @guest_device? */
typedef struct {
    const RhContext *context;
    const RhGuestDevice *guest_device;
    const RhDevice *entry;
    const RhDevice *device;
} RhCase;

/* A value that a rule compares. */
typedef enum {
    RH_FACT_UNKNOWN,
    RH_FACT_NONE, /* known to have none: the feature that would state it is not offered */
    RH_FACT_NUMBER,
    RH_FACT_TEXT,
    RH_FACT_USER,
} RhFactState;

typedef struct {
    RhFactState state;
    guint64 number;
    union { /* owned by the case */
        const char *text;
        const RhUser *user;
    };
} RhFact;

typedef struct RhRule RhRule;

typedef enum { RH_RESULT_HOLDS, RH_RESULT_FAILS, RH_RESULT_UNKNOWN } RhResult;

/* A kind of comparison: what reports call it, and whether @source and @host satisfy it. */
typedef struct {
    const char *name;
    gboolean (*holds)(const RhCase *c, const RhRule *rule, RhFact source, RhFact host);
} RhComparison;

extern const RhComparison rh_equal;    /* the same, NONE included */
extern const RhComparison rh_at_least; /* host >= source; NONE on either side: not compared */
extern const RhComparison rh_at_most;  /* host <= source */
extern const RhComparison rh_within;   /* each bit of source is in host */
extern const RhComparison rh_free;     /* nobody else uses the device */
extern const RhComparison rh_present;  /* the device has one */

/* What an unknown value means. */
typedef enum {
    RH_UNKNOWN_FAILS,        /* on either side */
    RH_UNKNOWN_IF_ANOTHER,   /* fails, unless it is the very device, under its key, at home */
    RH_UNKNOWN_IF_RECORDED,  /* unknown in the record: nothing to compare; of the device: fails */
    RH_UNKNOWN_WARNS,        /* unknown in the record: warns; of the device: fails */
    RH_UNKNOWN_SAME_ABSENCE, /* fails where only one is unknown */
    RH_UNKNOWN_PASSES,       /* on either side: nothing to compare */
    RH_UNKNOWN_COMPARED,     /* the comparison sees to it */
} RhUnknownIs;

typedef enum {
    RH_OTHERWISE_REJECT,
    RH_OTHERWISE_WARN,
    RH_OTHERWISE_END, /* rejects, and what else differs says nothing more */
} RhOtherwise;

/* Of a guest whose state is loaded, what the stream demands; of one that boots anew, only what the
 * guest itself has to find. */
typedef enum {
    RH_WHEN_STREAM, /* a running guest's state is loaded */
    RH_WHEN_ALWAYS,
    RH_WHEN_COLD, /* the guest boots anew */
} RhWhen;

#define RH_MATCH_ANY (RH_MATCH_CAPABILITY | RH_MATCH_EXACT)

/* What a row leaves out: it is about a stream, about all devices and the attribute's own values,
 * and what is unknown or does not hold rejects. */
struct RhRule {
    const char *attribute; /* its name in reports */
    guint match;           /* RhMatch: the policies that have this row */
    RhWhen when;
    const char *only; /* class or model of the guest's devices that have it; NULL: all */
    const RhComparison *comparison;
    RhAttr attr; /* how values are written; what is compared where the functions are NULL */
    RhFact (*source)(const RhCase *c, const RhRule *rule); /* what is demanded */
    RhFact (*host)(const RhCase *c, const RhRule *rule);   /* what the device has */
    RhUnknownIs unknown;
    RhOtherwise otherwise;
    /* Tells whether the device is still the recorded one where a guest starts at home on what its
     * record names: core/identity. */
    gboolean identity;
    /* With {source}, {host}, {user} (host, as who uses it), {missing} (bits of source that host
     * lacks), and the device's {name} and {mgmtdev}. */
    const char *text;
    /* What to do where the record does not know the value, a clause behind the sentence; NULL:
     * nothing is said. */
    const char *unrecorded;
    const char *unshown; /* the same where the host does not say it of the device */
    /* Why there is the row: one sentence, with its source in parentheses at the end. */
    const char *why;
};

/* Facts from a device's attribute. */
RhFact rh_fact(const RhDevice *device, RhAttr attr);
RhFact rh_fact_number(guint64 number);
RhFact rh_fact_text(const char *text); /* NULL: unknown */
RhFact rh_fact_none(void);
RhFact rh_fact_unknown(void);

/* For a row that demands no value of the record. */
RhFact rh_source_nothing(const RhCase *c, const RhRule *rule);

/* A reason against a device, or a warning about it. */
typedef struct {
    gboolean warning;
    char *attribute;
    const char *rule; /* the comparison's name */
    char *source;     /* NULL: unknown, or nothing is demanded */
    char *host;       /* NULL: unknown */
    char *text;
} RhReason;
void rh_reason_free(RhReason *reason);

/*
 * Whether the device fits. Where @reasons (of RhReason, may be NULL) is given, every reason and
 * warning is added to it; otherwise the first reason ends it and nothing is allocated.
 */
gboolean rh_judge(const RhCase *c, GPtrArray *reasons);

/* The same by the rows alone that tell whether it is the recorded device. */
gboolean rh_judge_identity(const RhCase *c, GPtrArray *reasons);

/* How many rows reject the device; nothing is allocated. */
guint rh_judge_rejections(const RhCase *c);

/* What a device that fits costs. */
RhCost rh_cost(const RhCase *c);

/* Whether the record and the device have different values, or only one has. */
gboolean rh_case_differs(const RhCase *c, RhAttr attr);

/* All that a kind's rules are; a function that is NULL, the kind does without. */
typedef struct {
    const RhRule *rows; /* in the order in which they are judged */
    guint n_rows;
    /* The row that stands for each parameter that the policy lists, and those: @row tells which,
     * from 0; FALSE: no more. */
    const RhRule *listed_row;
    gboolean (*listed)(const RhCase *c, guint row, RhRule *ret_rule);
    /* What the kind adds to the cost. */
    void (*cost)(const RhCase *c, RhCost *cost);
    /* Adds to @entry, which was made of its device, what a guest has that was started with it by
     * @qemu (NULL: unknown). */
    void (*start)(const RhGuestDevice *guest_device, RhDevice *entry, const char *qemu);
    /* What could be done so that the host has a device for the guest's, which has an entry:
     * clauses, of char *, added to @offers. The case has no device. Nothing is offered that these
     * rules are known to turn down. */
    void (*offer)(const RhCase *c, GPtrArray *offers);
    /* Sets what is the same for all candidates of a plan. */
    void (*survey)(RhContext *context);
} RhRuleSet;
