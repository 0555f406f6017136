EXTRA_DIST += %D%/packages.txt
dist_noinst_SCRIPTS += %D%/check

# What the clients share.
noinst_LTLIBRARIES += libclients.la
libclients_la_SOURCES = \
	%D%/common/day.c %D%/common/day.h \
	%D%/common/failure.c %D%/common/failure.h
clients_libs = libclients.la $(protocol_libs)

# tally-load without its main(), so that tests link it.
noinst_LTLIBRARIES += libload.la
libload_la_SOURCES = \
	%D%/load/histogram.c %D%/load/histogram.h \
	%D%/load/history.c %D%/load/history.h \
	%D%/load/mix.c %D%/load/mix.h \
	%D%/load/prng.c %D%/load/prng.h
libload_la_CPPFLAGS = $(AM_CPPFLAGS) $(EVENT_CFLAGS) $(OPENSSL_CFLAGS) $(JANSSON_CFLAGS)
load_libs = libload.la $(clients_libs) $(EVENT_LIBS) $(OPENSSL_LIBS) $(JANSSON_LIBS)
