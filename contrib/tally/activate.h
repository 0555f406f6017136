/*
 * activate.h - the command activate: a one-time code becomes a key, kept with the settings that the
 * terminal needs from then on.
 */
#ifndef TG_CONTRIB_TALLY_ACTIVATE_H
#define TG_CONTRIB_TALLY_ACTIVATE_H

#include "contrib/tally/answer.h"
#include "contrib/tally/settings.h"

/*
 * words: activate [PATH]; the code is the first line of the file PATH, or of the standard input.
 * Makes FILE (--write, else ~/.tally), which must not be there, and FILE.key, both for the owner
 * only.  While the key is not stored yet FILE.nonce is there: with it the same command can be given
 * again, whatever has happened to the answer.
 */
enum tally_exit activate(const struct settings *settings, int word_count, char *const words[]);

#endif
