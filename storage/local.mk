noinst_LTLIBRARIES += libstorage.la
libstorage_la_SOURCES = \
	%D%/io.c %D%/io.h %D%/io_posix.c
libstorage_la_CPPFLAGS = $(AM_CPPFLAGS) $(MARIADB_CFLAGS) $(XXHASH_CFLAGS) $(ZSTD_CFLAGS)
storage_libs = libstorage.la $(ledger_libs) $(MARIADB_LIBS) $(ZSTD_LIBS)
