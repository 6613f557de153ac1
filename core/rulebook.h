/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of all kinds: each set stands in core/KIND-rules.c. */
#pragma once

#include "core/rules.h"

extern const RhRuleSet rh_vdpa_rules;
extern const RhRuleSet rh_mdev_rules;

/* The rules for devices of @kind; NULL: no guest has one. */
const RhRuleSet *rh_rulebook(RhKind kind);
