/*
 * io_mirror.c - file operations done twice: a data directory and its mirror.
 *
 * Owns the numbers of the files that are open in both.  Syncs run side by side: the mirror's on a
 * thread of its own, so that two disks take as long as the slower one.
 */
#include "storage/io_mirror.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/assert.h"
#include "storage/segment.h"

#define PAIRS_MAX 64 /* files open for writing at once, locks included */
#define SPARE_NAME "next.journal"
#define UNFINISHED_NAME "unfinished"
#define SNAPSHOT_PREFIX "snapshot"
#define LOCK_NAME "lock"

/* A file that is open in both. */
struct pair {
	int file;
	int copy; /* in the mirror */
};

struct io_mirror {
	struct storage_io io;	     /* what others use; context is this struct */
	const struct storage_io *base; /* borrowed */
	char directory[STORAGE_PATH_BYTES_MAX];
	char archive_directory[STORAGE_PATH_BYTES_MAX];
	char mirror_directory[STORAGE_PATH_BYTES_MAX];
	char mirror_archive_directory[STORAGE_PATH_BYTES_MAX];
	bool goes_on_alone;
	bool is_inline;
	atomic_bool is_lost;

	pthread_mutex_t lock; /* guards what follows */
	struct pair pairs[PAIRS_MAX];
	uint32_t pair_count;
	char trouble[STORAGE_ERROR_TEXT_BYTES];

	/* Syncs of the mirror, one at a time. */
	pthread_mutex_t sync_lock; /* held by who has one done */
	pthread_mutex_t work_lock; /* guards what follows */
	pthread_cond_t work_wake;
	pthread_t thread;
	int work_file; /* to be synced; -1: none */
	bool is_work_done;
	bool is_ending;
	enum tg_status work_status;
	struct storage_error work_error;
};

/* Is a file of that name in the data directory mirrored? */
static bool
is_mirrored_name(const char *name)
{
	struct segment_name segment;

	return segment_name_parse(name, &segment) || strcmp(name, SPARE_NAME) == 0 ||
	       strcmp(name, UNFINISHED_NAME) == 0 ||
	       strncmp(name, SNAPSHOT_PREFIX, sizeof SNAPSHOT_PREFIX - 1) == 0;
}

/* What follows directory and a slash in path; NULL: path lies elsewhere, or deeper. */
static const char *
name_within(const char *directory, const char *path)
{
	size_t length = strlen(directory);

	if (strncmp(path, directory, length) != 0 || path[length] != '/' ||
	    strchr(path + length + 1, '/') != NULL)
		return NULL;
	return path + length + 1;
}

/* The place in the mirror of a file or directory.  False: it has none. */
static bool
map_path(const struct io_mirror *m, const char *path, char *ret_path)
{
	struct storage_error ignored;
	const char *name;

	if (atomic_load(&m->is_lost))
		return false;
	if (strcmp(path, m->archive_directory) == 0)
		return storage_path_copy(ret_path, m->mirror_archive_directory, &ignored) == TG_OK;
	if (strcmp(path, m->directory) == 0)
		return storage_path_copy(ret_path, m->mirror_directory, &ignored) == TG_OK;
	name = name_within(m->archive_directory, path);
	if (name != NULL)
		return storage_path(ret_path, m->mirror_archive_directory, name, &ignored) == TG_OK;
	name = name_within(m->directory, path);
	return name != NULL && is_mirrored_name(name) &&
	       storage_path(ret_path, m->mirror_directory, name, &ignored) == TG_OK;
}

void
io_mirror_lose(struct io_mirror *m, const struct storage_error *error)
{
	(void)pthread_mutex_lock(&m->lock);
	if (m->trouble[0] == '\0')
		memcpy(m->trouble, error->text, sizeof m->trouble);
	(void)pthread_mutex_unlock(&m->lock);
	atomic_store(&m->is_lost, true);
}

/* The mirror has failed.  TG_OK: go on without it. */
static enum tg_status
fail_mirror(struct io_mirror *m, const struct storage_error *error)
{
	if (!m->goes_on_alone)
		return error->status;
	io_mirror_lose(m, error);
	return TG_OK;
}

static void
add_pair(struct io_mirror *m, int file, int copy)
{
	(void)pthread_mutex_lock(&m->lock);
	TG_ASSERT(m->pair_count < PAIRS_MAX);
	m->pairs[m->pair_count++] = (struct pair){ .file = file, .copy = copy };
	(void)pthread_mutex_unlock(&m->lock);
}

/* The mirror's number of a file; -1: it has none, or the mirror is lost. */
static int
find_copy(struct io_mirror *m, int file)
{
	int copy = -1;

	if (atomic_load(&m->is_lost))
		return -1;
	(void)pthread_mutex_lock(&m->lock);
	for (uint32_t i = 0; i < m->pair_count; i++) {
		if (m->pairs[i].file == file)
			copy = m->pairs[i].copy;
	}
	(void)pthread_mutex_unlock(&m->lock);
	return copy;
}

