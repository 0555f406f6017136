/*
 * console.c - the listening socket, and a thread for each session.
 *
 * Sessions wait on their own threads: a long import or a slow reader holds up nobody else, and
 * commands are written straight down.  There are few of them, by design.
 */
#include "admin/console.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/session.h"
#include "protocol/assert.h"

#define LISTEN_BACKLOG 16

enum slot_state {
	SLOT_FREE,			/* no thread */
	SLOT_RUNNING,
	SLOT_OVER,			/* the thread has ended or is about to, and wants joining */
};

/* A place for one session.  state and fd are guarded by the console's lock. */
struct slot {
	struct console *console;	/* borrowed */
	enum slot_state state;
	int	 fd;			/* owned; -1 while not RUNNING */
	pthread_t thread;
	char	 operator_name[OPERATOR_BYTES + 1];
	char	 origin[ORIGIN_BYTES + 1];
};

struct console {
	const struct console_host *host; /* borrowed */
	char	 socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int32_t	 idle_ms;
	int32_t	 write_ms;
	int	 listen_fd;		/* owned */
	int	 stop_fd;		/* owned eventfd: ends the accepting thread */
	pthread_t thread;		/* accepts */
	pthread_mutex_t lock;
	struct slot slots[CONSOLE_SESSIONS_MAX];
	struct command_shared shared;
};

/* Who is at the other end: the user's name, or its number where it has none. */
static void
identify_peer(struct slot *slot)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t bytes = sizeof(peer);
	char buffer[4096];
	struct passwd entry, *found = NULL;

	if (getsockopt(slot->fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0)
		peer.uid = (uid_t)-1;
	if (getpwuid_r(peer.uid, &entry, buffer, sizeof(buffer), &found) == 0 && found != NULL)
		snprintf(slot->operator_name, sizeof(slot->operator_name), "%s", entry.pw_name);
	else
		snprintf(slot->operator_name, sizeof(slot->operator_name), "uid-%u",
			 (unsigned)peer.uid);
	snprintf(slot->origin, sizeof(slot->origin), "console uid=%u pid=%d", (unsigned)peer.uid,
		 (int)peer.pid);
}

static void *
serve(void *argument)
{
	struct slot *slot = argument;
	struct console *console = slot->console;
	struct session_config config = {
		.fd = slot->fd,
		.operator_name = slot->operator_name,
		.origin = slot->origin,
		.right = RIGHT_ADMIN, /* whoever may open the socket may do everything */
		.idle_ms = console->idle_ms,
		.write_ms = console->write_ms,
		.host = console->host,
		.shared = &console->shared,
	};

	identify_peer(slot);
	session_serve(&config);
	pthread_mutex_lock(&console->lock);
	close(slot->fd);
	slot->fd = -1;
	slot->state = SLOT_OVER;
	pthread_mutex_unlock(&console->lock);
	return NULL;
}

/* A free slot; one whose session is over is made free.  NULL: all are in use. */
static struct slot *
take_slot(struct console *console)
{
	for (size_t i = 0; i < CONSOLE_SESSIONS_MAX; i++) {
		struct slot *slot = &console->slots[i];

		if (slot->state == SLOT_OVER) {
			pthread_join(slot->thread, NULL);
			slot->state = SLOT_FREE;
		}
		if (slot->state == SLOT_FREE)
			return slot;
	}
	return NULL;
}

static void
begin_session(struct console *console, int fd)
{
	struct slot *slot;

	pthread_mutex_lock(&console->lock);
	slot = take_slot(console);
	if (slot != NULL) {
		slot->fd = fd;
		slot->state = SLOT_RUNNING;
		if (pthread_create(&slot->thread, NULL, serve, slot) != 0) {
			slot->state = SLOT_FREE;
			slot->fd = -1;
			slot = NULL;
		}
	}
	pthread_mutex_unlock(&console->lock);
	if (slot == NULL) {
		session_refuse(fd, "too many console sessions");
		close(fd);
	}
}

/* The accepting thread. */
static void *
accept_sessions(void *argument)
{
	struct console *console = argument;
	struct pollfd fds[2] = {
		{ .fd = console->listen_fd, .events = POLLIN },
		{ .fd = console->stop_fd, .events = POLLIN },
	};

	for (;;) {
		int fd;

		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents != 0)
			return NULL;
		fd = accept4(console->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			begin_session(console, fd);
		else if (errno == EMFILE || errno == ENFILE)
			(void)poll(&fds[1], 1, 100); /* no descriptors: do not spin */
	}
}

