/*
 * operators.c - the file of operators, and the one place where passwords are hashed.
 */
#include "admin/operators.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/assert.h"

#define FIELD_COUNT 8
#define HEX_BYTES_MAX (2 * OPERATOR_HASH_BYTES)
#define COST_N_MIN 16384
#define COST_N_MAX (1u << 20)
#define COST_RP_MAX 32
#define HASH_MEMORY_MAX (UINT64_C(256) * 1024 * 1024)

struct operator_cost
operators_cost(void)
{
	return (struct operator_cost){ .n = 32768, .r = 8, .p = 3 };
}

bool
operators_right(const char *word, enum command_right *ret_right)
{
	for (int right = RIGHT_VIEWER; right <= RIGHT_ADMIN; right++) {
		if (strcmp(word, command_right_name((enum command_right)right)) == 0) {
			*ret_right = (enum command_right)right;
			return true;
		}
	}
	return false;
}

bool
operators_is_name(const char *name)
{
	static const char others[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

	return name[0] >= 'a' && name[0] <= 'z' && strlen(name) <= OPERATOR_BYTES &&
	       name[strspn(name, others)] == '\0';
}

struct operator_entry *
operators_find(struct operators *operators, const char *name)
{
	for (uint32_t i = 0; i < operators->count; i++) {
		if (strcmp(operators->entries[i].name, name) == 0)
			return &operators->entries[i];
	}
	return NULL;
}

static bool
parse_hex(const char *text, uint8_t *bytes, size_t count)
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(text) != 2 * count)
		return false;
	for (size_t i = 0; i < 2 * count; i++) {
		const char *digit = strchr(digits, text[i]);

		if (digit == NULL)
			return false;
		bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | (uint8_t)(digit - digits));
	}
	return true;
}

static bool
parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *ret_number)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(text, &end, 10);
	*ret_number = number;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && number >= low &&
	       number <= high;
}

static bool
is_cost(const struct operator_cost *cost)
{
	return cost->n >= COST_N_MIN && cost->n <= COST_N_MAX && (cost->n & (cost->n - 1)) == 0 &&
	       cost->r >= 1 && cost->r <= COST_RP_MAX && cost->p >= 1 && cost->p <= COST_RP_MAX &&
	       UINT64_C(128) * cost->n * cost->r <= HASH_MEMORY_MAX;
}

/* One line, without its end; it is taken apart. */
static bool
parse_line(char *line, struct operator_entry *entry)
{
	char *fields[FIELD_COUNT];
	uint64_t n, r, p;
	size_t count = 0;

	for (char *at = line; at != NULL; count++) {
		if (count == FIELD_COUNT)
			return false;
		fields[count] = strsep(&at, ":");
	}
	if (count != FIELD_COUNT || !operators_is_name(fields[0]) ||
	    !operators_right(fields[1], &entry->right) || strcmp(fields[2], "scrypt") != 0 ||
	    !parse_number(fields[3], COST_N_MIN, COST_N_MAX, &n) ||
	    !parse_number(fields[4], 1, COST_RP_MAX, &r) ||
	    !parse_number(fields[5], 1, COST_RP_MAX, &p) ||
	    !parse_hex(fields[6], entry->salt, sizeof(entry->salt)) ||
	    !parse_hex(fields[7], entry->hash, sizeof(entry->hash)))
		return false;
	snprintf(entry->name, sizeof(entry->name), "%s", fields[0]);
	entry->cost = (struct operator_cost){ .n = n, .r = (uint32_t)r, .p = (uint32_t)p };
	return is_cost(&entry->cost);
}

/* TG_CONFIG with a reason that names a line. */
static enum tg_status
complain(char *why, const char *path, uint32_t line, const char *what)
{
	snprintf(why, OPERATORS_WHY_BYTES, "%.150s, line %" PRIu32 ": %s", path, line, what);
	return TG_CONFIG;
}

static enum tg_status
read_lines(FILE *file, const char *path, struct operators *operators, char *why)
{
	char *line = NULL;
	size_t capacity = 0;
	uint32_t number = 0;
	ssize_t bytes;
	enum tg_status status = TG_OK;

	while (status == TG_OK && (bytes = getline(&line, &capacity, file)) >= 0) {
		struct operator_entry entry = { .right = RIGHT_VIEWER };

		number++;
		if (bytes > 0 && line[bytes - 1] == '\n')
			line[--bytes] = '\0';
		if (strlen(line) != (size_t)bytes) {
			status = complain(why, path, number, "a zero byte");
			continue;
		}
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (operators->count == OPERATORS_MAX)
			status = complain(why, path, number, "one operator too many");
		else if (!parse_line(line, &entry))
			status = complain(why, path, number,
					  "not name:role:scrypt:n:r:p:salt:hash");
		else if (operators_find(operators, entry.name) != NULL)
			status = complain(why, path, number, "the name stands there already");
		else
			operators->entries[operators->count++] = entry;
	}
	if (status == TG_OK && ferror(file))
		status = TG_IO;
	if (line != NULL)
		OPENSSL_cleanse(line, capacity);
	free(line);
	return status;
}

