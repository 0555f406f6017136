noinst_LTLIBRARIES += libledger.la
libledger_la_SOURCES = \
	%D%/index.c %D%/index.h \
	%D%/reserve.c %D%/reserve.h \
	%D%/table.c %D%/table.h
libledger_la_CPPFLAGS = $(AM_CPPFLAGS) $(XXHASH_CFLAGS)
ledger_libs = libledger.la $(protocol_libs) $(XXHASH_LIBS)
