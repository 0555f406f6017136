/*
 * test_client_queue.c - a queue's file: what was added is there, whatever happens to the rest.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "protocol/tallygate.h"

#define PATH_BYTES 128
#define FILE_BYTES 8192
#define queue_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

struct fixture {
	char folder[PATH_BYTES - 16];
	char path[PATH_BYTES];
	struct tg_queue *queue;
	uint8_t id[TG_TRANSACTION_ID_BYTES];
	uint8_t file[FILE_BYTES]; /* a copy of what a test wrote */
	size_t file_bytes;
	size_t ends[8]; /* of the file after each request */
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->folder, sizeof(f->folder), "%s/tg-queue-XXXXXX",
		 getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/queue", f->folder);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	char fresh[PATH_BYTES + 8];

	tg_queue_close(f->queue);
	snprintf(fresh, sizeof(fresh), "%s.new", f->path);
	(void)unlink(fresh);
	(void)unlink(f->path);
	(void)rmdir(f->folder);
	free(f);
	return 0;
}

static void
open_queue(struct fixture *f)
{
	char error[200] = "";

	tg_queue_close(f->queue);
	f->queue = NULL;
	if (tg_queue_open(f->path, 0, error, sizeof(error), &f->queue) != TG_OK)
		fail_msg("%s", error);
}

static void
close_queue(struct fixture *f)
{
	tg_queue_close(f->queue);
	f->queue = NULL;
}

/* An earn whose id is made of its number. */
static void
make_earn(struct fixture *f, uint8_t number, struct tg_message *ret_request)
{
	memset(f->id, number, sizeof(f->id));
	tg_message_init(ret_request, 0, TG_OP_EARN);
	tg_message_set_bytes(ret_request, TG_FIELD_TRANSACTION_ID, f->id, sizeof(f->id));
	tg_message_set_integer(ret_request, TG_FIELD_BUSINESS_TIME, 1700000000000 + number);
	tg_message_set_integer(ret_request, TG_FIELD_MEMBER, 42);
	tg_message_set_integer(ret_request, TG_FIELD_AMOUNT, 100 * number);
}

static enum tg_status
add_earn(struct fixture *f, uint8_t number)
{
	struct tg_message request;

	make_earn(f, number, &request);
	return tg_queue_add(f->queue, &request);
}

/* The queue holds earns with these numbers, each as it was added, and nothing else. */
static void
expect_earns(struct fixture *f, const char *numbers)
{
	uint8_t room[TG_QUEUE_ROOM_BYTES];
	struct tg_queue_row row = { .number = 0 };
	struct tg_message request;

	for (; *numbers != '\0'; numbers++) {
		assert_true(tg_queue_next(f->queue, row.number, &row));
		assert_int_equal(row.id[0], *numbers - '0');
		assert_int_equal(row.operation, TG_OP_EARN);
		assert_int_equal(row.business_time, 1700000000000 + row.id[0]);
		assert_int_equal(tg_queue_read(f->queue, row.number, room, &request), TG_OK);
		assert_int_equal(tg_message_integer(&request, TG_FIELD_AMOUNT, 0), 100 * row.id[0]);
		assert_memory_equal(request.values[TG_FIELD_TRANSACTION_ID].data, row.id, 16);
	}
	assert_false(tg_queue_next(f->queue, row.number, &row));
}

/* The file as it is now. */
static void
keep_file(struct fixture *f)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	ssize_t bytes = read(fd, f->file, sizeof(f->file));

	close(fd);
	assert_in_range(bytes, 1, FILE_BYTES - 1);
	f->file_bytes = (size_t)bytes;
}

/* Write the first bytes of the kept file. */
static void
write_file(struct fixture *f, size_t bytes)
{
	int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, f->file, bytes), bytes);
	close(fd);
}

/* A file with the requests 1, 2 and 3, kept, and where each ends. */
static void
make_three(struct fixture *f)
{
	struct stat status;

	open_queue(f);
	for (uint8_t number = 1; number <= 3; number++) {
		assert_int_equal(add_earn(f, number), TG_OK);
		assert_int_equal(stat(f->path, &status), 0);
		f->ends[number] = (size_t)status.st_size;
	}
	close_queue(f);
	keep_file(f);
}

