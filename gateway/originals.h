/*
 * originals.h - what MariaDB is asked: originals that have left the window, and pages of entries.
 *
 * Owns a connection of its own for it, the time that a question may take, and figures.  MariaDB may
 * be away: then there is no answer and who asks is told to come again; nobody else notices.  An
 * original waits for a sink that is behind, up to its time; a page tells how far behind it is.
 */
#ifndef TG_GATEWAY_ORIGINALS_H
#define TG_GATEWAY_ORIGINALS_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/log.h"
#include "gateway/pipeline.h"
#include "protocol/status.h"
#include "storage/database.h"
#include "storage/io.h"
#include "storage/sink.h"

struct originals;

/* Everything borrowed, and outliving the originals. */
struct originals_config {
	struct database_config database; /* its time-outs and cutter are set here */
	uint16_t shard;
	int64_t	 timeout_ms;		/* for MariaDB's turn to come, and again for its answer */
	/* How far MariaDB is. */
	struct sink_status (*sink_status)(void *context);
	void	*context;
	struct log *log;
};

/* Since the start.  Each is right, together they may be a moment apart. */
struct originals_figures {
	uint64_t asked;
	uint64_t found;
	uint64_t unknown;		/* MariaDB has no such transaction */
	uint64_t lagging;		/* MariaDB had not all that was booked, in time */
	uint64_t late;			/* others before it took all the time */
	uint64_t failed;		/* MariaDB did not answer */
	int64_t	 longest_us;		/* from being asked to having the answer */
	uint64_t pages_told;
	uint64_t pages_late;		/* others before them took all the time */
	uint64_t pages_failed;		/* MariaDB did not answer, or not in time */
	int64_t	 pages_longest_us;
	char	 error[STORAGE_ERROR_TEXT_BYTES]; /* of the last that failed; empty: none */
};

/* Does not connect.  NULL: out of memory. */
struct originals *originals_new(const struct originals_config *config);

/* After the last originals_fetch().  NULL is fine. */
void originals_free(struct originals *originals);

/*
 * A pipeline_archive_fn; context: the originals.  One thread at a time.  Waits for the sink to have
 * written what was booked when the question was asked, then asks MariaDB.
 *
 * Blocks until timeout_ms after asked_mono_us, and then for at most one time-out of the connection.
 * TG_OK; TG_ORIGINAL_ARCHIVED: the sink is behind; TG_TIMEOUT: its turn came too late; TG_DATABASE:
 * MariaDB does not answer; TG_CLOSED: cut; TG_NO_MEMORY.
 */
enum tg_status originals_fetch(void *context, const struct pipeline_question *question,
			       struct archived_transaction *ret_found);

/*
 * A pipeline_page_fn; context: the originals.  The same thread.  Asks MariaDB, with half the time
 * of an original, so that one that comes behind still has its turn.  A proof comes in slices, see
 * archived_page; all of them have ten times the time of an original.
 *
 * TG_OK; TG_TIMEOUT: its turn came too late; TG_DATABASE: MariaDB does not answer, or not in time;
 * TG_CLOSED: cut; TG_NO_MEMORY.
 */
enum tg_status originals_page(void *context, const struct pipeline_page_question *question,
			      struct archived_page *ret_page);

/* Any thread: what is asked now and from now on ends soon, without an answer.  NULL is fine. */
void originals_cut(struct originals *originals);

/* Any thread. */
struct originals_figures originals_figures(struct originals *originals);

#endif
