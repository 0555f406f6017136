/*
 * fake_gateway.c - a small server for tests of the client library: real TLS, scripted answers.
 */
#include "tests/protocol/fake_gateway.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/assert.h"
#include "protocol/auth.h"
#include "protocol/decode.h"
#include "protocol/encode.h"
#include "protocol/frame.h"
#include "protocol/rows.h"

#define SEEN_MAX 20000
#define BUFFER_BYTES (TG_FRAME_HEADER_BYTES + TG_FRAME_BYTES_MAX_BATCH)

struct fake_gateway {
	struct fake_options options;
	char port[8];
	int listen_fd;
	pthread_t thread;
	bool is_running;
	pthread_mutex_t lock; /* guards is_stopping and connection_fd */
	bool is_stopping;
	int connection_fd; /* -1 between connections */

	/* The thread's own until it has stopped. */
	SSL_CTX *context;
	SSL *ssl;
	struct tg_auth_input input;
	size_t step_index;
	uint32_t connections, resumed;
	struct fake_seen *seen;
	size_t seen_count;
	uint8_t *in, *out;
	size_t in_bytes;
	struct tg_frame frame;	   /* the last one received; no payload: none */
	struct tg_message request; /* in it */
	struct tg_message held;	   /* an answer held back */
	bool is_holding;
};

/* Read or write; 0 or less when the connection is over. */
static int
transfer_in(struct fake_gateway *g, void *data, size_t bytes)
{
	return g->ssl != NULL ? SSL_read(g->ssl, data, (int)bytes)
			      : (int)recv(g->connection_fd, data, bytes, 0);
}

static bool
transfer_out(struct fake_gateway *g, const uint8_t *data, size_t bytes, size_t piece_bytes)
{
	while (bytes > 0) {
		size_t piece = bytes < piece_bytes ? bytes : piece_bytes;
		int count = g->ssl != NULL ? SSL_write(g->ssl, data, (int)piece)
					   : (int)send(g->connection_fd, data, piece, MSG_NOSIGNAL);

		if (count <= 0)
			return false;
		data += count;
		bytes -= (size_t)count;
	}
	return true;
}

/* Send a message in pieces of at most so many bytes. */
static bool
send_message(struct fake_gateway *g, const struct tg_message *message, size_t piece_bytes)
{
	struct tg_writer writer;

	tg_writer_init(&writer, g->out, BUFFER_BYTES);
	TG_ASSERT(tg_encode(&writer, message));
	return transfer_out(g, g->out, writer.used_bytes, piece_bytes);
}

/* Receive the next frame; false at the end of the connection. */
static bool
receive_request(struct fake_gateway *g, enum tg_status *ret_status)
{
	struct tg_frame *frame = &g->frame;
	uint32_t field;

	if (frame->payload != NULL) {
		g->in_bytes -= frame->frame_bytes;
		memmove(g->in, g->in + frame->frame_bytes, g->in_bytes);
	}
	while (tg_frame_peek(g->in, g->in_bytes, TG_FRAME_BYTES_MAX_BATCH, frame) !=
	       TG_FRAME_WHOLE) {
		int count = transfer_in(g, g->in + g->in_bytes, BUFFER_BYTES - g->in_bytes);

		if (count <= 0)
			return false;
		g->in_bytes += (size_t)count;
	}
	*ret_status = tg_decode_request(frame->payload, frame->payload_bytes, &g->request, &field);
	return true;
}

/* Note a request; returns whether its id was booked before. */
static bool
note(struct fake_gateway *g, const struct tg_message *request, bool is_booked)
{
	struct fake_seen *seen = &g->seen[g->seen_count];
	bool was_booked = false;

	TG_ASSERT(g->seen_count < SEEN_MAX);
	memset(seen, 0, sizeof(*seen));
	seen->operation = request->code;
	seen->is_repeat = tg_message_integer(request, TG_FIELD_REPEAT, 0) != 0;
	seen->attempt = tg_message_integer(request, TG_FIELD_ATTEMPT, -1);
	seen->connection = g->connections;
	if (tg_message_has(request, TG_FIELD_TRANSACTION_ID)) {
		memcpy(seen->id, request->values[TG_FIELD_TRANSACTION_ID].data, sizeof(seen->id));
		for (size_t i = 0; i < g->seen_count; i++)
			was_booked |= g->seen[i].is_booked &&
				      memcmp(g->seen[i].id, seen->id, sizeof(seen->id)) == 0;
	}
	seen->is_booked = is_booked && !was_booked;
	g->seen_count++;
	return was_booked;
}