/* What: what was added is there after the next start, in order.  How: three, closed, opened. */
static void
requests_are_kept_in_order(void **state)
{
	struct fixture *f = *state;

	make_three(f);
	open_queue(f);
	expect_earns(f, "123");
	assert_int_equal(tg_queue_depth(f->queue), 3);
	assert_in_range(tg_queue_age_s(f->queue), 0, 60);
	assert_int_equal(add_earn(f, 4), TG_OK);
	open_queue(f);
	expect_earns(f, "1234");
}

/* What: a repetition changes nothing, another content is a conflict.  How: both, and marks. */
static void
same_id_is_stored_once(void **state)
{
	struct fixture *f = *state;
	struct tg_message request;

	open_queue(f);
	assert_int_equal(add_earn(f, 1), TG_OK);
	make_earn(f, 1, &request);
	tg_message_set_integer(&request, TG_FIELD_REPEAT, 1);
	tg_message_set_integer(&request, TG_FIELD_ATTEMPT, 3);
	tg_message_set_integer(&request, TG_FIELD_LATE, 1);
	assert_int_equal(tg_queue_add(f->queue, &request), TG_OK);
	tg_message_set_integer(&request, TG_FIELD_AMOUNT, 1);
	assert_int_equal(tg_queue_add(f->queue, &request), TG_CONFLICT);
	assert_string_equal(tg_queue_error(f->queue), "another request in the queue has this id");
	expect_earns(f, "1");
}

/* What: only what may come late, and is whole, is stored.  How: a burn, and an earn too little. */
static void
what_cannot_be_late_is_refused(void **state)
{
	struct fixture *f = *state;
	struct tg_message request;

	open_queue(f);
	make_earn(f, 1, &request);
	request.code = TG_OP_BURN;
	assert_int_equal(tg_queue_add(f->queue, &request), TG_OUT_OF_TURN);
	assert_string_equal(tg_queue_error(f->queue),
			    "BURN needs the gateway and cannot be queued");
	make_earn(f, 1, &request);
	tg_message_set_integer(&request, TG_FIELD_AMOUNT, -1);
	assert_int_equal(tg_queue_add(f->queue, &request), TG_BAD_FIELD);
	tg_message_init(&request, 0, TG_OP_EARN);
	assert_int_equal(tg_queue_add(f->queue, &request), TG_MISSING_FIELD);
	expect_earns(f, "");
}

/* What: a full queue says so and takes more when there is room.  How: 270 bytes. */
static void
full_queue_says_so(void **state)
{
	struct fixture *f = *state;
	struct tg_queue_row row;

	assert_int_equal(tg_queue_open(f->path, 270, NULL, 0, &f->queue), TG_OK);
	assert_int_equal(add_earn(f, 1), TG_OK);
	assert_int_equal(add_earn(f, 2), TG_OK);
	assert_int_equal(add_earn(f, 3), TG_OK);
	assert_int_equal(add_earn(f, 4), TG_TABLE_FULL);
	assert_non_null(strstr(tg_queue_error(f->queue), "is full: 3 requests in "));
	assert_true(tg_queue_next(f->queue, 0, &row));
	assert_int_equal(tg_queue_drop(f->queue, row.number), TG_UNKNOWN_TRANSACTION);
	expect_earns(f, "123");
}

/* What: a queue has one owner, also within one process.  How: opened twice, and by a child. */
static void
queue_is_not_opened_twice(void **state)
{
	struct fixture *f = *state;
	struct tg_queue *second = NULL;
	char error[200];
	int result;
	pid_t pid;

	open_queue(f);
	assert_int_equal(tg_queue_open(f->path, 0, error, sizeof(error), &second), TG_FENCED);
	assert_non_null(strstr(error, "is in use by another process"));
	pid = fork();
	if (pid == 0)
		_exit((int)tg_queue_open(f->path, 0, NULL, 0, &second));
	assert_int_equal(waitpid(pid, &result, 0), pid);
	assert_true(WIFEXITED(result));
	assert_int_equal(WEXITSTATUS(result), TG_FENCED);
	open_queue(f);
}

