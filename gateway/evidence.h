/*
 * evidence.h - what the archive has, fetched for the ledger: originals that have left the window,
 * and pages of entries.
 *
 * Owns a thread that asks the archive, which may take seconds, so that nobody else has to.  A job
 * comes from the ledger step, gets its evidence or none, and goes back.  Knows nothing of
 * MariaDB: the archive is two functions.
 */
#ifndef TG_GATEWAY_EVIDENCE_H
#define TG_GATEWAY_EVIDENCE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "gateway/pipeline.h"
#include "gateway/queue.h"
#include "gateway/waker.h"

/* Everything borrowed, and outliving the thread. */
struct evidence_config {
	pipeline_archive_fn *archive;
	pipeline_page_fn *page;
	void	*archive_context;
	struct queue *in;		/* jobs that want evidence, of each pipeline_archive_lane */
	struct queue *out;		/* the same, having had their try; has room for all */
	void (*on_fetched)(void *context); /* there is something in out */
	void	*context;
};

struct evidence {
	struct evidence_config config;
	struct waker waker;		/* woken when there is something in in */
	pthread_t thread;
	bool	 is_started;
	_Atomic bool is_stopping;
};

/* TG_OK; TG_NO_MEMORY. */
TG_MUST_CHECK enum tg_status evidence_init(struct evidence *evidence,
					   const struct evidence_config *config);
void evidence_deinit(struct evidence *evidence);

/* TG_OK; TG_NO_MEMORY: no thread. */
TG_MUST_CHECK enum tg_status evidence_start(struct evidence *evidence);

/*
 * What the thread does over and over: the next job has its try.  False: there is none.  Blocks for
 * the archive.  For a caller who runs a pipeline without threads.
 */
bool evidence_turn(struct evidence *evidence);

/* End the thread, when what it is asking has answered. */
void evidence_stop(struct evidence *evidence);

#endif
