noinst_LTLIBRARIES += libstorage.la
libstorage_la_SOURCES =
libstorage_la_CPPFLAGS = $(AM_CPPFLAGS) $(MARIADB_CFLAGS) $(XXHASH_CFLAGS) $(ZSTD_CFLAGS)
storage_libs = libstorage.la $(ledger_libs) $(MARIADB_LIBS) $(ZSTD_LIBS)
