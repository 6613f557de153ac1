# SPDX-License-Identifier: LGPL-2.1-or-later
# The marks of the rows of xml/use.c, each once, as a C file has strings.
BEGIN { FS = "\"" }
/^ *\.mark = "/ && !seen[$2]++ { printf "    \"%s\",\n", $2 }
END { if (length(seen) == 0) exit 1 }
