/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command as it would be if its planning child gave up nothing: what that costs is the ratio of
 * both. */
#include "site/confinement.h"

void rh_confinement_enter(void)
{
}