/* Forget a file, and tell the mirror's number of it; -1: it had none. */
static int
take_pair(struct io_mirror *m, int file)
{
	int copy = -1;

	(void)pthread_mutex_lock(&m->lock);
	for (uint32_t i = 0; i < m->pair_count; i++) {
		if (m->pairs[i].file == file) {
			copy = m->pairs[i].copy;
			m->pairs[i] = m->pairs[--m->pair_count];
			break;
		}
	}
	(void)pthread_mutex_unlock(&m->lock);
	return copy;
}

static enum tg_status
mirror_open(void *context, const char *path, enum storage_open_mode mode, int *ret_file,
	    struct storage_error *error)
{
	struct io_mirror *m = context;
	char copy_path[STORAGE_PATH_BYTES_MAX];
	enum tg_status status;
	int file;
	int copy;

	status = m->base->open(m->base->context, path, mode, &file, error);
	if (status != TG_OK)
		return status;
	if (mode != STORAGE_READ && map_path(m, path, copy_path)) {
		status = m->base->open(m->base->context, copy_path, mode, &copy, error);
		if (status == TG_OK)
			add_pair(m, file, copy);
		else
			status = fail_mirror(m, error);
	}
	if (status != TG_OK) {
		m->base->close(m->base->context, file);
		return status;
	}
	*ret_file = file;
	return TG_OK;
}

static void
mirror_close(void *context, int file)
{
	struct io_mirror *m = context;
	int copy = take_pair(m, file);

	if (copy >= 0)
		m->base->close(m->base->context, copy);
	m->base->close(m->base->context, file);
}

static enum tg_status
mirror_pread(void *context, int file, void *bytes, size_t bytes_max, uint64_t offset,
	     size_t *ret_bytes, struct storage_error *error)
{
	const struct io_mirror *m = context;

	return m->base->pread(m->base->context, file, bytes, bytes_max, offset, ret_bytes, error);
}

static enum tg_status
mirror_pwrite(void *context, int file, const void *bytes, size_t bytes_count, uint64_t offset,
	      size_t *ret_bytes, struct storage_error *error)
{
	struct io_mirror *m = context;
	size_t written;
	int copy;
	enum tg_status status = m->base->pwrite(m->base->context, file, bytes, bytes_count, offset,
						&written, error);

	if (status != TG_OK)
		return status;
	copy = find_copy(m, file);
	if (copy >= 0) {
		status = storage_write(m->base, copy, bytes, written, offset, error);
		if (status != TG_OK)
			status = fail_mirror(m, error);
	}
	if (status == TG_OK)
		*ret_bytes = written;
	return status;
}

/* The thread that syncs the mirror's files. */
static void *
run_syncs(void *context)
{
	struct io_mirror *m = context;

	(void)pthread_setname_np(pthread_self(), "mirror");
	(void)pthread_mutex_lock(&m->work_lock);
	while (!m->is_ending) {
		if (m->work_file < 0) {
			(void)pthread_cond_wait(&m->work_wake, &m->work_lock);
			continue;
		}
		(void)pthread_mutex_unlock(&m->work_lock);
		m->work_status = m->base->sync(m->base->context, m->work_file, &m->work_error);
		(void)pthread_mutex_lock(&m->work_lock);
		m->work_file = -1;
		m->is_work_done = true;
		(void)pthread_cond_broadcast(&m->work_wake);
	}
	(void)pthread_mutex_unlock(&m->work_lock);
	return NULL;
}

/* Sync both at once.  ret_copy_error: of the mirror's, when *ret_copy_status is not TG_OK. */
static enum tg_status
sync_both(struct io_mirror *m, int file, int copy, enum tg_status *ret_copy_status,
	  struct storage_error *ret_copy_error, struct storage_error *error)
{
	enum tg_status status;

	if (m->is_inline) {
		status = m->base->sync(m->base->context, file, error);
		*ret_copy_status = status == TG_OK ? m->base->sync(m->base->context, copy,
								   ret_copy_error)
						   : TG_OK;
		return status;
	}
	(void)pthread_mutex_lock(&m->sync_lock);
	(void)pthread_mutex_lock(&m->work_lock);
	m->work_file = copy;
	m->is_work_done = false;
	(void)pthread_cond_broadcast(&m->work_wake);
	(void)pthread_mutex_unlock(&m->work_lock);
	status = m->base->sync(m->base->context, file, error);
	(void)pthread_mutex_lock(&m->work_lock);
	while (!m->is_work_done)
		(void)pthread_cond_wait(&m->work_wake, &m->work_lock);
	*ret_copy_status = m->work_status;
	if (m->work_status != TG_OK)
		*ret_copy_error = m->work_error;
	(void)pthread_mutex_unlock(&m->work_lock);
	(void)pthread_mutex_unlock(&m->sync_lock);
	return status;
}

