/*
 * sim_disk_private.h - what sim_disk.c and sim_disk_io.c share, and nobody else.
 */
#ifndef TG_TESTS_STORAGE_SIM_DISK_PRIVATE_H
#define TG_TESTS_STORAGE_SIM_DISK_PRIVATE_H

#include "tests/storage/sim_disk.h"

#define SECTOR_BYTES 512
#define INODES_MAX 512
#define NAMES_MAX 512
#define HANDLES_MAX 64
#define CHANGES_MAX 1024
#define INODE_DIRECTORY (-1)

/* One file's content.  seen: what reads give; kept: what is on the disk. */
struct inode {
	uint8_t *seen;
	uint8_t *kept;
	uint8_t *dirty;	       /* a byte a sector: written since the last sync */
	size_t	 dirty_first;  /* no sector before it is, ... */
	size_t	 dirty_end;    /* ... nor this one, nor any after it */
	size_t	 seen_bytes;
	size_t	 kept_bytes;
	size_t	 capacity;     /* of seen and kept, multiple of the sector */
	bool	 is_sync_lost; /* a sync failed; the process must leave it alone */
	bool	 is_used;
};

struct name {
	char path[STORAGE_PATH_BYTES_MAX]; /* "": free */
	int  inode;			   /* INODE_DIRECTORY: a directory */
};

/* A change of names that is not durable yet. */
struct change {
	char removed[STORAGE_PATH_BYTES_MAX]; /* "": none */
	char set[STORAGE_PATH_BYTES_MAX];     /* "": none */
	int  inode;
};

struct handle {
	bool is_open;
	bool is_lock;
	int  inode;
	enum storage_open_mode mode;
	char path[STORAGE_PATH_BYTES_MAX];
};

struct sim_disk {
	uint64_t chance;
	uint64_t capacity_bytes;
	bool	 is_sync_ignored;
	bool	 is_short;
	bool	 is_misused;
	bool	 has_failed;
	bool	 is_held;    /* scripted failures wait */
	uint64_t calls_left; /* before the scripted failure; 0: none is scripted */
	enum sim_failure failure;
	enum tg_status	 failure_status;
	size_t	 change_count;
	size_t	 seen_count; /* names in use at the front of seen */
	size_t	 kept_count;
	struct name   seen[NAMES_MAX];
	struct name   kept[NAMES_MAX];
	struct handle handles[HANDLES_MAX];
	struct change changes[CHANGES_MAX];
	struct inode  inodes[INODES_MAX];
};

/* Names, in the set that the process sees. */
struct name *sim_find_name(struct sim_disk *disk, const char *path);

/*
 * Change what the process sees: remove a name, set another, or both ("" for none); not durable yet.
 */
void sim_make_change(struct sim_disk *disk, const char *removed, const char *set, int inode);

/* Make the changes of names in directory durable. */
void sim_keep_directory(struct sim_disk *disk, const char *directory);

/* An inode of no bytes. */
int sim_new_inode(struct sim_disk *disk);

/* The sectors first..end - 1 are dirty. */
void sim_dirty_inode(struct inode *inode, size_t first, size_t end);

/* Give inode room for that many bytes; its size stays. */
void sim_grow_inode(struct inode *inode, size_t bytes);

/* What the process sees becomes durable. */
void sim_keep_inode(struct inode *inode);

/* What is durable is all that is left. */
void sim_forget_inode(struct inode *inode);

/* What was synced, or whose sync failed, is read from the disk again. */
void sim_forget_clean(struct inode *inode);

/* Cut; what is cut off reads as zeros if the file grows again. */
void sim_shrink_inode(struct inode *inode, size_t bytes);

/* Chance decides what becomes of each sector not yet synced.  luck: of 8, how many stay whole. */
void sim_draw_inode(struct sim_disk *disk, struct inode *inode, uint64_t luck);

/* Count a call; true: it shall fail, and error is filled. */
bool sim_must_fail(struct sim_disk *disk, bool needs_room, const char *what,
		   struct storage_error *error);

#endif