/* What: a file cut anywhere opens, with every request that is whole.  How: at every byte. */
static void
file_cut_anywhere_keeps_what_is_whole(void **state)
{
	static const char *const whole[] = { "", "1", "12", "123" };
	struct fixture *f = *state;

	make_three(f);
	for (size_t bytes = 0; bytes <= f->file_bytes; bytes++) {
		size_t count = 0;

		while (count < 3 && f->ends[count + 1] <= bytes)
			count++;
		write_file(f, bytes);
		open_queue(f);
		expect_earns(f, whole[count]);
		assert_int_equal(add_earn(f, 9), TG_OK);
		open_queue(f); /* what was cut off does not come back */
		assert_int_equal(tg_queue_depth(f->queue), count + 1);
		close_queue(f);
	}
}

/* What: damage is named, but in the last request, which may be torn.  How: each byte in turn. */
static void
damage_in_the_middle_is_named(void **state)
{
	struct fixture *f = *state;
	char error[200];

	make_three(f);
	for (size_t at = 0; at < f->file_bytes; at++) {
		f->file[at] ^= 0x20;
		write_file(f, f->file_bytes);
		if (at >= f->ends[2]) {
			open_queue(f);
			expect_earns(f, "12");
		} else {
			assert_int_equal(tg_queue_open(f->path, 0, error, sizeof(error), &f->queue),
					 TG_CORRUPT);
			assert_non_null(strstr(error, "damaged at byte"));
		}
		close_queue(f);
		f->file[at] ^= 0x20;
	}
	snprintf(error, sizeof(error), "%s", f->path);
	write_file(f, f->file_bytes);
	open_queue(f); /* a refusal had left the file as it was */
	expect_earns(f, "123");
}

/* What: bytes of an older file behind the end are not taken for entries.  How: pasted there. */
static void
bytes_of_another_place_do_not_pass(void **state)
{
	struct fixture *f = *state;

	make_three(f);
	memcpy(f->file + f->file_bytes, f->file + f->ends[1], f->ends[2] - f->ends[1]);
	f->file_bytes += f->ends[2] - f->ends[1];
	write_file(f, f->file_bytes);
	open_queue(f);
	expect_earns(f, "123");
}

/* What: what is no queue is left alone.  How: a text, and a folder. */
static void
other_files_are_left_alone(void **state)
{
	struct fixture *f = *state;
	char error[200];

	f->file_bytes = (size_t)snprintf((char *)f->file, FILE_BYTES, "%60s", "a shopping list");
	write_file(f, f->file_bytes);
	assert_int_equal(tg_queue_open(f->path, 0, error, sizeof(error), &f->queue), TG_CORRUPT);
	assert_non_null(strstr(error, "not a queue"));
	f->file_bytes = 0;
	keep_file(f);
	assert_int_equal(f->file_bytes, 60);
	assert_int_equal(tg_queue_open(f->folder, 0, error, sizeof(error), &f->queue), TG_IO);
	assert_int_equal(tg_queue_open("/nowhere/queue", 0, error, sizeof(error), &f->queue),
			 TG_IO);
	assert_non_null(strstr(error, "No such file"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		queue_test(requests_are_kept_in_order),
		queue_test(same_id_is_stored_once),
		queue_test(what_cannot_be_late_is_refused),
		queue_test(full_queue_says_so),
		queue_test(queue_is_not_opened_twice),
		queue_test(file_cut_anywhere_keeps_what_is_whole),
		queue_test(damage_in_the_middle_is_named),
		queue_test(bytes_of_another_place_do_not_pass),
		queue_test(other_files_are_left_alone),
	};

	return cmocka_run_group_tests_name("client_queue", tests, NULL, NULL);
}