/* Answer HELLO or AUTH. */
static bool
answer_opening(struct fake_gateway *g, const struct tg_message *request)
{
	struct tg_message answer;
	uint8_t proof[TG_PROOF_BYTES];
	const struct fake_options *o = &g->options;
	uint32_t bytes_max = o->frame_bytes_max != 0 ? o->frame_bytes_max : TG_FRAME_BYTES_MAX;

	tg_message_init(&answer, request->request_id, TG_OK);
	if (request->code == TG_OP_HELLO) {
		memset(&g->input, 0, sizeof(g->input));
		memset(g->input.server_nonce, 0x5e, TG_NONCE_BYTES);
		memcpy(g->input.client_nonce, request->values[TG_FIELD_CLIENT_NONCE].data,
		       TG_NONCE_BYTES);
		tg_message_set_integer(&answer, TG_FIELD_VERSION, TG_PROTOCOL_VERSION);
		tg_message_set_bytes(&answer, TG_FIELD_SERVER_NONCE, g->input.server_nonce,
				     TG_NONCE_BYTES);
		tg_message_set_text(&answer, TG_FIELD_INSTANCE, "fake");
		tg_message_set_integer(&answer, TG_FIELD_IN_FLIGHT_MAX,
				       o->in_flight_max != 0 ? o->in_flight_max : 32);
		return send_message(g, &answer, SIZE_MAX);
	}
	g->input.version = TG_PROTOCOL_VERSION;
	g->input.terminal = (uint32_t)request->values[TG_FIELD_TERMINAL].integer;
	g->input.generation = (uint16_t)tg_message_integer(request, TG_FIELD_KEY_GENERATION, 0);
	if (g->ssl != NULL)
		SSL_export_keying_material(g->ssl, g->input.exporter, TG_EXPORTER_BYTES,
					   TG_EXPORTER_LABEL, sizeof(TG_EXPORTER_LABEL) - 1, NULL,
					   0, 0);
	answer.code = o->auth_status;
	if (o->key != NULL && (!tg_message_has(request, TG_FIELD_PROOF) ||
			       !tg_auth_check_proof(TG_AUTH_TERMINAL, o->key, &g->input,
						    request->values[TG_FIELD_PROOF].data)))
		answer.code = TG_AUTH_FAILED;
	if (o->key != NULL) {
		TG_ASSERT(tg_auth_make_proof(TG_AUTH_SERVER, o->key, &g->input, proof) == TG_OK);
		proof[0] ^= o->is_liar;
		tg_message_set_bytes(&answer, TG_FIELD_PROOF, proof, sizeof(proof));
	}
	tg_message_set_integer(&answer, TG_FIELD_PARTNER, 3);
	tg_message_set_integer(&answer, TG_FIELD_STORE, FAKE_STORE + g->connections);
	tg_message_set_integer(&answer, TG_FIELD_RIGHTS, o->rights);
	tg_message_set_integer(&answer, TG_FIELD_FRAME_BYTES_MAX, bytes_max);
	return send_message(g, &answer, SIZE_MAX) && answer.code == TG_OK;
}

/* Answer a batch, item by item. */
static bool
answer_batch(struct fake_gateway *g, const struct tg_message *request)
{
	const struct tg_value *items = &request->values[TG_FIELD_ITEMS];
	struct tg_message item_request, answer;
	struct tg_batch_writer batch;
	struct tg_writer writer;
	struct tg_cursor item;
	struct tg_rows rows;
	uint32_t field;

	tg_writer_init(&writer, g->out, BUFFER_BYTES);
	tg_batch_begin(&batch, &writer, request->request_id, TG_OK, items->count);
	tg_rows_start(items, &rows);
	while (tg_rows_next_item(&rows, &item)) {
		bool is_busy, was_booked;

		TG_ASSERT(tg_decode_item_request(item, &item_request, &field) == TG_OK);
		is_busy = g->options.busy_every != 0 &&
			  (g->seen_count + 1) % g->options.busy_every == 0;
		was_booked = note(g, &item_request, !is_busy);
		tg_message_init(&answer, 0, is_busy ? TG_BUSY : TG_OK);
		if (was_booked)
			tg_message_set_integer(&answer, TG_FIELD_REPLAY, 1);
		tg_message_set_integer(&answer, TG_FIELD_POINTS,
				       tg_message_integer(&item_request, TG_FIELD_AMOUNT, 0));
		tg_batch_add(&batch, &answer);
	}
	TG_ASSERT(tg_batch_end(&batch));
	return transfer_out(g, g->out, writer.used_bytes, SIZE_MAX);
}

