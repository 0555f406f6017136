/*
 * port.h - one thread's end of the pipeline, from the inside.
 *
 * Owns a port's jobs, its lanes to the ledger step, its answers and notices, and its eventfd.
 * For the files of the pipeline; all others use pipeline.h.
 *
 * Jobs: free -> taken (submitter) -> in a lane -> ledger step -> in done -> given back.  There is
 * room in every queue for all jobs of the port, so that only the lack of a free job refuses a
 * request.
 */
#ifndef TG_GATEWAY_PORT_H
#define TG_GATEWAY_PORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/pipeline.h"
#include "gateway/queue.h"
#include "ledger/record.h"

/* Notices on their way to one port, at most; SET_ requests wait while there is no room. */
#define PORT_NOTICES_MAX 256

/* Of signal_at: nothing was pushed. */
#define PORT_NO_SIGNAL UINT64_MAX

struct port_config {
	uint32_t jobs;			/* requests of this port on their way at once */
	uint32_t reserve;		/* ... of which for RELEASE and REVERSE alone */
	uint32_t batch_jobs;		/* ... of which in the lane PIPELINE_BATCH, at most */
	int64_t	 queue_delay_us_max;	/* at first; see the port's */
	bool	 is_control;
};

struct pipeline_port {
	struct port_config config;	/* fixed for life */
	struct pipeline *pipeline;	/* borrowed */
	int	 fd;			/* owned; eventfd, readable while is_signalled */
	_Atomic bool is_signalled;

	/* The submitter's. */
	struct pipeline_job *jobs;	/* owned; config.jobs of them */
	struct pipeline_job **free_jobs; /* owned; stack of those not lent */
	uint32_t free_count;
	uint32_t in_flight;		/* submitted, not given back */
	uint32_t batch_in_flight;	/* ... of which in the lane PIPELINE_BATCH */
	bool	 has_submitted;		/* since the last flush */
	_Atomic uint64_t busy_count;	/* refused by take and submit */
	/* A terminal lane that has waited longer takes no more; 0: no bound.  Any thread's. */
	_Atomic int64_t queue_delay_us_max;

	/* Submitter to ledger step. */
	struct queue lanes[PIPELINE_LANE_COUNT];
	/* When the terminal lane's front was submitted, or a moment before. */
	_Atomic int64_t waiting_since_us;

	/* Ledger step to submitter; jobs in order of wait_sequence. */
	struct queue done;
	struct queue notices;		/* of notice_slots */
	struct pipeline_notice notice_slots[PORT_NOTICES_MAX];
	uint32_t notices_pushed;	/* the ledger step's; next slot */
	uint64_t signal_at;		/* the ledger step's; least wait_sequence of this run */
};

/* TG_OK; TG_NO_MEMORY; TG_IO: no eventfd.  port_deinit() is fine after any of them. */
TG_MUST_CHECK enum tg_status port_init(struct pipeline_port *port, struct pipeline *pipeline,
				       const struct port_config *config);
void port_deinit(struct pipeline_port *port);

/* Any thread: make the fd readable. */
void port_signal(struct pipeline_port *port);

/* Submitter: pipeline_job_take() and so on do these. */
struct pipeline_job *port_take(struct pipeline_port *port, uint8_t kind);
void port_give(struct pipeline_port *port, struct pipeline_job *job);
TG_MUST_CHECK enum tg_status port_submit(struct pipeline_port *port, struct pipeline_job *job);
uint32_t port_batch_room(const struct pipeline_port *port);

/* Ledger step: the oldest job of a lane, taken out; NULL: none. */
struct pipeline_job *port_next(struct pipeline_port *port, enum pipeline_lane lane);

/* Ledger step: the answer is formed. */
void port_answer(struct pipeline_job *job);

/* Ledger step: tell the port of a record about partners, stores or terminals.  There is room. */
void port_notify(struct pipeline_port *port, const struct record *record);

/* Any thread: does the port wait for answers or notices? */
bool port_is_waiting(const struct pipeline_port *port);

/* Is there anything in the lanes? */
bool port_has_work(const struct pipeline_port *port);

#endif