/* Remove a socket that nobody listens on any more.  False: somebody does, or it is no socket. */
static bool
clear_path(const struct sockaddr_un *address)
{
	struct stat facts;
	int fd;
	bool is_left_over;

	if (lstat(address->sun_path, &facts) != 0)
		return errno == ENOENT;
	if (!S_ISSOCK(facts.st_mode)) {
		errno = EEXIST;
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	is_left_over = connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
		       errno == ECONNREFUSED;
	close(fd);
	if (!is_left_over) {
		errno = EADDRINUSE;
		return false;
	}
	return unlink(address->sun_path) == 0;
}

static enum tg_status
open_socket(struct console *console, mode_t mode)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, console->socket_path, sizeof(address.sun_path));
	if (!clear_path(&address))
		return TG_IO;
	console->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The mode before bind, so that there is no moment at which more may connect. */
	if (console->listen_fd < 0 || fchmod(console->listen_fd, mode) != 0 ||
	    bind(console->listen_fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    chmod(console->socket_path, mode) != 0 ||
	    listen(console->listen_fd, LISTEN_BACKLOG) != 0)
		return TG_IO;
	return TG_OK;
}

/* A thread that leaves all signals to others; so do the ones it starts. */
static bool
start_thread(struct console *console)
{
	sigset_t all, before;
	bool is_started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	is_started = pthread_create(&console->thread, NULL, accept_sessions, console) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return is_started;
}

static void
free_console(struct console *console)
{
	if (console->listen_fd >= 0)
		close(console->listen_fd);
	if (console->stop_fd >= 0)
		close(console->stop_fd);
	pthread_mutex_destroy(&console->lock);
	pthread_mutex_destroy(&console->shared.change_lock);
	free(console);
}

enum tg_status
console_start(const struct console_config *config, const struct console_host *host,
	      struct console **ret_console)
{
	struct console *console = calloc(1, sizeof(*console));
	enum tg_status status;

	if (console == NULL)
		return TG_NO_MEMORY;
	console->host = host;
	console->idle_ms = config->idle_ms != 0 ? config->idle_ms : CONSOLE_IDLE_MS_DEFAULT;
	console->write_ms = config->write_ms != 0 ? config->write_ms : CONSOLE_WRITE_MS_DEFAULT;
	console->listen_fd = -1;
	pthread_mutex_init(&console->lock, NULL);
	pthread_mutex_init(&console->shared.change_lock, NULL);
	for (size_t i = 0; i < CONSOLE_SESSIONS_MAX; i++) {
		console->slots[i].console = console;
		console->slots[i].fd = -1;
	}
	console->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (strlen(config->socket_path) >= sizeof(console->socket_path)) {
		free_console(console);
		return TG_CONFIG;
	}
	strncpy(console->socket_path, config->socket_path, sizeof(console->socket_path) - 1);
	status = console->stop_fd >= 0 ? open_socket(console, config->mode) : TG_IO;
	if (status == TG_OK && !start_thread(console))
		status = TG_NO_MEMORY;
	if (status != TG_OK) {
		const int why = errno;

		free_console(console);
		errno = why;
		return status;
	}
	*ret_console = console;
	return TG_OK;
}

void
console_stop(struct console *console)
{
	bool has_thread[CONSOLE_SESSIONS_MAX];

	if (console == NULL)
		return;
	if (eventfd_write(console->stop_fd, 1) != 0)
		TG_ASSERT(errno == EAGAIN);
	pthread_join(console->thread, NULL);
	(void)unlink(console->socket_path);
	pthread_mutex_lock(&console->lock);
	for (size_t i = 0; i < CONSOLE_SESSIONS_MAX; i++) {
		has_thread[i] = console->slots[i].state != SLOT_FREE;
		if (console->slots[i].state == SLOT_RUNNING)
			shutdown(console->slots[i].fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&console->lock);
	for (size_t i = 0; i < CONSOLE_SESSIONS_MAX; i++) {
		if (has_thread[i])
			pthread_join(console->slots[i].thread, NULL);
	}
	free_console(console);
}