/* Send the answer to a request as the step says; false to close. */
static bool
play_answer(struct fake_gateway *g, const struct fake_step *step, struct tg_message *answer)
{
	struct tg_message notice;

	if (step->move == FAKE_HOLD_BACK && !g->is_holding) {
		g->held = *answer;
		g->is_holding = true;
		return true;
	}
	if (step->move == FAKE_NOTICE) {
		tg_message_init(&notice, 0, TG_OP_NOTICE);
		tg_message_set_integer(&notice, TG_FIELD_OUTCOME, TG_SHUTTING_DOWN);
		if (step->retry_after_ms != 0)
			tg_message_set_integer(&notice, TG_FIELD_RETRY_AFTER, step->retry_after_ms);
		if (!send_message(g, &notice, SIZE_MAX))
			return false;
	}
	if (!send_message(g, answer, step->move == FAKE_CRUMBS ? 3 : SIZE_MAX))
		return false;
	if (g->is_holding) {
		g->is_holding = false;
		return send_message(g, &g->held, SIZE_MAX);
	}
	return step->move != FAKE_LAST_WORDS;
}

/* Deal with a request after AUTH; false to close. */
static bool
play(struct fake_gateway *g, const struct tg_message *request)
{
	static const struct fake_step after_the_last = { .move = FAKE_ANSWER };
	static const uint8_t garbage[] = { 0, 0, 0, 3, 0xc1, 0xc1, 0xc1 };
	const struct fake_step *step = g->step_index < g->options.step_count
					       ? &g->options.steps[g->step_index++]
					       : &after_the_last;
	struct tg_message answer;
	bool was_booked;

	if (request->code == TG_OP_BATCH && step->move == FAKE_ANSWER)
		return answer_batch(g, request);
	was_booked = note(g, request, step->move != FAKE_REFUSE && step->move != FAKE_GARBAGE);
	tg_message_init(&answer, request->request_id, TG_OK);
	if (step->move == FAKE_REFUSE)
		answer.code = step->status;
	if (step->move == FAKE_REFUSE && step->retry_after_ms != 0)
		tg_message_set_integer(&answer, TG_FIELD_RETRY_AFTER, step->retry_after_ms);
	if (was_booked)
		tg_message_set_integer(&answer, TG_FIELD_REPLAY, 1);
	tg_message_set_integer(&answer, TG_FIELD_POINTS,
			       tg_message_integer(request, TG_FIELD_AMOUNT, 0));
	if (step->move == FAKE_CLOSE)
		return false;
	if (step->move == FAKE_SILENCE)
		return true;
	if (step->move == FAKE_GARBAGE)
		return transfer_out(g, garbage, sizeof(garbage), SIZE_MAX);
	return play_answer(g, step, &answer);
}

/* Has the client shown the certificate of a terminal? */
static bool
has_certificate(SSL *ssl)
{
	X509 *certificate = SSL_get1_peer_certificate(ssl);
	char name[64] = "";

	if (certificate == NULL)
		return false;
	X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
				  sizeof(name));
	X509_free(certificate);
	return strcmp(name, "terminal:1001") == 0;
}

/* Serve one connection to its end. */
static void
serve(struct fake_gateway *g)
{
	const struct tg_message *request = &g->request;
	enum tg_status status;
	bool is_open = true;

	g->in_bytes = 0;
	g->frame.payload = NULL;
	g->is_holding = false;
	g->connections++;
	if (g->context != NULL) {
		g->ssl = SSL_new(g->context);
		SSL_set_fd(g->ssl, g->connection_fd);
		is_open = SSL_accept(g->ssl) == 1 &&
			  (!g->options.wants_certificate || has_certificate(g->ssl));
		g->resumed += is_open && SSL_session_reused(g->ssl);
	}
	while (is_open && receive_request(g, &status)) {
		if (status != TG_OK) {
			struct tg_message answer;

			tg_message_init(&answer, request->request_id, status);
			is_open = send_message(g, &answer, SIZE_MAX);
		} else if (request->code == TG_OP_HELLO || request->code == TG_OP_AUTH) {
			is_open = answer_opening(g, request);
		} else {
			is_open = play(g, request);
		}
	}
	if (g->ssl != NULL) {
		SSL_shutdown(g->ssl);
		SSL_free(g->ssl);
		g->ssl = NULL;
	}
}

