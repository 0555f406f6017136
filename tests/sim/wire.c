/*
 * wire.c - one connection of a till.
 */
#include "tests/sim/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/assert.h"
#include "protocol/frame.h"
#include "tests/sim/node.h"
#include "tests/sim/sim.h"

#define READ_BYTES 32768
#define WIRES_MAX 16
#define FAULT_ONCE_IN 60 /* frames */

struct chunk {
	struct chunk *next;
	int64_t	 due_us;
	size_t	 bytes;
	uint8_t	 data[];
};

enum fault { FAULT_NONE, FAULT_LOST, FAULT_DOUBLED, FAULT_CUT, FAULT_SILENCE, FAULT_SWAPPED };

static void
free_chunks(struct chunk **list)
{
	while (*list != NULL) {
		struct chunk *next = (*list)->next;

		free(*list);
		*list = next;
	}
}

/* Put bytes at the end of a direction; they arrive after all that is before them. */
static void
append(struct sim *sim, struct wire *wire, struct chunk **list, const uint8_t *data, size_t bytes)
{
	struct chunk *chunk = malloc(sizeof(*chunk) + bytes);
	int64_t due_us = sim->now_us + chance_between(&wire->chance, 200, 40000);

	TG_ASSERT(chunk != NULL);
	if (chance_once_in(&wire->chance, 50) && !sim->is_calm)
		due_us += chance_between(&wire->chance, 0, 8000000);
	while (*list != NULL) {
		if ((*list)->due_us > due_us)
			due_us = (*list)->due_us;
		list = &(*list)->next;
	}
	*chunk = (struct chunk){ .due_us = due_us, .bytes = bytes };
	memcpy(chunk->data, data, bytes);
	*list = chunk;
}

bool
wire_open(struct sim *sim, struct wire *wire, const char *address)
{
	*wire = (struct wire){ .fd = node_connect(sim, address),
			       .has_moved = true,
			       .chance = chance_of(chance_next(&sim->chance), sim->action) };
	return wire->fd >= 0;
}

void
wire_close(struct wire *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	free_chunks(&wire->out);
	free_chunks(&wire->in);
	free(wire->got);
	*wire = (struct wire){ .fd = -1 };
}

static enum fault
draw_fault(struct sim *sim, struct wire *wire)
{
	if (sim->is_calm || !chance_once_in(&wire->chance, FAULT_ONCE_IN))
		return FAULT_NONE;
	return (enum fault)chance_between(&wire->chance, FAULT_LOST, FAULT_SWAPPED);
}

/* The last frame that waits and the one before it change places. */
static void
swap_last(struct chunk **list)
{
	struct chunk *first, *second;

	while (*list != NULL && (*list)->next != NULL && (*list)->next->next != NULL)
		list = &(*list)->next;
	first = *list;
	if (first == NULL || first->next == NULL)
		return;
	second = first->next;
	second->next = first;
	first->next = NULL;
	*list = second;
}

void
wire_send(struct sim *sim, struct wire *wire, const uint8_t *frame, size_t bytes)
{
	sim->figures->sends++;
	if (wire->is_cut || wire->is_silent)
		return;
	switch (draw_fault(sim, wire)) {
	case FAULT_LOST:
		return;
	case FAULT_DOUBLED:
		append(sim, wire, &wire->out, frame, bytes);
		break;
	case FAULT_CUT:
		append(sim, wire, &wire->out, frame, (size_t)chance_below(&wire->chance,
									  (int64_t)bytes));
		wire->is_cut = true;
		return;
	case FAULT_SILENCE:
		wire->is_silent = true;
		return;
	case FAULT_SWAPPED:
		append(sim, wire, &wire->out, frame, bytes);
		swap_last(&wire->out);
		return;
	case FAULT_NONE:
		break;
	}
	append(sim, wire, &wire->out, frame, bytes);
}

