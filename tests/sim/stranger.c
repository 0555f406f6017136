/*
 * stranger.c - somebody who connects and does not speak as one should.
 */
#include "tests/sim/stranger.h"

#include <string.h>

#include "protocol/assert.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/frame.h"
#include "tests/sim/sim.h"

#define STAYS_MS 4000
#define LINGERS_MS 120000
#define FRAME_BYTES 1024

static const uint8_t zeros[32];

static void
say(struct sim *sim, struct stranger *stranger, const struct tg_message *message)
{
	uint8_t frame[FRAME_BYTES];
	struct tg_writer writer;
	bool is_encoded;

	tg_writer_init(&writer, frame, sizeof(frame));
	is_encoded = tg_encode(&writer, message);
	TG_ASSERT(is_encoded);
	if (chance_once_in(&sim->chance, 4))
		frame[chance_below(&sim->chance, (int64_t)writer.used_bytes)] ^=
			(uint8_t)(1 << chance_below(&sim->chance, 8));
	wire_send(sim, &stranger->wire, frame, writer.used_bytes);
}

static void
say_hello(struct sim *sim, struct stranger *stranger, int64_t version)
{
	struct tg_message hello;

	tg_message_init(&hello, 1, TG_OP_HELLO);
	tg_message_set_integer(&hello, TG_FIELD_VERSION, version);
	tg_message_set_bytes(&hello, TG_FIELD_CLIENT_NONCE, zeros, TG_NONCE_BYTES);
	say(sim, stranger, &hello);
}

static void
say_auth(struct sim *sim, struct stranger *stranger)
{
	struct tg_message auth;

	tg_message_init(&auth, 2, TG_OP_AUTH);
	tg_message_set_integer(&auth, TG_FIELD_TERMINAL, chance_between(&sim->chance, 1, 500));
	tg_message_set_integer(&auth, TG_FIELD_KEY_GENERATION, 1);
	tg_message_set_bytes(&auth, TG_FIELD_PROOF, zeros, sizeof(zeros));
	say(sim, stranger, &auth);
}

static void
say_bytes(struct sim *sim, struct stranger *stranger)
{
	uint8_t frame[FRAME_BYTES];
	size_t count = (size_t)chance_between(&sim->chance, 5, 200);

	for (size_t i = 0; i < count; i++)
		frame[i] = (uint8_t)chance_next(&sim->chance);
	tg_frame_put_header(frame, chance_once_in(&sim->chance, 3) ? UINT32_MAX : count - 4);
	wire_send(sim, &stranger->wire, frame, count);
}

/* Something for those who have introduced themselves, or for nobody. */
static void
say_other(struct sim *sim, struct stranger *stranger)
{
	static const uint32_t operations[] = { TG_OP_PING, TG_OP_BATCH, TG_OP_NOTICE, 99 };
	struct tg_message other;

	tg_message_init(&other, 3, operations[chance_below(&sim->chance, 4)]);
	say(sim, stranger, &other);
}

void
stranger_call(struct sim *sim, struct stranger *stranger)
{
	wire_close(&stranger->wire);
	if (!wire_open(sim, &stranger->wire, "198.51.100.7:9"))
		return;
	stranger->leaves_us = sim->now_us + STAYS_MS * 1000;
	/* Or until it is sent away. */
	if (chance_once_in(&sim->chance, 4))
		stranger->leaves_us += LINGERS_MS * 1000;
	switch (chance_below(&sim->chance, 7)) {
	case 6:
		break;
	case 0:
		say_bytes(sim, stranger);
		break;
	case 1:
		say_hello(sim, stranger, chance_between(&sim->chance, 2, 9));
		break;
	case 2:
		say_hello(sim, stranger, 1);
		say_hello(sim, stranger, 1);
		break;
	case 3:
		say_hello(sim, stranger, 1);
		say_auth(sim, stranger);
		break;
	case 4:
		say_other(sim, stranger);
		break;
	default:
		say_hello(sim, stranger, 1);
		say_other(sim, stranger);
		break;
	}
}

void
stranger_run(struct sim *sim, struct stranger *stranger)
{
	const uint8_t *payload;
	struct tg_message answer;
	uint32_t field;
	size_t bytes;
	bool is_open;

	if (stranger->wire.fd < 0)
		return;
	is_open = wire_run(sim, &stranger->wire) && stranger->leaves_us > sim->now_us;
	while ((payload = wire_take(&stranger->wire, &bytes)) != NULL) {
		if (tg_decode_answer(payload, bytes, &answer, &field) != TG_OK)
			sim_fail(sim, "a stranger got an answer that cannot be decoded");
		else
			sim_count_status(sim, &answer);
	}
	if (!is_open)
		wire_close(&stranger->wire);
}

int64_t
stranger_next_us(const struct stranger *stranger)
{
	int64_t next_us = wire_next_us(&stranger->wire);

	if (stranger->wire.fd < 0)
		return INT64_MAX;
	return next_us < stranger->leaves_us ? next_us : stranger->leaves_us;
}
