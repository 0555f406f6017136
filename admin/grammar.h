/*
 * grammar.h - the arguments of a command as its row spells them: "<number> [<field=value>...]".
 *
 * Words stand apart by blanks.  [] may be missing; "..." allows more of the last one; | stands
 * between alternatives: in <> what somebody names, else what is said as it is.  Pure.
 */
#ifndef TG_ADMIN_GRAMMAR_H
#define TG_ADMIN_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

/* One word of a grammar.  Points into it. */
struct grammar_word {
	const char *text;		/* without [] and ... */
	size_t	 bytes;			/* of text; >= 1 */
	bool	 is_optional;
	bool	 has_more;
};

/* The word at *at, which moves behind it.  False: there is none. */
bool grammar_next(const char **at, struct grammar_word *ret_word);

/* One of the alternatives of a word.  Points into the grammar. */
struct grammar_choice {
	const char *text;
	size_t	 bytes;
	bool	 is_literal;		/* said as it is */
};

/* Alternative i, from 0.  False: there are not so many. */
bool grammar_choice(const struct grammar_word *word, size_t i, struct grammar_choice *ret_choice);

/*
 * Which of the words typed[0..bytes) is, or begins if it begins no other: its index; count when it
 * is none or may be several.
 */
size_t grammar_find(const char *const *words, size_t count, const char *typed, size_t bytes);

#endif
