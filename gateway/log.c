/*
 * log.c - formatting, limiting and writing of log lines.
 */
#include "gateway/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "protocol/assert.h"

#define LOG_EVENTS_MAX 128 /* events whose repeats are told apart; others share the last entry */

static const char *const level_names[] = { "error", "warn", "info", "debug" };

/* Repeats of one event in the present window. */
struct repeats {
	const char *event; /* static text; NULL: entry not used */
	int64_t window_utc_ms;
	uint32_t written_count;
	uint64_t dropped_count; /* not told yet */
};

struct log {
	pthread_mutex_t lock; /* over repeats, and from line to line */
	struct log_options options;
	_Atomic int level;
	struct repeats repeats[LOG_EVENTS_MAX];
};

/* Bytes of a line so far.  Invariant: used_bytes < capacity; always room for a final zero. */
struct text {
	char *base;
	size_t used_bytes;
	size_t capacity;
	bool is_cut;
};

struct log *
log_new(const struct log_options *options)
{
	struct log *log = calloc(1, sizeof(*log));

	if (log == NULL)
		return NULL;
	if (pthread_mutex_init(&log->lock, NULL) != 0) {
		free(log);
		return NULL;
	}
	log->options = *options;
	atomic_init(&log->level, (int)options->level);
	return log;
}

void
log_free(struct log *log)
{
	if (log == NULL)
		return;
	pthread_mutex_destroy(&log->lock);
	free(log);
}

void
log_set_level(struct log *log, enum log_level level)
{
	atomic_store_explicit(&log->level, (int)level, memory_order_relaxed);
}

bool
log_wants(const struct log *log, enum log_level level)
{
	return (int)level <= atomic_load_explicit(&log->level, memory_order_relaxed);
}

static void
put_bytes(struct text *text, const char *bytes, size_t count)
{
	size_t room = text->capacity - 1 - text->used_bytes;

	if (count > room) {
		count = room;
		text->is_cut = true;
	}
	memcpy(text->base + text->used_bytes, bytes, count);
	text->used_bytes += count;
	text->base[text->used_bytes] = '\0';
}

static void
put_string(struct text *text, const char *string)
{
	put_bytes(text, string, strlen(string));
}

/* May the byte stand in a value without quotes? */
static bool
is_plain(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("_-+.,:/@[]*?%", byte));
}

/* Put a value that may hold anything. */
static void
put_value(struct text *text, const char *value, size_t bytes)
{
	bool needs_quotes = bytes == 0;

	for (size_t i = 0; i < bytes && !needs_quotes; i++)
		needs_quotes = !is_plain(value[i]);
	if (!needs_quotes) {
		put_bytes(text, value, bytes);
		return;
	}
	put_string(text, "\"");
	for (size_t i = 0; i < bytes; i++) {
		unsigned char byte = (unsigned char)value[i];
		char escape[5];

		if (byte == '"' || byte == '\\')
			snprintf(escape, sizeof(escape), "\\%c", byte);
		else if (byte < 0x20 || byte >= 0x7f)
			snprintf(escape, sizeof(escape), "\\x%02x", byte);
		else
			snprintf(escape, sizeof(escape), "%c", byte);
		put_string(text, escape);
	}
	put_string(text, "\"");
}

/* What a conversion asks for. */
struct conversion {
	bool has_precision;
	char length; /* 0, 'h', 'H' for hh, 'l', 'L' for ll, 'z', 'j' */
	char letter;
};

/* Read a conversion behind its percent sign; returns what comes after it. */
static const char *
read_conversion(const char *format, struct conversion *ret_conversion)
{
	struct conversion conversion = { false, 0, 0 };

	if (format[0] == '.' && format[1] == '*') {
		conversion.has_precision = true;
		format += 2;
	}
	if (format[0] != '\0' && strchr("hlzj", format[0]) != NULL) {
		conversion.length = *format++;
		if (*format == conversion.length) {
			conversion.length = conversion.length == 'h' ? 'H' : 'L';
			format++;
		}
	}
	conversion.letter = *format;
	TG_ASSERT(conversion.letter != '\0' && strchr("sdiux%", conversion.letter) != NULL);
	*ret_conversion = conversion;
	return format + 1;
}

