/*
 * supervisor.c - says it in the words of sd_notify(3), listens as sd_listen_fds(3) tells.
 */
#include "gateway/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#endif
#include <unistd.h>

#include "gateway/clock.h"

#ifdef HAVE_LIBSYSTEMD

#define FIRST_FD SD_LISTEN_FDS_START

/* Tell the service manager; there is nothing to be done when it does not listen. */
static void
notify(const char *text)
{
	(void)sd_notify(0, text);
}

/* How many descriptors were handed over, from FIRST_FD on; a negative errno. */
static int
inherit(char ***ret_names)
{
	return sd_listen_fds_with_names(1, ret_names);
}

static bool
is_listener(int fd)
{
	return sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0;
}

static int64_t
watchdog_us(void)
{
	uint64_t interval_us = 0;

	return sd_watchdog_enabled(0, &interval_us) > 0 ? (int64_t)interval_us : 0;
}

#else

#define FIRST_FD 0

static void
notify(const char *text)
{
	(void)text;
}

static int
inherit(char ***ret_names)
{
	(void)ret_names;
	return 0;
}

static bool
is_listener(int fd)
{
	(void)fd;
	return false;
}

static int64_t
watchdog_us(void)
{
	return 0;
}

#endif

/* As notify(), printed.  Lines of the text are separate messages: what is printed has none. */
static void __attribute__((format(printf, 1, 2)))
notify_printed(const char *format, ...)
{
	char text[1280];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	notify(text);
}

/* Keep one descriptor; its name is owned from here on. */
static enum tg_status
keep(struct supervisor *supervisor, int fd, char *name, struct config_error *error)
{
	struct supervisor_socket *place = &supervisor->sockets[supervisor->socket_count];
	int flags = fcntl(fd, F_GETFL);

	if (supervisor->socket_count == SUPERVISOR_SOCKETS_MAX || !is_listener(fd) || flags < 0 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
		snprintf(error->text, sizeof(error->text),
			 "socket %s of the service manager: %s", name,
			 supervisor->socket_count == SUPERVISOR_SOCKETS_MAX ?
				 "too many" :
				 "not a stream socket that listens");
		free(name);
		close(fd);
		return TG_CONFIG;
	}
	*place = (struct supervisor_socket){ .fd = fd, .name = name };
	supervisor->socket_count++;
	return TG_OK;
}

enum tg_status
supervisor_init(struct supervisor *supervisor, struct config_error *error)
{
	enum tg_status status = TG_OK;
	char **names = NULL;
	int count = inherit(&names);

	memset(supervisor, 0, sizeof(*supervisor));
	supervisor->watchdog_us = watchdog_us();
	if (count < 0) {
		snprintf(error->text, sizeof(error->text), "sockets of the service manager: %s",
			 strerror(-count));
		return count == -ENOMEM ? TG_NO_MEMORY : TG_CONFIG;
	}
	for (int i = 0; i < count; i++) {
		if (status == TG_OK)
			status = keep(supervisor, FIRST_FD + i, names[i], error);
		else
			free(names[i]);
	}
	free(names);
	return status;
}

void
supervisor_deinit(struct supervisor *supervisor)
{
	for (uint32_t i = 0; i < supervisor->socket_count; i++) {
		if (supervisor->sockets[i].fd >= 0)
			close(supervisor->sockets[i].fd);
		free(supervisor->sockets[i].name);
	}
	supervisor->socket_count = 0;
}

int
supervisor_take(struct supervisor *supervisor, const char *name)
{
	for (uint32_t i = 0; i < supervisor->socket_count; i++) {
		struct supervisor_socket *socket = &supervisor->sockets[i];
		int fd = socket->fd;

		if (fd < 0 || strcmp(socket->name, name) != 0)
			continue;
		socket->fd = -1;
		return fd;
	}
	return -1;
}

const char *
supervisor_left_over(const struct supervisor *supervisor)
{
	for (uint32_t i = 0; i < supervisor->socket_count; i++) {
		if (supervisor->sockets[i].fd >= 0)
			return supervisor->sockets[i].name;
	}
	return NULL;
}

void
supervisor_step(const char *step)
{
	notify_printed("STATUS=starting: %s", step);
}

void
supervisor_failed(const char *reason)
{
	notify_printed("STATUS=start failed: %s", reason);
}

/* What is shown of a phase. */
static const char *
status_of(enum gateway_phase phase)
{
	static const char *const unready[GATEWAY_PHASE_COUNT] = {
#define PHASE_UNREADY(name, word, unready) [GATEWAY_##name] = unready,
		GATEWAY_PHASE_LIST(PHASE_UNREADY)
#undef PHASE_UNREADY
	};

	return unready[phase] != NULL ? unready[phase] : "serving";
}

void
supervisor_enter(enum gateway_phase phase, int64_t end_ms_max)
{
	if (phase == GATEWAY_SERVING)
		notify_printed("READY=1\nSTATUS=%s", status_of(phase));
	else if (phase == GATEWAY_DRAINING)
		notify_printed("STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRId64 "\nSTATUS=%s",
			       end_ms_max * 1000, status_of(phase));
	else
		notify_printed("STATUS=%s", status_of(phase));
}

void
supervisor_reloading(void)
{
	notify_printed("RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=reading the configuration",
		       clock_mono_us());
}

void
supervisor_reloaded(enum gateway_phase phase, bool is_done)
{
	notify_printed("READY=1\nSTATUS=%s%s", status_of(phase),
		       is_done ? "" : "; the last reload failed, see the log");
}

void
supervisor_beat(const struct supervisor *supervisor)
{
	if (supervisor->watchdog_us > 0)
		notify("WATCHDOG=1");
}
