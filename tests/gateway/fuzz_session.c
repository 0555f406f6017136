/*
 * fuzz_session.c - any bytes from a peer to a session; nothing may stay behind when it is gone.
 *
 * The first byte of an input says how it is fed: before or after AUTH, in which cuts, with a
 * pipeline that answers, holds back or is busy, by a peer that closes its side first or vanishes.
 * The rest is what the peer sends.
 */
#include "tests/fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "protocol/assert.h"
#include "tests/gateway/io_fixture.h"
#include "tests/protocol/fuzz_tables.h"

/* Bits of the first byte. */
enum {
	AFTER_AUTH = 1,
	HOLDING = 2,
	BUSY = 4,
	CUT_SHIFT = 3, /* four bits: how long the cuts are */
	CUT_MASK = 15,
	HALF_CLOSED = 128,
};

/* One I/O thread for all inputs; its sessions come and go. */
static struct io_fixture *
fixture(void)
{
	static void *state;

	if (state == NULL)
		io_setup(&state);
	return state;
}

/* A connection, with its AUTH done or not. */
static struct peer *
begin(struct io_fixture *f, bool is_after_auth)
{
	struct tg_message answer;
	struct peer *peer;

	/* Failed attempts of the inputs before are forgotten. */
	f->now_ms += FAILURES_WINDOW_MS;
	f->peer_count = 0;
	f->pipeline->is_holding = false;
	f->pipeline->submit = TG_OK;
	peer = fixture_connect_plain(f);
	if (is_after_auth) {
		fixture_hello(f, peer, &answer);
		fixture_send_auth(f, peer, &answer, DOUBLE_SYSTEM, 1, false);
		fixture_take(peer, &answer);
		TG_ASSERT(answer.code == TG_OK);
	}
	return peer;
}

/* The peer is gone: so is everything of its session. */
static void
end(struct io_fixture *f, struct peer *peer)
{
	peer_close(peer);
	while (f->port->held_count > 0) {
		double_answer(f->port, DOUBLE_JOBS);
		fixture_settle(f);
	}
	fixture_settle(f);
	TG_ASSERT(f->census.connections == 0 && f->census.handshakes == 0);
	TG_ASSERT(census_find(&f->census, 1)->in_flight == 0);
	TG_ASSERT(census_find(&f->census, 1)->connections == 0);
	TG_ASSERT(f->port->free_count == DOUBLE_JOBS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	struct io_fixture *f = fixture();
	struct peer *peer;
	size_t cut_bytes;

	if (data_bytes == 0)
		return 0;
	peer = begin(f, (data[0] & AFTER_AUTH) != 0);
	f->pipeline->is_holding = (data[0] & HOLDING) != 0;
	f->pipeline->submit = (data[0] & BUSY) != 0 ? TG_BUSY : TG_OK;
	f->pipeline->refuse_from = f->pipeline->submits + 2;
	cut_bytes = (size_t)1 << (data[0] >> CUT_SHIFT & CUT_MASK);
	for (size_t at = 1; at < data_bytes && !peer->is_closed; at += cut_bytes) {
		peer_put(peer, data + at,
			 data_bytes - at < cut_bytes ? data_bytes - at : cut_bytes);
		fixture_settle(f);
	}
	if ((data[0] & HALF_CLOSED) != 0) {
		shutdown(peer->fd, SHUT_WR);
		fixture_settle(f);
		double_answer(f->port, DOUBLE_JOBS);
		fixture_settle(f);
	}
	end(f, peer);
	(void)fixture_log(f);
	return 0;
}

/* Requests before and after AUTH, answered and held back, whole and in cuts of eight bytes. */
void
fuzz_seeds(const struct fuzz_sink *sink)
{
	static const uint8_t heads[] = { 15 << CUT_SHIFT, AFTER_AUTH | 15 << CUT_SHIFT,
					 AFTER_AUTH | HOLDING | HALF_CLOSED | 3 << CUT_SHIFT };
	const struct fuzz_form form = { heads, sizeof(heads), 3, true };

	fuzz_seed_requests(sink, &form);
	fuzz_word_frames(sink);
}
