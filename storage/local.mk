noinst_LTLIBRARIES += libstorage.la
libstorage_la_SOURCES = \
	%D%/bytes.h \
	%D%/io.c %D%/io.h %D%/io_posix.c \
	%D%/journal.c %D%/journal.h %D%/journal_backend.h %D%/journal_memory.c
libstorage_la_CPPFLAGS = $(AM_CPPFLAGS) $(MARIADB_CFLAGS) $(XXHASH_CFLAGS) $(ZSTD_CFLAGS)
storage_libs = libstorage.la $(ledger_libs) $(MARIADB_LIBS) $(ZSTD_LIBS)

libstorage_la_SOURCES += \
	%D%/snapshot.c %D%/snapshot.h \
	%D%/snapshot_format.c %D%/snapshot_format.h \
	%D%/snapshot_list.c %D%/snapshot_load.c \
	%D%/snapshot_writer.c %D%/snapshot_writer.h