/* Take an integer argument of the conversion's length; unsigned ones keep their bits. */
static int64_t
take_integer(const struct conversion *conversion, va_list *arguments)
{
	bool is_signed = conversion->letter == 'd' || conversion->letter == 'i';

	switch (conversion->length) {
	case 'l':
	case 'L':
	case 'z':
	case 'j':
		return va_arg(*arguments, int64_t);
	default:
		if (is_signed)
			return va_arg(*arguments, int);
		return va_arg(*arguments, unsigned int);
	}
}

_Static_assert(sizeof(long) == 8 && sizeof(size_t) == 8 && sizeof(intmax_t) == 8,
	       "every long conversion takes 64 bits");

static void
put_conversion(struct text *text, const struct conversion *conversion, va_list *arguments)
{
	char digits[32];
	int precision;
	const char *string;
	int64_t integer;

	if (conversion->letter == '%') {
		put_string(text, "%");
		return;
	}
	if (conversion->letter == 's') {
		precision = conversion->has_precision ? va_arg(*arguments, int) : INT32_MAX;
		string = va_arg(*arguments, const char *);
		if (string == NULL)
			string = "-";
		put_value(text, string, strnlen(string, (size_t)precision));
		return;
	}
	integer = take_integer(conversion, arguments);
	if (conversion->letter == 'x')
		snprintf(digits, sizeof(digits), "%" PRIx64, (uint64_t)integer);
	else if (conversion->letter == 'u')
		snprintf(digits, sizeof(digits), "%" PRIu64, (uint64_t)integer);
	else
		snprintf(digits, sizeof(digits), "%" PRId64, integer);
	put_string(text, digits);
}

static void
put_format(struct text *text, const char *format, va_list source)
{
	va_list arguments;

	va_copy(arguments, source);
	while (*format != '\0') {
		size_t literal_bytes = strcspn(format, "%");
		struct conversion conversion;

		put_bytes(text, format, literal_bytes);
		format += literal_bytes;
		if (*format == '\0')
			break;
		format = read_conversion(format + 1, &conversion);
		put_conversion(text, &conversion, &arguments);
	}
	va_end(arguments);
}

void
log_format(char *buffer, size_t capacity, const char *format, ...)
{
	struct text text = { .base = buffer, .capacity = capacity };
	va_list arguments;

	TG_ASSERT(capacity > 0);
	buffer[0] = '\0';
	va_start(arguments, format);
	put_format(&text, format, arguments);
	va_end(arguments);
}

static int64_t
now_utc_ms(const struct log *log)
{
	struct timespec now;

	if (log->options.utc_ms != NULL)
		return log->options.utc_ms(log->options.context);
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Begin a line: time=2024-02-29T23:59:59.999Z level=info event=listen */
static void
put_head(struct text *text, int64_t utc_ms, enum log_level level, const char *event)
{
	time_t seconds = (time_t)(utc_ms / 1000);
	struct tm parts;
	char stamp[32] = "?", head[128];

	if (gmtime_r(&seconds, &parts) != NULL)
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(head, sizeof(head), "time=%s.%03dZ level=%s event=%s", stamp, (int)(utc_ms % 1000),
		 level_names[level], event);
	put_string(text, head);
}

/* Write the line, if that is possible without waiting.  Lock held. */
static bool
write_line(struct log *log, struct text *text)
{
	struct pollfd ready = { .fd = log->options.fd, .events = POLLOUT };
	ssize_t written;

	if (text->is_cut)
		memcpy(text->base + text->used_bytes - 4, "...", 3);
	text->base[text->used_bytes++] = '\n';
	if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0)
		return false;
	do
		written = write(log->options.fd, text->base, text->used_bytes);
	while (written < 0 && errno == EINTR);
	return written >= 0;
}