/* False: the gateway has closed. */
static bool
deliver_out(struct sim *sim, struct wire *wire)
{
	while (wire->out != NULL && wire->out->due_us <= sim->now_us) {
		struct chunk *chunk = wire->out;
		ssize_t sent = send(wire->fd, chunk->data, chunk->bytes, MSG_NOSIGNAL);

		if (sent < 0 && errno == EAGAIN)
			return true;
		if (sent < 0)
			return false;
		if ((size_t)sent < chunk->bytes) {
			chunk->bytes -= (size_t)sent;
			memmove(chunk->data, chunk->data + sent, chunk->bytes);
			return true;
		}
		wire->out = chunk->next;
		wire->has_moved = true;
		free(chunk);
	}
	return wire->out != NULL || !wire->is_cut;
}

/* What the gateway has sent lies on the wire now.  False: it has closed. */
static bool
collect_in(struct sim *sim, struct wire *wire)
{
	uint8_t bytes[READ_BYTES];
	ssize_t got;

	while ((got = read(wire->fd, bytes, sizeof(bytes))) > 0)
		append(sim, wire, &wire->in, bytes, (size_t)got);
	return got < 0 && errno == EAGAIN;
}

static void
deliver_in(struct sim *sim, struct wire *wire)
{
	while (wire->in != NULL && wire->in->due_us <= sim->now_us) {
		struct chunk *chunk = wire->in;

		if (wire->got_bytes + chunk->bytes > wire->got_capacity) {
			wire->got_capacity = 2 * (wire->got_bytes + chunk->bytes);
			wire->got = realloc(wire->got, wire->got_capacity);
			TG_ASSERT(wire->got != NULL);
		}
		memcpy(wire->got + wire->got_bytes, chunk->data, chunk->bytes);
		wire->got_bytes += chunk->bytes;
		wire->in = chunk->next;
		wire->has_moved = true;
		free(chunk);
	}
}

void
wire_look(struct wire *const *wires, size_t count)
{
	struct pollfd looks[WIRES_MAX];
	size_t at[WIRES_MAX], open = 0;
	int found;

	TG_ASSERT(count <= WIRES_MAX);
	for (size_t i = 0; i < count; i++) {
		if (wires[i]->fd < 0 || wires[i]->is_silent)
			continue;
		at[open] = i;
		looks[open++] = (struct pollfd){ .fd = wires[i]->fd, .events = POLLIN };
	}
	if (open == 0)
		return;
	found = poll(looks, open, 0);
	TG_ASSERT(found >= 0);
	for (size_t i = 0; i < open; i++)
		wires[at[i]]->has_input = looks[i].revents != 0;
}

bool
wire_run(struct sim *sim, struct wire *wire)
{
	bool is_open;

	if (wire->fd < 0 || wire->is_silent)
		return wire->fd >= 0;
	is_open = deliver_out(sim, wire);
	if (wire->has_input)
		is_open = collect_in(sim, wire) && is_open;
	wire->has_input = false;
	deliver_in(sim, wire);
	return is_open || wire->in != NULL;
}

const uint8_t *
wire_take(struct wire *wire, size_t *ret_payload_bytes)
{
	static uint8_t kept[TG_FRAME_HEADER_BYTES + TG_FRAME_BYTES_MAX_BATCH];
	struct tg_frame frame;

	if (tg_frame_peek(wire->got, wire->got_bytes, TG_FRAME_BYTES_MAX_BATCH, &frame) !=
	    TG_FRAME_WHOLE)
		return NULL;
	memcpy(kept, wire->got, frame.frame_bytes);
	wire->got_bytes -= frame.frame_bytes;
	memmove(wire->got, wire->got + frame.frame_bytes, wire->got_bytes);
	*ret_payload_bytes = frame.payload_bytes;
	return kept + TG_FRAME_HEADER_BYTES;
}

int64_t
wire_next_us(const struct wire *wire)
{
	int64_t next_us = INT64_MAX;

	if (wire->fd < 0 || wire->is_silent)
		return INT64_MAX;
	if (wire->out != NULL)
		next_us = wire->out->due_us;
	if (wire->in != NULL && wire->in->due_us < next_us)
		next_us = wire->in->due_us;
	return next_us;
}
