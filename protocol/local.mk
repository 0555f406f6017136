noinst_LTLIBRARIES += libprotocol.la
libprotocol_la_SOURCES = \
	%D%/assert.h
libprotocol_la_CPPFLAGS = $(AM_CPPFLAGS) $(MSGPACK_CFLAGS) $(OPENSSL_CFLAGS)
protocol_libs = libprotocol.la $(MSGPACK_LIBS) $(OPENSSL_LIBS) $(UNISTRING_LIBS)

EXTRA_LTLIBRARIES += libtallygate.la
libtallygate_la_SOURCES =
libtallygate_la_LIBADD = $(protocol_libs)
libtallygate_la_LDFLAGS = $(library_ldflags) -version-info 0:0:0 -export-symbols-regex '^tg_'