enum tg_status
operators_read(const char *path, struct operators *ret_operators, char *why)
{
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat facts;
	enum tg_status status;
	FILE *file = NULL;

	ret_operators->count = 0;
	if (fd >= 0 && fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode))
		file = fdopen(fd, "r");
	if (file == NULL) {
		const int error = fd >= 0 ? EINVAL : errno;

		snprintf(why, OPERATORS_WHY_BYTES, "%.150s: %s", path, strerror(error));
		if (fd >= 0)
			close(fd);
		errno = error;
		return TG_IO;
	}
	if ((facts.st_mode & (S_IWGRP | S_IWOTH | S_IROTH)) != 0) {
		snprintf(why, OPERATORS_WHY_BYTES,
			 "%.150s: others may write or everybody may read it; chmod 0600 or 0640",
			 path);
		status = TG_CONFIG;
	} else {
		status = read_lines(file, path, ret_operators, why);
	}
	fclose(file);
	return status;
}

static void
print_hex(FILE *file, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(file, "%02x", bytes[i]);
}

static bool
write_lines(FILE *file, const struct operators *operators)
{
	fprintf(file, "# operators of the Tallygate console; changed with tally-passwd\n");
	for (uint32_t i = 0; i < operators->count; i++) {
		const struct operator_entry *entry = &operators->entries[i];

		fprintf(file, "%s:%s:scrypt:%" PRIu64 ":%" PRIu32 ":%" PRIu32 ":", entry->name,
			command_right_name(entry->right), entry->cost.n, entry->cost.r,
			entry->cost.p);
		print_hex(file, entry->salt, sizeof(entry->salt));
		fprintf(file, ":");
		print_hex(file, entry->hash, sizeof(entry->hash));
		fprintf(file, "\n");
	}
	return fflush(file) == 0 && fsync(fileno(file)) == 0;
}

/*
 * Whose the file is: as it was.  A new one is the writer's own, unless what is in its folder
 * belongs to the folder's group: the gateway's, which must read it.
 */
static bool
give_away(int fd, const char *path)
{
	struct stat facts;
	char folder[512];

	if (stat(path, &facts) == 0)
		return fchown(fd, facts.st_uid, facts.st_gid) == 0 &&
		       fchmod(fd, facts.st_mode & 0640) == 0;
	if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
		return false;
	if (stat(dirname(folder), &facts) == 0 && (facts.st_mode & S_ISGID) != 0)
		return fchmod(fd, 0640) == 0;
	return true;
}

enum tg_status
operators_write(const char *path, const struct operators *operators)
{
	char beside[512];
	bool is_good;
	FILE *file;
	int fd;

	if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= (int)sizeof(beside)) {
		errno = ENAMETOOLONG;
		return TG_IO;
	}
	fd = mkostemp(beside, O_CLOEXEC); /* mode 0600 */
	file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL) {
		if (fd >= 0)
			close(fd);
		return TG_IO;
	}
	is_good = write_lines(file, operators) && give_away(fd, path);
	is_good = fclose(file) == 0 && is_good;
	if (is_good && rename(beside, path) == 0)
		return TG_OK;
	(void)unlink(beside);
	return TG_IO;
}

/* False: there is no memory. */
static bool
hash_password(const struct operator_cost *cost, const uint8_t *salt, const char *password,
	      uint8_t *hash)
{
	/* OpenSSL asks for a little more than 128 * n * r. */
	const uint64_t memory_max = UINT64_C(128) * cost->n * cost->r + (8u << 20);

	return EVP_PBE_scrypt(password, strlen(password), salt, OPERATOR_SALT_BYTES, cost->n,
			      cost->r, cost->p, memory_max, hash, OPERATOR_HASH_BYTES) == 1;
}

enum tg_status
operators_set_password(struct operator_entry *entry, const char *password,
		       struct operator_cost cost)
{
	const size_t bytes = strlen(password);

	TG_ASSERT(is_cost(&cost));
	if (bytes < OPERATOR_PASSWORD_BYTES_MIN || bytes > OPERATOR_PASSWORD_BYTES_MAX)
		return TG_BAD_FIELD;
	entry->cost = cost;
	if (RAND_bytes(entry->salt, sizeof(entry->salt)) != 1 ||
	    !hash_password(&cost, entry->salt, password, entry->hash))
		return TG_NO_MEMORY;
	return TG_OK;
}

bool
operators_check(const struct operator_entry *entry, const char *password)
{
	static const uint8_t no_salt[OPERATOR_SALT_BYTES];
	const struct operator_cost cost = entry != NULL ? entry->cost : operators_cost();
	uint8_t hash[OPERATOR_HASH_BYTES] = { 0 };
	const bool is_hashed =
		hash_password(&cost, entry != NULL ? entry->salt : no_salt, password, hash);
	const bool is_same =
		CRYPTO_memcmp(hash, entry != NULL ? entry->hash : hash, sizeof(hash)) == 0;

	OPENSSL_cleanse(hash, sizeof(hash));
	return is_hashed && is_same && entry != NULL;
}
