/*
 * log.h - one line for each event, key=value, to standard error.
 *
 * Owns time stamp, level, escaping and the limit of repeats.  A value printed with %s is quoted and
 * escaped as needed, so that no peer can forge a line or a key.  Identifiers go through log_mask()
 * before they come here; secrets never come here.
 *
 * Any thread may call.  Nothing here blocks: when the reader of the lines is too slow they are
 * dropped and counted.
 */
#ifndef TG_GATEWAY_LOG_H
#define TG_GATEWAY_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of the configuration's words. */
enum log_level {
	LEVEL_ERROR, /* someone must act */
	LEVEL_WARN,  /* degraded but handled */
	LEVEL_INFO,  /* life cycle, batches */
	LEVEL_DEBUG, /* each request; not limited in its repeats */
};

#define LOG_LINE_BYTES_MAX 1024 /* longer lines are cut */
#define LOG_WINDOW_MS 10000	/* in so much time ... */
#define LOG_REPEATS_MAX 20	/* ... so many lines of one event, then they are only counted */

struct log;

struct log_options {
	int fd;			   /* written to, not closed */
	enum log_level level;	   /* least important lines that are written */
	int64_t (*utc_ms)(void *); /* wall clock; NULL: the machine's */
	void *context;		   /* for utc_ms */
};

/* NULL when out of memory. */
struct log *log_new(const struct log_options *options);
void log_free(struct log *log);

/* Write less or more from now on. */
void log_set_level(struct log *log, enum log_level level);

/* Would a line of this level be written?  Saves making values that nobody sees. */
bool log_wants(const struct log *log, enum log_level level);

/*
 * Write a line: time, level, event, prefix, then format.
 *
 * event: static text, a word; repeats are counted by it.  prefix: "key=value ..." made by
 * log_format(), or NULL.  format: "key=%s other=%u ..."; of printf's conversions %s, %.*s, %d, %u
 * and %x with the lengths hh h l ll z j are there, without flags and widths; a NULL string prints
 * as "-".
 */
void log_event(struct log *log, enum log_level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void log_event_of(struct log *log, enum log_level level, const char *event, const char *prefix,
		  const char *format, va_list arguments) __attribute__((format(printf, 5, 0)));

/*
 * The event of what operators do: written whatever the level is, and however often, as nobody may
 * hide a command behind others.
 */
#define LOG_OPERATOR_EVENT "operator"

/* Format as log_event() does, into text; what does not fit is cut. */
void log_format(char *text, size_t capacity, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Tell how many lines were dropped, if their event has been quiet since; about each second. */
void log_tick(struct log *log);

/* "****1234": all that may be seen of an identifier.  Returns masked. */
#define LOG_MASKED_BYTES 9
const char *log_mask(const void *identifier, size_t bytes, char masked[LOG_MASKED_BYTES]);

#endif
