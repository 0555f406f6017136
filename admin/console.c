/*
 * console.c - the listening sockets, and a thread for each session.
 *
 * Sessions wait on their own threads: a long import or a slow reader holds up nobody else, and
 * commands are written straight down.  There are few of them, by design.
 */
#include "admin/console.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

#include "admin/link.h"
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
	bool	 is_tcp;		/* came by the port */
	bool	 is_known;		/* needs no login */
	pthread_t thread;
	char	 operator_name[OPERATOR_BYTES + 1];
	char	 origin[ORIGIN_BYTES + 1];
};

struct console {
	const struct console_host *host; /* borrowed */
	char	 socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* "": handed over */
	int32_t	 idle_ms;
	int32_t	 login_ms;
	int32_t	 write_ms;
	const char *certificate_file;	/* borrowed; NULL: the port speaks plain */
	const char *key_file;
	bool	 is_known_to_nobody;
	struct login login;
	int	 listen_fd;		/* owned; the Unix socket */
	int	 tcp_fd;		/* owned; -1: no port */
	int	 stop_fd;		/* owned eventfd: ends the accepting thread */
	pthread_t thread;		/* accepts */
	pthread_mutex_t lock;
	struct slot slots[CONSOLE_SESSIONS_MAX];
	struct command_shared shared;
};

/*
 * Who is at the other end of the Unix socket: the user's name, or its number where it has none.  A
 * process of root or of the gateway's own user could do to the gateway what it likes anyway.
 */
static void
identify_user(struct slot *slot)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t bytes = sizeof(peer);
	char buffer[4096];
	struct passwd entry, *found = NULL;
	bool is_told = getsockopt(slot->fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0;

	if (!is_told)
		peer.uid = (uid_t)-1;
	if (getpwuid_r(peer.uid, &entry, buffer, sizeof(buffer), &found) == 0 && found != NULL)
		snprintf(slot->operator_name, sizeof(slot->operator_name), "%s", entry.pw_name);
	else
		snprintf(slot->operator_name, sizeof(slot->operator_name), "uid-%u",
			 (unsigned)peer.uid);
	snprintf(slot->origin, sizeof(slot->origin), "console uid=%u pid=%d", (unsigned)peer.uid,
		 (int)peer.pid);
	slot->is_known = is_told && !slot->console->is_known_to_nobody &&
			 (peer.uid == geteuid() || peer.uid == 0);
}

