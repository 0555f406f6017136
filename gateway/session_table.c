/*
 * session_table.c - slots, the index by terminal, and a session's first and last moment.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/auth.h"
#include "gateway/batch.h"
#include "gateway/census.h"
#include "gateway/fleet.h"
#include "gateway/io.h"
#include "gateway/session.h"
#include "gateway/tls.h"
#include "protocol/assert.h"

enum tg_status
session_table_init(struct session_table *table, uint32_t slots)
{
	uint32_t buckets = 16;

	memset(table, 0, sizeof(*table));
	while (buckets < slots)
		buckets *= 2;
	table->slots = slots;
	table->bucket_mask = buckets - 1;
	table->sessions = calloc(slots, sizeof(*table->sessions));
	table->free_slots = calloc(slots, sizeof(*table->free_slots));
	table->buckets = calloc(buckets, sizeof(*table->buckets));
	if (table->sessions == NULL || table->free_slots == NULL || table->buckets == NULL) {
		session_table_deinit(table);
		return TG_NO_MEMORY;
	}
	return TG_OK;
}

void
session_table_deinit(struct session_table *table)
{
	free(table->sessions);
	free(table->free_slots);
	free(table->buckets);
	memset(table, 0, sizeof(*table));
}

struct session *
session_find(struct session_table *table, uint64_t id)
{
	uint32_t slot = (uint32_t)id;
	struct session *session;

	TG_ASSERT(slot < table->used_slots);
	session = &table->sessions[slot];
	if (session->generation != id >> 32 || session->state == SESSION_CLOSED ||
	    session->state == SESSION_FREE)
		return NULL;
	return session;
}

static struct session_bucket *
find_bucket(struct session_table *table, uint32_t terminal)
{
	return &table->buckets[(terminal * UINT32_C(2654435761) >> 5) & table->bucket_mask];
}

void
session_index(struct session *session, uint32_t terminal)
{
	TG_ASSERT(session->indexed == 0 && terminal != 0);
	session->indexed = terminal;
	LIST_INSERT_HEAD(find_bucket(&session->io->table, terminal), session, by_terminal);
}

void
session_unindex(struct session *session)
{
	if (session->indexed == 0)
		return;
	session->indexed = 0;
	LIST_REMOVE(session, by_terminal);
}

/* The first of the chain from session on that says to be the terminal. */
static struct session *
skip_others(struct session *session, uint32_t terminal)
{
	while (session != NULL && session->indexed != terminal)
		session = LIST_NEXT(session, by_terminal);
	return session;
}

struct session *
session_first(struct session_table *table, uint32_t terminal)
{
	return skip_others(LIST_FIRST(find_bucket(table, terminal)), terminal);
}

struct session *
session_next(struct session *session)
{
	return skip_others(LIST_NEXT(session, by_terminal), session->indexed);
}

/* A slot that is free; NULL: none. */
static struct session *
claim(struct io *io)
{
	struct session_table *table = &io->table;
	struct session *session;
	uint32_t slot;

	if (table->free_count > 0)
		slot = table->free_slots[--table->free_count];
	else if (table->used_slots < table->slots)
		slot = table->used_slots++;
	else
		return NULL;
	session = &table->sessions[slot];
	session->io = io;
	session->slot = slot;
	session->generation++;
	if (session->generation == 0)
		session->generation = 1;
	table->open_count++;
	return session;
}

/* Notice a peer that is gone: when it acknowledges nothing, and when it is silent. */
static void
set_socket_options(int fd, int64_t peer_lost_ms)
{
	int one = 1, idle_s = (int)(peer_lost_ms / 2000), interval_s = (int)(peer_lost_ms / 6000);
	int count = 3, lost_ms = (int)peer_lost_ms;

	idle_s = idle_s < 1 ? 1 : idle_s;
	interval_s = interval_s < 1 ? 1 : interval_s;
	/* Each fails on a socket that is not TCP, and then nothing is lost. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &lost_ms, sizeof(lost_ms));
}

/* Give a claimed slot its first values. */
static void
begin(struct session *session, const struct address *peer, bool is_tls)
{
	struct io *io = session->io;

	session->number = io->session_count++ * io->options.count + io->options.index + 1;
	session->is_tls = is_tls;
	session->peer = *peer;
	session->state = SESSION_FREE;
	session->shed = TG_OK;
	session->frame_bytes_max = TG_FRAME_BYTES_MAX;
	session->opened_ms = session->active_ms = io_now_ms(io);
	session->has_handshake = true;
	atomic_fetch_add_explicit(&io->options.census->handshakes, 1, memory_order_relaxed);
	session_enter(session, SESSION_HANDSHAKE);
}

void
session_open(struct io *io, int fd, const struct address *peer, bool is_tls)
{
	struct session *session = claim(io);
	struct ssl_st *ssl = NULL;

	if (session == NULL) {
		close(fd);
		census_leave(&io->options.census->connections, 1);
		return;
	}
	begin(session, peer, is_tls);
	set_socket_options(fd, io->config->deadlines_peer_lost_ms);
	session->stream.fd = -1;
	if (is_tls) {
		ssl = tls_connection(io->options.tls);
		if (ssl == NULL)
			close(fd);
	}
	if ((is_tls && ssl == NULL) || stream_open(&session->stream, fd, ssl) != TG_OK) {
		session_close(session, "out of memory");
		return;
	}
	if (!is_tls)
		session_greet(session);
	session_settle(session);
}

void
session_free(struct session *session)
{
	struct io *io = session->io;
	uint32_t slot = session->slot, generation = session->generation;

	TG_ASSERT(session->state == SESSION_CLOSED);
	session_enter(session, SESSION_FREE);
	stream_close(&session->stream);
	free(session->in);
	free(session->out);
	batch_free(session->batch);
	if (session->hello != NULL)
		tg_auth_clear(session->hello, sizeof(*session->hello));
	free(session->hello);
	if (session->principal.terminal != 0)
		fleet_close(io->options.fleet, session->principal.terminal);
	if (session->share != NULL) {
		census_leave(&session->share->in_flight, session->in_flight);
		census_leave(&session->share->connections, 1);
	}
	census_leave(&io->options.census->connections, 1);
	memset(session, 0, sizeof(*session));
	session->io = io;
	session->slot = slot;
	session->generation = generation;
	io->table.free_slots[io->table.free_count++] = slot;
	io->table.open_count--;
}
