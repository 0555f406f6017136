/*
 * fuzz_client.c - any bytes from a gateway to the client library.
 *
 * The first byte of an input says where the session stands (HELLO or AUTH sent, open, with requests
 * under way) and in which cuts the rest comes.  A till must come to an end with each: messages, or
 * a reason, and never more answers than it asked for.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/assert.h"
#include "protocol/client_link.h"
#include "tests/fuzz.h"
#include "tests/protocol/fuzz_tables.h"

/* Bits of the first byte. */
enum {
	STATE_MASK = 3,
	CUT_SHIFT = 2,
	CUT_MASK = 15,
	ASKING = 64, /* requests are under way */
	CLOSING = 128,
};

#define REQUESTS 3

static struct tg_link *
make_link(void)
{
	struct tg_options options;
	struct tg_link *link;
	char error[200];

	tg_options_init(&options);
	options.host = "127.0.0.1";
	options.port = "1";
	options.is_plain = true;
	options.terminal = 1001;
	options.key_generation = 1;
	memset(options.key, 0x77, sizeof(options.key));
	TG_ASSERT(tg_link_new(&options, error, sizeof(error), &link) == TG_OK);
	return link;
}

/* As if it had connected, and come as far as state. */
static int
begin(struct tg_link *link, enum link_state state, bool is_asking)
{
	int fds[2];

	TG_ASSERT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	TG_ASSERT(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
	link->stream.fd = fds[0];
	link->stream.state = CLIENT_STREAM_OPEN;
	link->state = state;
	link->open_until_ms = 1000;
	link->last_request_id = 1;
	link->session.in_flight_max = 32;
	link->session.frame_bytes_max = TG_FRAME_BYTES_MAX;
	for (int i = 0; is_asking && i < REQUESTS; i++) {
		struct tg_message request;
		uint32_t request_id;

		tg_message_init(&request, 0, TG_OP_PING);
		(void)!tg_link_send(link, &request, &request_id);
	}
	return fds[1];
}

/* Let the link do what it can; false when the connection is over. */
static bool
step(struct tg_link *link)
{
	enum tg_status status = tg_link_step(link, 1);
	struct tg_message answer;

	while (tg_link_receive(link, &answer))
		TG_ASSERT(answer.request_id != 0);
	if (status != TG_OK) {
		TG_ASSERT(tg_link_error(link)[0] != '\0' && !tg_link_is_open(link));
		return false;
	}
	return tg_link_is_open(link);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes)
{
	static const enum link_state states[] = { LINK_GREETING, LINK_PROVING, LINK_READY,
						  LINK_LEAVING };
	struct tg_link *link;
	size_t cut_bytes;
	int peer;

	if (data_bytes == 0)
		return 0;
	link = make_link();
	peer = begin(link, states[data[0] & STATE_MASK], (data[0] & ASKING) != 0);
	cut_bytes = (size_t)1 << (data[0] >> CUT_SHIFT & CUT_MASK);
	for (size_t at = 1; at < data_bytes; at += cut_bytes) {
		size_t bytes = data_bytes - at < cut_bytes ? data_bytes - at : cut_bytes;

		if (send(peer, data + at, bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 || !step(link))
			break;
	}
	if ((data[0] & CLOSING) != 0) {
		close(peer);
		peer = -1;
		while (step(link))
			;
	}
	TG_ASSERT(link->in_flight <= REQUESTS);
	tg_link_free(link);
	if (peer >= 0)
		close(peer);
	return 0;
}

/* Answers to each state of the session, whole and in cuts of eight bytes. */
void
fuzz_seeds(const struct fuzz_sink *sink)
{
	static const uint8_t heads[] = { 15 << CUT_SHIFT, 15 << CUT_SHIFT | 1,
					 ASKING | 15 << CUT_SHIFT | 2,
					 ASKING | 3 << CUT_SHIFT | 2 };
	const struct fuzz_form form = { heads, sizeof(heads), 2, true };

	fuzz_seed_answers(sink, &form);
	fuzz_word_frames(sink);
}
