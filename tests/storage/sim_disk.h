/*
 * sim_disk.h - a disk in memory that forgets what was not synced, and fails on demand.
 *
 * Two ways to end a process: sim_disk_kill() (memory of the system survives, as after kill -9) and
 * sim_disk_crash() (power failure: of each 512-byte sector written since the file's last sync,
 * chance decides whether the new bytes, the old bytes, a part or garbage is found; each name made,
 * renamed or removed since the directory's last sync may or may not be there).  All chance comes
 * from a seed.
 *
 * A failed sync behaves as Linux does: some sectors are lost, the system's memory keeps showing
 * them, and a second sync of the file says that all is well.
 */
#ifndef TG_TESTS_STORAGE_SIM_DISK_H
#define TG_TESTS_STORAGE_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/io.h"

struct sim_disk;

/*
 * An empty disk.  seed: of all chance.  capacity_bytes: what files may hold together.  Aborts when
 * out of memory.
 */
struct sim_disk *sim_disk_new(uint64_t seed, uint64_t capacity_bytes);

/* Another disk with the same durable and remembered content, nothing open.  seed as above. */
struct sim_disk *sim_disk_copy(const struct sim_disk *disk, uint64_t seed);

void sim_disk_free(struct sim_disk *disk);

/* The functions of this disk; the disk must outlive their use. */
void sim_disk_io(struct sim_disk *disk, struct storage_io *ret_io);

/* The process ends; files are closed, locks free. */
void sim_disk_kill(struct sim_disk *disk);

/* Power fails; files are closed, locks free, scripted errors over. */
void sim_disk_crash(struct sim_disk *disk);

/* Take fdatasync out: it says that all is well, and does nothing. */
void sim_disk_ignore_sync(struct sim_disk *disk, bool is_ignored);

/* Writes and reads may do less than asked for. */
void sim_disk_make_short(struct sim_disk *disk, bool is_short);

enum sim_failure {
	SIM_ONCE,  /* that call only */
	SIM_STICKY, /* that call and all that follow */
};

/*
 * Let the nth fallible call from now (from 1; 0: none) fail with status TG_IO or TG_JOURNAL_FULL;
 * the latter only for calls that need room, others are let pass.  A failing write may have written
 * a part.
 */
void sim_disk_fail_call(struct sim_disk *disk, uint64_t nth, enum sim_failure failure,
			enum tg_status status);

/* Let scripted failures wait, or go on: for who reads the disk besides the process under test. */
void sim_disk_hold_failures(struct sim_disk *disk, bool is_held);

/* Has the scripted failure struck? */
bool sim_disk_has_failed(const struct sim_disk *disk);

/* Was a file synced or written again after its sync had failed?  A program must never do that. */
bool sim_disk_is_misused(const struct sim_disk *disk);

/* Change the capacity, to fill the disk or to make room. */
void sim_disk_set_capacity(struct sim_disk *disk, uint64_t capacity_bytes);

/* Bytes that all files hold now. */
uint64_t sim_disk_used_bytes(const struct sim_disk *disk);

/*
 * The bytes of a file as the process sees them, to be changed in place; durable at once where they
 * are changed through sim_disk_put().  NULL: no such file.
 */
const uint8_t *sim_disk_get(const struct sim_disk *disk, const char *path, size_t *ret_bytes);

/* Replace or make a file, durable at once. */
void sim_disk_put(struct sim_disk *disk, const char *path, const uint8_t *bytes,
		  size_t bytes_count);

/* Change one byte of a file, durable at once.  The file is there and long enough. */
void sim_disk_flip(struct sim_disk *disk, const char *path, size_t offset, uint8_t mask);

/* The index-th path that begins with prefix, in the order of bytes; NULL: there are fewer. */
const char *sim_disk_path(const struct sim_disk *disk, const char *prefix, size_t index);

/* Remove a file, durable at once. */
void sim_disk_remove(struct sim_disk *disk, const char *path);

/* The next number of the disk's chance, below bound. */
uint64_t sim_disk_chance(struct sim_disk *disk, uint64_t bound);

#endif
