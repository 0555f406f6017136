/*
 * http.c - a few read-only pages over HTTP: health, readiness, metrics.
 */
#include "admin/http.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "admin/exposition.h"
#include "protocol/assert.h"

#define BODY_BYTES_MAX 1024	/* of a request, which none of the pages wants */
#define RETRY_ACCEPT_MS 100	/* without a free descriptor */
#define TEXT_TYPE "text/plain; charset=utf-8"

struct http {
	struct http_host host;
	struct event_base *base;	/* owned, as all that follows */
	struct evhttp *server;
	struct event *tick_event;
	struct event *stop_event;
	int	 stop_fd;		/* eventfd: ends the loop */
	pthread_t thread;
};

/* One page.  False: answered with 503. */
typedef bool page_fn(struct http *http, FILE *page);

static bool
page_alive(struct http *http, FILE *page)
{
	return http->host.alive(http->host.context, page);
}

static bool
page_ready(struct http *http, FILE *page)
{
	return http->host.ready(http->host.context, page);
}

static bool
page_metrics(struct http *http, FILE *page)
{
	http->host.metrics(http->host.context, page);
	return true;
}

static const struct page {
	const char *path;
	const char *type;
	page_fn *print;
} pages[] = {
	{ "/healthz", TEXT_TYPE, page_alive },
	{ "/readyz", TEXT_TYPE, page_ready },
	{ "/metrics", EXPOSITION_CONTENT_TYPE, page_metrics },
};

/* The page that is asked for; NULL: none. */
static const struct page *
find_page(struct evhttp_request *request)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;

	for (size_t i = 0; path != NULL && i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strcmp(path, pages[i].path) == 0)
			return &pages[i];
	}
	return NULL;
}

/* Send a text.  HEAD: its length only. */
static void
reply(struct evhttp_request *request, int code, const char *reason, const char *type,
      const char *text, size_t bytes)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	struct evbuffer *body = NULL;
	char length[24];

	(void)snprintf(length, sizeof(length), "%zu", bytes);
	evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Content-Length", length);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	if (evhttp_request_get_command(request) != EVHTTP_REQ_HEAD) {
		body = evbuffer_new();
		if (body == NULL || evbuffer_add(body, text, bytes) != 0) {
			if (body != NULL)
				evbuffer_free(body);
			evhttp_send_error(request, HTTP_SERVUNAVAIL, NULL);
			return;
		}
	}
	evhttp_send_reply(request, code, reason, body);
	if (body != NULL)
		evbuffer_free(body);
}

static void
reply_line(struct evhttp_request *request, int code, const char *reason, const char *line)
{
	reply(request, code, reason, TEXT_TYPE, line, strlen(line));
}

static void
on_request(struct evhttp_request *request, void *context)
{
	struct http *http = context;
	enum evhttp_cmd_type command = evhttp_request_get_command(request);
	const struct page *page = find_page(request);
	char *text = NULL;
	size_t bytes = 0;
	bool is_good;
	FILE *file;

	if (page == NULL) {
		reply_line(request, HTTP_NOTFOUND, "Not Found",
			   "there are /healthz, /readyz and /metrics\n");
		return;
	}
	if (command != EVHTTP_REQ_GET && command != EVHTTP_REQ_HEAD) {
		evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", "GET, HEAD");
		reply_line(request, HTTP_BADMETHOD, "Method Not Allowed", "GET or HEAD\n");
		return;
	}
	file = open_memstream(&text, &bytes);
	if (file != NULL) {
		is_good = page->print(http, file);
		if (fclose(file) == 0) {
			reply(request, is_good ? HTTP_OK : HTTP_SERVUNAVAIL,
			      is_good ? "OK" : "Service Unavailable", page->type, text, bytes);
			free(text);
			return;
		}
	}
	free(text);
	reply_line(request, HTTP_INTERNAL, "Internal Server Error", "out of memory\n");
}

static void
on_tick(evutil_socket_t fd, short what, void *context)
{
	struct http *http = context;

	(void)fd, (void)what;
	http->host.tick(http->host.context);
}

static void
on_stop(evutil_socket_t fd, short what, void *context)
{
	struct http *http = context;

	(void)fd, (void)what;
	event_base_loopbreak(http->base);
}