/* Who is at the other end of the port: an address of this machine, which says nothing of who. */
static void
identify_address(struct slot *slot)
{
	struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
	socklen_t bytes = sizeof(peer);
	char host[INET6_ADDRSTRLEN] = "?";
	uint16_t port = 0;
	const int on = 1;

	if (getpeername(slot->fd, (struct sockaddr *)&peer, &bytes) == 0 &&
	    peer.ss_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const void *)&peer;

		inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
		port = ntohs(six->sin6_port);
	} else if (peer.ss_family == AF_INET) {
		const struct sockaddr_in *four = (const void *)&peer;

		inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
		port = ntohs(four->sin_port);
	}
	/* Telnet marks its interrupt as urgent: the mark belongs into the stream. */
	(void)setsockopt(slot->fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	/* Answer and prompt are written apart: neither waits until the other is acknowledged. */
	(void)setsockopt(slot->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	slot->operator_name[0] = '\0';
	snprintf(slot->origin, sizeof(slot->origin), "console %.28s port=%u", host, (unsigned)port);
	slot->is_known = false;
}

static void *
serve(void *argument)
{
	struct slot *slot = argument;
	struct console *console = slot->console;
	struct session_config config = {
		.fd = slot->fd,
		.place = (uint32_t)(slot - console->slots),
		.is_telnet = slot->is_tcp,
		.certificate_file = slot->is_tcp ? console->certificate_file : NULL,
		.key_file = console->key_file,
		.operator_name = slot->operator_name,
		.origin = slot->origin,
		.right = RIGHT_ADMIN,
		.idle_ms = console->idle_ms,
		.login_ms = console->login_ms,
		.write_ms = console->write_ms,
		.login = &console->login,
		.host = console->host,
		.shared = &console->shared,
	};

	(void)pthread_setname_np(pthread_self(), "console session");
	if (slot->is_tcp)
		identify_address(slot);
	else
		identify_user(slot);
	config.needs_login = !slot->is_known;
	session_serve(&config);
	pthread_mutex_lock(&console->lock);
	close(slot->fd);
	slot->fd = -1;
	slot->state = SLOT_OVER;
	pthread_mutex_unlock(&console->lock);
	return NULL;
}

/* A free slot; one whose session is over is made free.  NULL: all are in use, or enough by TCP. */
static struct slot *
take_slot(struct console *console, bool is_tcp)
{
	struct slot *free_slot = NULL;
	uint32_t tcp_count = 0;

	for (size_t i = 0; i < CONSOLE_SESSIONS_MAX; i++) {
		struct slot *slot = &console->slots[i];

		if (slot->state == SLOT_OVER) {
			pthread_join(slot->thread, NULL);
			slot->state = SLOT_FREE;
		}
		if (slot->state == SLOT_FREE)
			free_slot = slot;
		else
			tcp_count += slot->is_tcp ? 1 : 0;
	}
	return is_tcp && tcp_count >= CONSOLE_TCP_SESSIONS_MAX ? NULL : free_slot;
}

static void
begin_session(struct console *console, int fd, bool is_tcp)
{
	struct slot *slot;

	pthread_mutex_lock(&console->lock);
	slot = take_slot(console, is_tcp);
	if (slot != NULL) {
		slot->fd = fd;
		slot->is_tcp = is_tcp;
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
	struct pollfd fds[] = {
		{ .fd = console->stop_fd, .events = POLLIN },
		{ .fd = console->listen_fd, .events = POLLIN },
		{ .fd = console->tcp_fd, .events = POLLIN }, /* -1 is passed over */
	};

	(void)pthread_setname_np(pthread_self(), "console");
	for (;;) {
		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[0].revents != 0)
			return NULL;
		for (size_t i = 1; i < 3; i++) {
			int fd;

			if (fds[i].revents == 0)
				continue;
			fd = accept4(fds[i].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
			if (fd >= 0)
				begin_session(console, fd, i == 2);
			else if (errno == EMFILE || errno == ENFILE)
				(void)poll(fds, 1, 100); /* no descriptors: do not spin */
		}
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

static enum tg_status
open_port(struct console *console, const struct console_config *config)
{
	const int on = 1;

	if (config->tcp_address == NULL)
		return TG_OK;
	console->tcp_fd = socket(config->tcp_address->sa_family,
				 SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (console->tcp_fd < 0 ||
	    setsockopt(console->tcp_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(console->tcp_fd, config->tcp_address, config->tcp_address_bytes) != 0 ||
	    listen(console->tcp_fd, LISTEN_BACKLOG) != 0)
		return TG_IO;
	return TG_OK;
}

uint16_t
console_port(const struct console *console)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	socklen_t bytes = sizeof(address);

	if (console->tcp_fd < 0 ||
	    getsockname(console->tcp_fd, (struct sockaddr *)&address, &bytes) != 0)
		return 0;
	return ntohs(address.ss_family == AF_INET6 ?
			     ((const struct sockaddr_in6 *)(const void *)&address)->sin6_port :
			     ((const struct sockaddr_in *)(const void *)&address)->sin_port);
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
	if (console->tcp_fd >= 0)
		close(console->tcp_fd);
	if (console->stop_fd >= 0)
		close(console->stop_fd);
	pthread_mutex_destroy(&console->lock);
	login_deinit(&console->login);
	command_shared_deinit(&console->shared);
	free(console);
}

static int32_t
or_default(int32_t configured, int32_t fallback)
{
	return configured != 0 ? configured : fallback;
}

/* A console with nothing open yet.  NULL: out of memory. */
static struct console *
make_console(const struct console_config *config, const struct console_host *host)
{
	struct console *console = calloc(1, sizeof(*console));

	if (console == NULL)
		return NULL;
	console->host = host;
	console->idle_ms = or_default(config->idle_ms, CONSOLE_IDLE_MS_DEFAULT);
	console->login_ms = or_default(config->login_ms, CONSOLE_LOGIN_MS_DEFAULT);
	console->write_ms = or_default(config->write_ms, CONSOLE_WRITE_MS_DEFAULT);
	console->certificate_file = config->certificate_file;
	console->key_file = config->key_file;
	console->is_known_to_nobody = config->is_known_to_nobody;
	console->listen_fd = config->socket_fd > 0 ? config->socket_fd : -1;
	console->tcp_fd = -1;
	pthread_mutex_init(&console->lock, NULL);
	command_shared_init(&console->shared);
	login_init(&console->login, config->operators_file,
		   config->failures_max != 0 ? config->failures_max : CONSOLE_FAILURES_DEFAULT,
		   or_default(config->lockout_ms, CONSOLE_LOCKOUT_MS_DEFAULT));
	console->shared.operators_path = console->login.path;
	for (size_t i = 0; i < CONSOLE_SESSIONS_MAX; i++) {
		console->slots[i].console = console;
		console->slots[i].fd = -1;
	}
	console->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return console;
}

/* At other sockets the kernel does not say who is at the other end. */
static bool
is_unix(int fd)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	socklen_t bytes = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &bytes) == 0 &&
	       address.ss_family == AF_UNIX;
}

static enum tg_status
open_all(struct console *console, const struct console_config *config)
{
	enum tg_status status;

	if (strlen(config->socket_path) >= sizeof(console->socket_path) ||
	    (config->certificate_file != NULL &&
	     !link_has_tls(config->certificate_file, config->key_file)))
		return TG_CONFIG;
	if (console->stop_fd < 0)
		return TG_IO;
	status = open_port(console, config);
	if (status != TG_OK)
		return status;
	if (console->listen_fd >= 0) {
		if (!is_unix(console->listen_fd)) {
			errno = EAFNOSUPPORT;
			return TG_CONFIG;
		}
	} else {
		strncpy(console->socket_path, config->socket_path,
			sizeof(console->socket_path) - 1);
		status = open_socket(console, config->mode);
	}
	if (status == TG_OK && !start_thread(console))
		status = TG_NO_MEMORY;
	return status;
}

enum tg_status
console_start(const struct console_config *config, const struct console_host *host,
	      struct console **ret_console)
{
	struct console *console = make_console(config, host);
	enum tg_status status;

	if (console == NULL) {
		if (config->socket_fd > 0)
			close(config->socket_fd);
		return TG_NO_MEMORY;
	}
	status = open_all(console, config);
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
	if (console->socket_path[0] != '\0')
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