static enum tg_status
mirror_sync(void *context, int file, struct storage_error *error)
{
	struct io_mirror *m = context;
	struct storage_error copy_error;
	enum tg_status copy_status;
	enum tg_status status;
	int copy = find_copy(m, file);

	if (copy < 0)
		return m->base->sync(m->base->context, file, error);
	status = sync_both(m, file, copy, &copy_status, &copy_error, error);
	if (status != TG_OK || copy_status == TG_OK)
		return status;
	*error = copy_error;
	return fail_mirror(m, error);
}

static void
mirror_forget_cache(void *context, int file)
{
	struct io_mirror *m = context;
	int copy = find_copy(m, file);

	m->base->forget_cache(m->base->context, file);
	if (copy >= 0)
		m->base->forget_cache(m->base->context, copy);
}

/* Reads come from the first of the two. */
static void
mirror_will_read(void *context, int file, uint64_t offset, uint64_t bytes)
{
	struct io_mirror *m = context;

	m->base->will_read(m->base->context, file, offset, bytes);
}

static enum tg_status
mirror_truncate(void *context, int file, uint64_t bytes, struct storage_error *error)
{
	struct io_mirror *m = context;
	int copy = find_copy(m, file);
	enum tg_status status = m->base->truncate(m->base->context, file, bytes, error);

	if (status == TG_OK && copy >= 0) {
		status = m->base->truncate(m->base->context, copy, bytes, error);
		if (status != TG_OK)
			status = fail_mirror(m, error);
	}
	return status;
}

static enum tg_status
mirror_rename(void *context, const char *from, const char *to, struct storage_error *error)
{
	struct io_mirror *m = context;
	char copy_from[STORAGE_PATH_BYTES_MAX];
	char copy_to[STORAGE_PATH_BYTES_MAX];
	enum tg_status status = m->base->rename(m->base->context, from, to, error);

	if (status == TG_OK && map_path(m, from, copy_from) && map_path(m, to, copy_to)) {
		status = m->base->rename(m->base->context, copy_from, copy_to, error);
		if (status != TG_OK)
			status = fail_mirror(m, error);
	}
	return status;
}

/* Remove a file of the mirror; it may be gone. */
static enum tg_status
unlink_copy(struct io_mirror *m, const char *path, struct storage_error *error)
{
	struct storage_stat facts;
	enum tg_status status = m->base->stat(m->base->context, path, &facts, error);

	if (status == TG_OK && facts.exists)
		status = m->base->unlink(m->base->context, path, error);
	return status == TG_OK ? TG_OK : fail_mirror(m, error);
}

static enum tg_status
mirror_unlink(void *context, const char *path, struct storage_error *error)
{
	struct io_mirror *m = context;
	char copy_path[STORAGE_PATH_BYTES_MAX];
	enum tg_status status = m->base->unlink(m->base->context, path, error);

	if (status == TG_OK && map_path(m, path, copy_path))
		status = unlink_copy(m, copy_path, error);
	return status;
}

static enum tg_status
mirror_sync_directory(void *context, const char *path, struct storage_error *error)
{
	struct io_mirror *m = context;
	char copy_path[STORAGE_PATH_BYTES_MAX];
	enum tg_status status = m->base->sync_directory(m->base->context, path, error);

	if (status == TG_OK && map_path(m, path, copy_path)) {
		status = m->base->sync_directory(m->base->context, copy_path, error);
		if (status != TG_OK)
			status = fail_mirror(m, error);
	}
	return status;
}

static enum tg_status
mirror_make_directory(void *context, const char *path, struct storage_error *error)
{
	const struct io_mirror *m = context;

	return m->base->make_directory(m->base->context, path, error);
}

static enum tg_status
mirror_list(void *context, const char *path, storage_name_fn *each, void *each_context,
	    struct storage_error *error)
{
	const struct io_mirror *m = context;

	return m->base->list(m->base->context, path, each, each_context, error);
}

static enum tg_status
mirror_stat(void *context, const char *path, struct storage_stat *ret_stat,
	    struct storage_error *error)
{
	const struct io_mirror *m = context;

	return m->base->stat(m->base->context, path, ret_stat, error);
}

/* The lower of both: records are refused before either is full. */
static enum tg_status
mirror_free_bytes(void *context, const char *path, uint64_t *ret_bytes, struct storage_error *error)
{
	struct io_mirror *m = context;
	char copy_path[STORAGE_PATH_BYTES_MAX];
	uint64_t copy_bytes;
	enum tg_status status = m->base->free_bytes(m->base->context, path, ret_bytes, error);

	if (status != TG_OK || m->goes_on_alone || !map_path(m, path, copy_path))
		return status;
	status = m->base->free_bytes(m->base->context, copy_path, &copy_bytes, error);
	if (status != TG_OK)
		return fail_mirror(m, error);
	if (copy_bytes < *ret_bytes)
		*ret_bytes = copy_bytes;
	return TG_OK;
}

