/*
 * pipeline_double.h - a pipeline for tests of the network side: answers without a ledger.
 *
 * Defines the functions of gateway/pipeline.h that I/O threads call; a test that links it gets
 * these instead of the real ones.  Answers come at once, or are held until the test lets them go.
 *
 * Terminals are what their numbers say, see pipeline_double.c.
 */
#ifndef TG_TESTS_GATEWAY_PIPELINE_DOUBLE_H
#define TG_TESTS_GATEWAY_PIPELINE_DOUBLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/pipeline.h"

#define DOUBLE_JOBS 1024
#define DOUBLE_NOTICES 16
#define DOUBLE_PORTS 4

/* Numbers of terminals with a meaning; all others up to 8999 are of partner number / 100. */
#define DOUBLE_SYSTEM 150   /* a partner's system of partner 1: may act for others, and batch */
#define DOUBLE_SYSTEM_2 250 /* the same of partner 2 */
#define DOUBLE_BLOCKED 160  /* blocked */
#define DOUBLE_POOR 170	    /* may do nothing but inquire */
#define DOUBLE_OLD_KEY 180  /* key generation 3, and still 2 */
#define DOUBLE_UNKNOWN 9000 /* from here on there are none */
#define DOUBLE_RIGHTS \
	(TG_RIGHT_ENROLL | TG_RIGHT_INQUIRY | TG_RIGHT_EARN | TG_RIGHT_BURN | TG_RIGHT_REFUND | \
	 TG_RIGHT_REVERSE)

struct pipeline_port {
	struct pipeline *pipeline;
	int fd;
	struct pipeline_job *jobs; /* DOUBLE_JOBS */
	struct pipeline_job *free_jobs[DOUBLE_JOBS];
	uint32_t free_count;
	struct pipeline_job *held[DOUBLE_JOBS]; /* submitted, not answered; in order */
	uint32_t held_count;
	struct pipeline_job *done[DOUBLE_JOBS];
	uint32_t done_count;
	struct pipeline_notice notices[DOUBLE_NOTICES];
	uint32_t notice_count;
};

struct pipeline {
	struct pipeline_port ports[DOUBLE_PORTS];
	_Atomic bool is_holding;  /* jobs wait for double_answer(), or until it is false */
	enum tg_status submit;	  /* what pipeline_submit() answers */
	uint32_t batch_jobs;	  /* as many items of batches may be on their way at once */
	uint32_t jobs_left;	  /* how many jobs may be taken at once, at most DOUBLE_JOBS */
	uint32_t refuse_from;	  /* submits from this one on are refused by submit; 0: all */
	uint32_t refuse_until;	  /* ... to this one, 0: all */
	_Atomic uint32_t submits; /* tried so far */
	int64_t utc_ms;
	bool is_stepped;
	_Atomic uint64_t sequence;
	/* Called for every answer, after the usual one was formed; NULL: none. */
	void (*on_answer)(void *context, struct pipeline_job *job);
	void *context;
};

struct pipeline *double_new(void);
void double_free(struct pipeline *pipeline);

/* Answer the oldest held jobs of a port, count at most. */
void double_answer(struct pipeline_port *port, uint32_t count);

/* Answer one held job of a port: the nth. */
void double_answer_nth(struct pipeline_port *port, uint32_t nth);

/* Tell a port of a record about a partner, store or terminal. */
void double_notify(struct pipeline_port *port, const struct pipeline_notice *notice);

#endif
