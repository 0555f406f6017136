noinst_LTLIBRARIES += libprotocol.la
libprotocol_la_SOURCES = \
	%D%/assert.h \
	%D%/auth.c %D%/auth.h \
	%D%/cursor.c %D%/cursor.h \
	%D%/decode.c %D%/decode.h \
	%D%/encode.c %D%/encode.h \
	%D%/fingerprint.c %D%/fingerprint.h \
	%D%/frame.c %D%/frame.h \
	%D%/message.c %D%/message.h \
	%D%/prescan.c %D%/prescan.h \
	%D%/rows.c %D%/rows.h \
	%D%/status.c %D%/status.h \
	%D%/value.h \
	%D%/writer.c %D%/writer.h
libprotocol_la_CPPFLAGS = $(AM_CPPFLAGS) $(MSGPACK_CFLAGS) $(OPENSSL_CFLAGS) $(XXHASH_CFLAGS)
protocol_libs = libprotocol.la $(MSGPACK_LIBS) $(OPENSSL_LIBS) $(UNISTRING_LIBS) $(XXHASH_LIBS)

EXTRA_LTLIBRARIES += libtallygate.la
libtallygate_la_SOURCES =
libtallygate_la_LIBADD = $(protocol_libs)
libtallygate_la_LDFLAGS = $(library_ldflags) -version-info 0:0:0 -export-symbols-regex '^tg_'

# PROTOCOL.md is printed from its template and the tables; after a change:
# protocol/gen_reference >protocol/PROTOCOL.md
noinst_PROGRAMS += %D%/gen_reference
protocol_gen_reference_SOURCES = %D%/gen_reference.c %D%/gen_example.c %D%/gen_example.h
protocol_gen_reference_LDADD = $(protocol_libs)
EXTRA_DIST += %D%/PROTOCOL.md %D%/PROTOCOL.md.in