/* The thread: one connection after the other. */
static void *
run(void *context)
{
	struct fake_gateway *g = context;
	sigset_t pipe_signal;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE); /* for this thread only: the library must not raise it */
	pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
	for (;;) {
		static const int on = 1;
		int fd = accept(g->listen_fd, NULL, NULL);

		if (fd < 0)
			return NULL;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		pthread_mutex_lock(&g->lock);
		g->connection_fd = fd;
		if (g->is_stopping)
			shutdown(fd, SHUT_RDWR);
		pthread_mutex_unlock(&g->lock);
		serve(g);
		pthread_mutex_lock(&g->lock);
		g->connection_fd = -1;
		pthread_mutex_unlock(&g->lock);
		close(fd);
	}
}

/* Read the certificate and say what is asked of clients. */
static SSL_CTX *
make_context(const struct fake_options *o)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	const char *name = o->certificate_file != NULL ? o->certificate_file : "server";
	char path[PKI_PATH_BYTES], file[PKI_PATH_BYTES];

	TG_ASSERT(context != NULL);
	snprintf(file, sizeof(file), "%s.pem", name);
	TG_ASSERT(SSL_CTX_use_certificate_chain_file(context, pki_path(o->pki, file, path)) == 1);
	snprintf(file, sizeof(file), "%s.key", name);
	TG_ASSERT(SSL_CTX_use_PrivateKey_file(context, pki_path(o->pki, file, path),
					      SSL_FILETYPE_PEM) == 1);
	TG_ASSERT(SSL_CTX_load_verify_file(context, pki_path(o->pki, "ca.pem", path)) == 1);
	SSL_CTX_set_max_proto_version(context, o->tls_version_max);
	SSL_CTX_set_session_id_context(context, (const unsigned char *)"fake", 4);
	SSL_CTX_set_verify(context,
			   o->wants_certificate ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
						: SSL_VERIFY_NONE,
			   NULL);
	return context;
}

struct fake_gateway *
fake_gateway_start(const struct fake_options *options)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t address_bytes = sizeof(address);
	struct fake_gateway *g = calloc(1, sizeof(*g));

	TG_ASSERT(g != NULL);
	if (options != NULL)
		g->options = *options;
	g->in = malloc(BUFFER_BYTES);
	g->out = malloc(BUFFER_BYTES);
	g->seen = calloc(SEEN_MAX, sizeof(g->seen[0]));
	TG_ASSERT(g->in != NULL && g->out != NULL && g->seen != NULL);
	if (g->options.pki != NULL)
		g->context = make_context(&g->options);
	g->connection_fd = -1;
	pthread_mutex_init(&g->lock, NULL);
	g->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	TG_ASSERT(bind(g->listen_fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	TG_ASSERT(listen(g->listen_fd, 16) == 0);
	TG_ASSERT(getsockname(g->listen_fd, (struct sockaddr *)&address, &address_bytes) == 0);
	snprintf(g->port, sizeof(g->port), "%u", ntohs(address.sin_port));
	TG_ASSERT(pthread_create(&g->thread, NULL, run, g) == 0);
	g->is_running = true;
	return g;
}

const char *
fake_gateway_port(const struct fake_gateway *gateway)
{
	return gateway->port;
}

void
fake_gateway_stop(struct fake_gateway *gateway)
{
	if (!gateway->is_running)
		return;
	pthread_mutex_lock(&gateway->lock);
	gateway->is_stopping = true;
	if (gateway->connection_fd >= 0)
		shutdown(gateway->connection_fd, SHUT_RDWR);
	shutdown(gateway->listen_fd, SHUT_RDWR);
	pthread_mutex_unlock(&gateway->lock);
	pthread_join(gateway->thread, NULL);
	close(gateway->listen_fd);
	gateway->is_running = false;
}

size_t
fake_gateway_seen(const struct fake_gateway *gateway, const struct fake_seen **ret_seen)
{
	TG_ASSERT(!gateway->is_running);
	*ret_seen = gateway->seen;
	return gateway->seen_count;
}

uint32_t
fake_gateway_connections(const struct fake_gateway *gateway)
{
	return gateway->connections;
}

uint32_t
fake_gateway_resumed(const struct fake_gateway *gateway)
{
	return gateway->resumed;
}

void
fake_gateway_free(struct fake_gateway *gateway)
{
	if (gateway == NULL)
		return;
	fake_gateway_stop(gateway);
	pthread_mutex_destroy(&gateway->lock);
	SSL_CTX_free(gateway->context);
	free(gateway->in);
	free(gateway->out);
	free(gateway->seen);
	free(gateway);
}
