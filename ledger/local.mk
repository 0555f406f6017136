noinst_LTLIBRARIES += libledger.la
libledger_la_SOURCES =
libledger_la_CPPFLAGS = $(AM_CPPFLAGS) $(XXHASH_CFLAGS)
ledger_libs = libledger.la $(protocol_libs) $(XXHASH_LIBS)
