/*
 * archive_document.h - statements and lists of them as texts, out of MariaDB, by pieces.
 *
 * For a partner, who gets the same bytes as `tally-journal statement` prints.  On the connection of
 * an archive query.  A text is made once and kept until another one is asked for.
 */
#ifndef TG_STORAGE_ARCHIVE_DOCUMENT_H
#define TG_STORAGE_ARCHIVE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/message.h"

enum archive_document_kind {
	ARCHIVE_STATEMENT = 1,	/* a statement, in any form */
	ARCHIVE_STATEMENTS = 2,	/* a partner's statements, CSV */
	ARCHIVE_DISPUTES = 3,	/* its disputes, CSV */
};

/* What is asked for; kind 0: no such text. */
struct archive_document_question {
	uint8_t	 kind;			/* enum archive_document_kind */
	uint8_t	 form;			/* enum tg_form */
	uint32_t cycle;			/* of the statement */
	uint64_t from_byte;		/* of the text; 0: a list is made anew */
};

/* A piece. */
struct archived_document {
	bool	 is_found;		/* there is such a statement; lists are always there */
	uint8_t	 state;			/* of the statement: enum statement_state, 0: not known */
	uint8_t	 chain[TG_DIGEST_BYTES]; /* statement: its digest, which covers those before */
	uint8_t	 digest[TG_DIGEST_BYTES]; /* of the whole text */
	bool	 has_more;
	uint32_t bytes;
	uint8_t	 piece[TG_DOCUMENT_BYTES_MAX];
};

/* A text that is kept. */
struct archive_text {
	struct archive_document_question question;
	uint32_t partner;
	struct archived_document facts;	/* without the piece */
	char	*bytes;			/* owned; NULL: none */
	size_t	 bytes_count;
};

#endif
