# Reading programme files.
noinst_LTLIBRARIES += libprogramme.la
libprogramme_la_SOURCES = \
	%D%/programme.h %D%/programme_file.c \
	%D%/programme_value.c %D%/programme_value.h
libprogramme_la_CPPFLAGS = $(AM_CPPFLAGS) $(CONFIG_CFLAGS)
programme_libs = libprogramme.la $(ledger_libs) $(CONFIG_LIBS)
EXTRA_DIST += %D%/FORMAT.md