static enum tg_status
mirror_lock(void *context, const char *path, int *ret_file, struct storage_error *error)
{
	struct io_mirror *m = context;
	char copy_path[STORAGE_PATH_BYTES_MAX];
	int copy;
	int file;
	enum tg_status status = m->base->lock(m->base->context, path, &file, error);

	if (status != TG_OK)
		return status;
	if (atomic_load(&m->is_lost)) {
		*ret_file = file;
		return TG_OK;
	}
	status = storage_path(copy_path, m->mirror_directory, LOCK_NAME, error);
	if (status == TG_OK)
		status = m->base->lock(m->base->context, copy_path, &copy, error);
	if (status == TG_OK)
		add_pair(m, file, copy);
	else if (status != TG_FENCED)
		status = fail_mirror(m, error);
	if (status != TG_OK) {
		m->base->close(m->base->context, file);
		return status;
	}
	*ret_file = file;
	return TG_OK;
}

/* Locks, the condition and the thread.  False: there are none to be had. */
static bool
start_thread(struct io_mirror *m)
{
	m->work_file = -1;
	(void)pthread_mutex_init(&m->lock, NULL);
	(void)pthread_mutex_init(&m->sync_lock, NULL);
	(void)pthread_mutex_init(&m->work_lock, NULL);
	(void)pthread_cond_init(&m->work_wake, NULL);
	return m->is_inline || pthread_create(&m->thread, NULL, run_syncs, m) == 0;
}

enum tg_status
io_mirror_new(const struct io_mirror_config *config, struct io_mirror **ret_mirror,
	      struct storage_error *error)
{
	struct io_mirror *m = calloc(1, sizeof *m);
	enum tg_status status;

	if (m == NULL)
		return storage_fail(error, TG_NO_MEMORY, "no memory for the mirror");
	m->base = config->io;
	m->goes_on_alone = config->goes_on_alone;
	m->is_inline = config->is_inline;
	m->io = (struct storage_io){ .context = m,
				     .open = mirror_open,
				     .close = mirror_close,
				     .pread = mirror_pread,
				     .pwrite = mirror_pwrite,
				     .sync = mirror_sync,
				     .forget_cache = mirror_forget_cache,
				     .will_read = mirror_will_read,
				     .truncate = mirror_truncate,
				     .rename = mirror_rename,
				     .unlink = mirror_unlink,
				     .sync_directory = mirror_sync_directory,
				     .make_directory = mirror_make_directory,
				     .list = mirror_list,
				     .stat = mirror_stat,
				     .free_bytes = mirror_free_bytes,
				     .lock = mirror_lock };
	status = storage_path_copy(m->directory, config->directory, error);
	if (status == TG_OK)
		status = storage_path_copy(m->archive_directory, config->archive_directory, error);
	if (status == TG_OK)
		status = storage_path_copy(m->mirror_directory, config->mirror_directory, error);
	if (status == TG_OK)
		status = storage_path_copy(m->mirror_archive_directory,
					   config->mirror_archive_directory, error);
	if (status == TG_OK && !start_thread(m))
		status = storage_fail(error, TG_NO_MEMORY, "no thread for the mirror");
	if (status != TG_OK) {
		free(m);
		return status;
	}
	*ret_mirror = m;
	return TG_OK;
}

void
io_mirror_free(struct io_mirror *m)
{
	if (m == NULL)
		return;
	(void)pthread_mutex_lock(&m->work_lock);
	m->is_ending = true;
	(void)pthread_cond_broadcast(&m->work_wake);
	(void)pthread_mutex_unlock(&m->work_lock);
	if (!m->is_inline)
		(void)pthread_join(m->thread, NULL);
	(void)pthread_cond_destroy(&m->work_wake);
	(void)pthread_mutex_destroy(&m->work_lock);
	(void)pthread_mutex_destroy(&m->sync_lock);
	(void)pthread_mutex_destroy(&m->lock);
	free(m);
}

const struct storage_io *
io_mirror_io(struct io_mirror *mirror)
{
	return &mirror->io;
}

bool
io_mirror_is_lost(const struct io_mirror *mirror)
{
	return atomic_load(&mirror->is_lost);
}

void
io_mirror_trouble(struct io_mirror *m, char *ret_text)
{
	(void)pthread_mutex_lock(&m->lock);
	memcpy(ret_text, m->trouble, STORAGE_ERROR_TEXT_BYTES);
	(void)pthread_mutex_unlock(&m->lock);
}
