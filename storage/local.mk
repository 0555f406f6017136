noinst_LTLIBRARIES += libstorage.la
libstorage_la_SOURCES = \
	%D%/bytes.h \
	%D%/io.c %D%/io.h %D%/io_posix.c \
	%D%/journal.c %D%/journal.h %D%/journal_backend.h %D%/journal_memory.c \
	%D%/journal_archive.c %D%/journal_archive.h \
	%D%/journal_file.c %D%/journal_file.h \
	%D%/journal_reader.c %D%/journal_reader.h \
	%D%/journal_recover.c %D%/journal_recover.h \
	%D%/journal_space.c %D%/journal_space.h \
	%D%/segment.c %D%/segment.h \
	%D%/segment_list.c %D%/segment_list.h \
	%D%/segment_reader.c %D%/segment_reader.h \
	%D%/segment_source.c %D%/segment_source.h
libstorage_la_CPPFLAGS = $(AM_CPPFLAGS) $(MARIADB_CFLAGS) $(XXHASH_CFLAGS) $(ZSTD_CFLAGS)
storage_libs = libstorage.la $(ledger_libs) $(MARIADB_LIBS) $(ZSTD_LIBS)

libstorage_la_SOURCES += \
	%D%/snapshot.c %D%/snapshot.h \
	%D%/snapshot_format.c %D%/snapshot_format.h \
	%D%/snapshot_list.c %D%/snapshot_load.c \
	%D%/snapshot_writer.c %D%/snapshot_writer.h

# MariaDB: connection, schema, sink.
libstorage_la_SOURCES += \
	%D%/civil.c %D%/civil.h \
	%D%/database.c %D%/database.h %D%/database_internal.h \
	%D%/database_bulk.c %D%/database_bulk.h \
	%D%/database_check.c %D%/database_check.h
