/*
 * process.c - reads /proc/self.
 */
#include "gateway/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line "VmRSS:   1234 kB". */
static void
take_kib(const char *line, const char *word, int64_t *bytes)
{
	const size_t length = strlen(word);

	if (strncmp(line, word, length) == 0 && line[length] == ':')
		*bytes = strtoll(line + length + 1, NULL, 10) * 1024;
}

struct process_memory
process_memory(void)
{
	struct process_memory memory = { .resident_bytes = 0 };
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		take_kib(line, "VmRSS", &memory.resident_bytes);
		take_kib(line, "VmHWM", &memory.resident_max_bytes);
		take_kib(line, "VmSize", &memory.virtual_bytes);
		take_kib(line, "VmSwap", &memory.swapped_bytes);
	}
	if (file != NULL)
		fclose(file);
	memory.heap_bytes = (int64_t)mallinfo2().uordblks;
	return memory;
}

/* The name stands in brackets and may hold any byte: what follows is after the last of them. */
static bool
read_thread(const char *id, struct process_thread *thread)
{
	char path[64], line[512];
	unsigned long user, system;
	const char *name, *rest;
	FILE *file;
	bool is_good;

	snprintf(path, sizeof(path), "/proc/self/task/%.20s/stat", id);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	is_good = fgets(line, sizeof(line), file) != NULL;
	fclose(file);
	name = is_good ? strchr(line, '(') : NULL;
	rest = is_good ? strrchr(line, ')') : NULL;
	if (name == NULL || rest == NULL ||
	    sscanf(rest + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &thread->state,
		   &user, &system) != 3)
		return false;
	thread->id = (int32_t)strtol(id, NULL, 10);
	snprintf(thread->name, sizeof(thread->name), "%.*s", (int)(rest - name - 1), name + 1);
	thread->cpu_ms = (int64_t)(user + system) * 1000 / sysconf(_SC_CLK_TCK);
	return true;
}

uint32_t
process_threads(struct process_thread *threads)
{
	DIR *folder = opendir("/proc/self/task");
	struct dirent *entry;
	uint32_t count = 0;

	while (folder != NULL && count < PROCESS_THREADS_MAX &&
	       (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] != '.' && read_thread(entry->d_name, &threads[count]))
			count++;
	}
	if (folder != NULL)
		closedir(folder);
	return count;
}
