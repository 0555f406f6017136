/*
 * config.h - the daemon's configuration, from one key table.
 *
 * Owns reading the file (libconfig), its checks, and what is printed from the table.  A struct
 * config is never changed after it is loaded: a reload makes another one, so that threads share it
 * without locks.
 * No member holds a secret: keys and passwords are in files that are only named here.
 */
#ifndef TG_GATEWAY_CONFIG_H
#define TG_GATEWAY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "gateway/config_table.h"
#include "protocol/message.h"
#include "protocol/status.h"

#define CONFIG_LIST_ENTRIES_MAX 16
#define CONFIG_ERROR_BYTES 512

/* A list of texts, each owned. */
struct config_list {
	uint32_t count;
	char *entries[CONFIG_LIST_ENTRIES_MAX];
};

/* C types of members; TIME is minutes after midnight, CHOICE the index of a word, MODE bits. */
#define CONFIG_C_INT int64_t
#define CONFIG_C_BOOL bool
#define CONFIG_C_TEXT char *
#define CONFIG_C_LIST struct config_list
#define CONFIG_C_CHOICE int32_t
#define CONFIG_C_TIME int32_t
#define CONFIG_C_MODE uint32_t

/* One member a key: key group.name is member group_name.  Texts are owned, never NULL. */
struct config {
#define CONFIG_MEMBER(group, name, type, fallback, low, high, unit, reloadable, help) \
	CONFIG_C_##type group##_##name;
	CONFIG_LIST(CONFIG_MEMBER)
#undef CONFIG_MEMBER
	char *path; /* owned; the file it was read from, for a reload */
};

/* Indexes of the keys, dense from 0. */
enum config_key_index {
#define CONFIG_INDEX(group, name, type, fallback, low, high, unit, reloadable, help) \
	CONFIG_KEY_##group##_##name,
	CONFIG_LIST(CONFIG_INDEX)
#undef CONFIG_INDEX
		CONFIG_KEY_COUNT,
};

/* Words of the CHOICE keys, in the order of the unit column. */
enum config_ledger_thread { LEDGER_THREAD_INLINE, LEDGER_THREAD_OWN };
enum config_tls_version { CONFIG_TLS_1_2, CONFIG_TLS_1_3 };
enum config_journal_backend { JOURNAL_BACKEND_FILE, JOURNAL_BACKEND_MEMORY };
enum config_mirror_failure { MIRROR_FAILURE_STOP, MIRROR_FAILURE_ALONE };
enum config_clock_source { CLOCK_SOURCE_SYSTEM, CLOCK_SOURCE_STEPPED };

enum config_type {
	CONFIG_OF_INT,
	CONFIG_OF_BOOL,
	CONFIG_OF_TEXT,
	CONFIG_OF_LIST,
	CONFIG_OF_CHOICE,
	CONFIG_OF_TIME,
	CONFIG_OF_MODE,
};

enum config_reloadable { CONFIG_KEEP, CONFIG_SWAP };

/* A row of the table. */
struct config_key {
	const char *group;
	const char *name;
	const char *fallback; /* the default, as text */
	const char *unit;     /* of a CHOICE: its words, separated by | */
	const char *help;
	int64_t low, high;
	size_t offset; /* of the member in struct config */
	enum config_type type;
	enum config_reloadable reloadable;
};

/* The row of an index. */
const struct config_key *config_key(enum config_key_index index);

/* Why a file was refused: one line, with file and line number where there are any. */
struct config_error {
	char text[CONFIG_ERROR_BYTES];
};

/* All keys at their defaults.  NULL when out of memory. */
struct config *config_new(void);
void config_free(struct config *config);

/*
 * Read a file.  Unknown keys, values out of bounds and combinations that make no sense are errors.
 * path: remembered for config_reload().
 *
 * TG_OK; TG_CONFIG with *error filled; TG_NO_MEMORY.
 */
TG_MUST_CHECK enum tg_status config_load(const char *path, struct config_error *error,
					 struct config **ret_config);

/* As config_load(), of the file's text; name stands for the file in errors. */
TG_MUST_CHECK enum tg_status config_load_text(const char *text, const char *name,
					      struct config_error *error,
					      struct config **ret_config);

/* Which keys a reload met with another value than before. */
struct config_changes {
	bool is_applied[CONFIG_KEY_COUNT]; /* reloadable: has the new value now */
	bool is_kept[CONFIG_KEY_COUNT];	   /* needs a restart: has the old value still */
};

/*
 * Read current's file again into a new configuration, in which keys that need a restart keep the
 * value they have in current.  current is not touched; on failure it simply stays in force.
 * Statuses as config_load().
 */
TG_MUST_CHECK enum tg_status config_reload(const struct config *current, struct config_error *error,
					   struct config_changes *ret_changes,
					   struct config **ret_next);

/*
 * Make a configuration that differs from current in one reloadable key.  name: "log.level"; value:
 * as in the file, texts with or without quotes.  Statuses as config_load().
 */
TG_MUST_CHECK enum tg_status config_with(const struct config *current, const char *name,
					 const char *value, struct config_error *error,
					 struct config **ret_next);

/* Write a key's value as it stands in the file, cut to bytes. */
void config_value_text(const struct config *config, const struct config_key *key, char *text,
		       size_t bytes);

/* Print the values in force, as a file that gives the same configuration. */
void config_print(const struct config *config, FILE *file);

/* Print the annotated sample file: every key with its help, bounds and default. */
void config_print_sample(FILE *file);

/* Print the reference of all keys: gateway/CONFIG.md, and the manual page tallygate.conf(5). */
void config_print_reference(FILE *file);
void config_print_manual(FILE *file);

#endif