static void
on_retry(evutil_socket_t fd, short what, void *listener)
{
	(void)fd, (void)what;
	evconnlistener_enable(listener);
}

/*
 * Without a free descriptor the socket stays readable: look away for a moment.  context: evhttp's,
 * which has made the listener its own.
 */
static void
on_accept_failed(struct evconnlistener *listener, void *context)
{
	const struct timeval wait = { 0, RETRY_ACCEPT_MS * 1000 };

	(void)context;
	if (event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, on_retry, listener,
			    &wait) == 0)
		evconnlistener_disable(listener);
}

/* Accept on these sockets.  Those not given to the server yet are closed on failure. */
static bool
listen_on(struct http *http, const int *fds, uint32_t fd_count)
{
	bool is_good = http->server != NULL;

	TG_ASSERT(fd_count <= HTTP_LISTENERS_MAX);
	for (uint32_t i = 0; i < fd_count; i++) {
		struct evconnlistener *listener = NULL;

		if (is_good)
			listener = evconnlistener_new(
				http->base, NULL, NULL,
				LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fds[i]);
		if (listener == NULL) {
			close(fds[i]);
			is_good = false;
		} else if (evhttp_bind_listener(http->server, listener) == NULL) {
			evconnlistener_free(listener);
			is_good = false;
		} else {
			evconnlistener_set_error_cb(listener, on_accept_failed);
		}
	}
	return is_good;
}

static void
configure(struct http *http)
{
	evhttp_set_max_headers_size(http->server, HTTP_HEADER_BYTES_MAX);
	evhttp_set_max_body_size(http->server, BODY_BYTES_MAX);
	evhttp_set_timeout(http->server, HTTP_IDLE_S);
	evhttp_set_allowed_methods(http->server,
				   EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
					   EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
					   EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
	evhttp_set_gencb(http->server, on_request, http);
}

/* The loop and its standing events.  False: out of memory or descriptors. */
static bool
make_loop(struct http *http)
{
	const struct timeval second = { 1, 0 };

	http->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	http->base = event_base_new();
	if (http->stop_fd < 0 || http->base == NULL)
		return false;
	http->server = evhttp_new(http->base);
	http->stop_event = event_new(http->base, http->stop_fd, EV_READ, on_stop, http);
	http->tick_event = event_new(http->base, -1, EV_PERSIST, on_tick, http);
	if (http->server == NULL || http->stop_event == NULL || http->tick_event == NULL ||
	    event_add(http->stop_event, NULL) != 0)
		return false;
	configure(http);
	return http->host.tick == NULL || event_add(http->tick_event, &second) == 0;
}

/* Free what is there; no thread runs. */
static void
free_parts(struct http *http)
{
	if (http->server != NULL)
		evhttp_free(http->server);
	if (http->stop_event != NULL)
		event_free(http->stop_event);
	if (http->tick_event != NULL)
		event_free(http->tick_event);
	if (http->base != NULL)
		event_base_free(http->base);
	if (http->stop_fd >= 0)
		close(http->stop_fd);
	free(http);
}

static void *
run(void *argument)
{
	struct http *http = argument;

	(void)pthread_setname_np(pthread_self(), "http");
	event_base_loop(http->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

/* Signals are the control thread's. */
static bool
start_thread(struct http *http)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&http->thread, NULL, run, http);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result == 0;
}

enum tg_status
http_start(const struct http_host *host, const int *fds, uint32_t fd_count,
	   struct http **ret_http)
{
	struct http *http = calloc(1, sizeof(*http));
	bool is_made;

	if (http == NULL) {
		for (uint32_t i = 0; i < fd_count; i++)
			close(fds[i]);
		return TG_NO_MEMORY;
	}
	http->host = *host;
	is_made = make_loop(http);
	if (!listen_on(http, fds, fd_count) || !is_made || !start_thread(http)) {
		free_parts(http);
		return TG_NO_MEMORY;
	}
	*ret_http = http;
	return TG_OK;
}

void
http_stop(struct http *http)
{
	uint64_t one = 1;
	ssize_t written;

	if (http == NULL)
		return;
	written = write(http->stop_fd, &one, sizeof(one));
	TG_ASSERT(written == (ssize_t)sizeof(one));
	pthread_join(http->thread, NULL);
	free_parts(http);
}
