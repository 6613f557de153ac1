/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cards of the AP bus (linux/Documentation/arch/s390/vfio-ap.rst), s390's cryptographic ones.
 */
#pragma once

#include "util/file.h"

/*
 * What the cards in @matrix ("05.0004 06.00ab": adapter and domain) are on this host, in its order:
 * "card05:CEX8C card06:none". The type is the kernel's word for it, with the mode at its end: A for
 * accelerator, C for CCA, P for EP11; "none" where there is no such card. NULL: the matrix has no
 * card, or what one of them is is not known. Owned by the caller.
 */
char *rh_ap_cards(RhDir *root, const char *matrix);
