/*
 * credentials.c - asks at the terminal, or reads a file.
 */
#include "admin/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define BYTE_INTERRUPT 0x03		/* Ctrl-C, which comes as a byte meanwhile */

/* Read up to the end of a line, which is dropped.  False: nothing came, or too much. */
static bool
read_line(int fd, char *text, size_t bytes)
{
	size_t used = 0;
	ssize_t count;
	char byte = '\0';

	while ((count = read(fd, &byte, 1)) != 0 && byte != '\n') {
		if (count < 0 && errno != EINTR)
			return false;
		if (count < 0)
			continue;
		if (byte == BYTE_INTERRUPT || used + 1 == bytes)
			return false;
		text[used++] = byte;
	}
	text[used] = '\0';
	if (used > 0 && text[used - 1] == '\r')
		text[used - 1] = '\0';
	return used > 0;
}

static bool
say(int fd, const char *text)
{
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

bool
credentials_ask(const char *question, bool is_hidden, char *text, size_t bytes)
{
	struct termios before, meanwhile;
	bool is_told;
	int fd;

	/* Where neither is a terminal a program runs this one, and nobody waits to be asked. */
	if (!isatty(STDIN_FILENO) && !isatty(STDERR_FILENO))
		return false;
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return false;
	if (tcgetattr(fd, &before) != 0) {
		close(fd);
		return false;
	}
	/* No signal ends the program while the terminal shows nothing. */
	meanwhile = before;
	meanwhile.c_lflag &= ~(tcflag_t)ISIG;
	if (is_hidden)
		meanwhile.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	meanwhile.c_lflag |= (tcflag_t)ICANON;
	is_told = tcsetattr(fd, TCSAFLUSH, &meanwhile) == 0 && say(fd, question) &&
		  read_line(fd, text, bytes);
	(void)tcsetattr(fd, TCSANOW, &before);
	if (is_hidden || !is_told)
		is_told = say(fd, "\n") && is_told;
	close(fd);
	return is_told;
}

bool
credentials_read(const char *path, char *password, const char **ret_why)
{
	const bool is_input = strcmp(path, "-") == 0;
	const int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct stat facts;
	bool is_read = false;

	if (fd < 0 || fstat(fd, &facts) != 0) {
		*ret_why = strerror(errno);
	} else if (S_ISREG(facts.st_mode) && (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		*ret_why = "others may read it; chmod 600";
	} else {
		*ret_why = "no password there, or too long";
		is_read = read_line(fd, password, CREDENTIALS_PASSWORD_BYTES);
	}
	if (fd >= 0 && !is_input)
		close(fd);
	if (!is_read)
		OPENSSL_cleanse(password, CREDENTIALS_PASSWORD_BYTES);
	return is_read;
}