/* The entry of an event.  Lock held. */
static struct repeats *
find_repeats(struct log *log, const char *event)
{
	size_t i;

	for (i = 0; i < LOG_EVENTS_MAX - 1; i++) {
		if (log->repeats[i].event == NULL || strcmp(log->repeats[i].event, event) == 0)
			break;
	}
	log->repeats[i].event = event;
	return &log->repeats[i];
}

/* Begin a new window, telling what was dropped in the old one.  Lock held. */
static void
open_window(struct log *log, struct repeats *repeats, int64_t utc_ms)
{
	char line[LOG_LINE_BYTES_MAX + 1];
	struct text text = { .base = line, .capacity = LOG_LINE_BYTES_MAX };

	if (repeats->dropped_count > 0) {
		put_head(&text, utc_ms, LEVEL_WARN, "log_dropped");
		text.used_bytes +=
			(size_t)snprintf(line + text.used_bytes, 128, " of=%s count=%" PRIu64,
					 repeats->event, repeats->dropped_count);
		if (write_line(log, &text))
			repeats->dropped_count = 0;
	}
	repeats->window_utc_ms = utc_ms;
	repeats->written_count = 0;
}

/* Has the window passed, or has the clock gone back? */
static bool
is_window_over(const struct repeats *repeats, int64_t utc_ms)
{
	return utc_ms < repeats->window_utc_ms || utc_ms >= repeats->window_utc_ms + LOG_WINDOW_MS;
}

void
log_event_of(struct log *log, enum log_level level, const char *event, const char *prefix,
	     const char *format, va_list arguments)
{
	char line[LOG_LINE_BYTES_MAX + 1];
	struct text text = { .base = line, .capacity = LOG_LINE_BYTES_MAX };
	const bool is_audit = strcmp(event, LOG_OPERATOR_EVENT) == 0;
	struct repeats *repeats;
	int64_t utc_ms;

	if (!is_audit && !log_wants(log, level))
		return;
	utc_ms = now_utc_ms(log);
	put_head(&text, utc_ms, level, event);
	if (prefix != NULL && prefix[0] != '\0') {
		put_string(&text, " ");
		put_string(&text, prefix);
	}
	if (format[0] != '\0')
		put_string(&text, " ");
	put_format(&text, format, arguments);

	pthread_mutex_lock(&log->lock);
	repeats = find_repeats(log, event);
	if (is_window_over(repeats, utc_ms))
		open_window(log, repeats, utc_ms);
	if (level != LEVEL_DEBUG && !is_audit && repeats->written_count >= LOG_REPEATS_MAX) {
		repeats->dropped_count++;
	} else {
		repeats->written_count++;
		if (!write_line(log, &text))
			repeats->dropped_count++;
	}
	pthread_mutex_unlock(&log->lock);
}

void
log_event(struct log *log, enum log_level level, const char *event, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_event_of(log, level, event, NULL, format, arguments);
	va_end(arguments);
}

void
log_tick(struct log *log)
{
	int64_t utc_ms = now_utc_ms(log);

	pthread_mutex_lock(&log->lock);
	for (size_t i = 0; i < LOG_EVENTS_MAX && log->repeats[i].event != NULL; i++) {
		if (log->repeats[i].dropped_count > 0 && is_window_over(&log->repeats[i], utc_ms))
			open_window(log, &log->repeats[i], utc_ms);
	}
	pthread_mutex_unlock(&log->lock);
}

const char *
log_mask(const void *identifier, size_t bytes, char masked[LOG_MASKED_BYTES])
{
	memcpy(masked, "****", 5);
	if (bytes > 4) {
		memcpy(masked + 4, (const char *)identifier + bytes - 4, 4);
		masked[8] = '\0';
	}
	return masked;
}
