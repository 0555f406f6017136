noinst_LTLIBRARIES += libprotocol.la
libprotocol_la_SOURCES = \
	%D%/assert.h \
	%D%/auth.c %D%/auth.h \
	%D%/client_buffer.c %D%/client_buffer.h \
	%D%/client_clock.c \
	%D%/client_error.c %D%/client_error.h \
	%D%/client_opening.c %D%/client_opening.h \
	%D%/cursor.c %D%/cursor.h \
	%D%/decode.c %D%/decode.h \
	%D%/encode.c %D%/encode.h \
	%D%/fingerprint.c %D%/fingerprint.h \
	%D%/frame.c %D%/frame.h \
	%D%/message.c %D%/message.h \
	%D%/prescan.c %D%/prescan.h \
	%D%/proof.c %D%/proof.h \
	%D%/rows.c %D%/rows.h \
	%D%/status.c %D%/status.h \
	%D%/value.h \
	%D%/writer.c %D%/writer.h
libprotocol_la_CPPFLAGS = $(AM_CPPFLAGS) $(MSGPACK_CFLAGS) $(OPENSSL_CFLAGS) $(XXHASH_CFLAGS)
protocol_libs = libprotocol.la $(MSGPACK_LIBS) $(OPENSSL_LIBS) $(UNISTRING_LIBS) $(XXHASH_LIBS)

# The client library: the codec and what is in client*.c, with every name that begins with tg_.
# What of it other clients share that have an event loop of their own is in libprotocol, too.
lib_LTLIBRARIES += libtallygate.la
libtallygate_la_SOURCES = \
	%D%/client.c %D%/client_internal.h \
	%D%/client_activate.c \
	%D%/client_batch.c \
	%D%/client_day.c %D%/day.h \
	%D%/client_endpoints.c %D%/client_endpoints.h \
	%D%/client_link.c %D%/client_link.h \
	%D%/client_link_send.c \
	%D%/client_options.c %D%/client_options.h \
	%D%/client_queue.c %D%/client_queue.h \
	%D%/client_queue_drain.c \
	%D%/client_queue_file.c %D%/client_queue_file.h \
	%D%/client_stream.c %D%/client_stream.h \
	%D%/client_tls.c %D%/client_tls.h \
	%D%/client_transact.c
libtallygate_la_CPPFLAGS = $(libprotocol_la_CPPFLAGS)
libtallygate_la_LIBADD = $(protocol_libs)
libtallygate_la_LDFLAGS = $(library_ldflags) -version-info 1:0:1 -export-symbols-regex '^tg_'

# Its headers include each other by their paths in this tree, below a folder of their own.
tallygatedir = $(includedir)/tallygate
tallygate_HEADERS = %D%/tallygate.h
tallygate_protocoldir = $(includedir)/tallygate/protocol
tallygate_protocol_HEADERS = \
	%D%/auth.h %D%/cursor.h %D%/day.h %D%/decode.h %D%/encode.h %D%/frame.h %D%/message.h \
	%D%/proof.h %D%/queue.h %D%/rows.h %D%/status.h %D%/value.h %D%/writer.h
pkgconfig_DATA += %D%/tallygate.pc
scdoc_pages += %D%/libtallygate.3.scd

# PROTOCOL.md is printed from its template and the tables; after a change:
# protocol/gen_reference >protocol/PROTOCOL.md
noinst_PROGRAMS += %D%/gen_reference
protocol_gen_reference_SOURCES = %D%/gen_reference.c %D%/gen_example.c %D%/gen_example.h \
	%D%/gen_manual.c %D%/gen_manual.h
protocol_gen_reference_LDADD = $(protocol_libs)
EXTRA_DIST += %D%/PROTOCOL.md.in %D%/tallygate-protocol.7.scd.in
scdoc_printed += %D%/tallygate-protocol.7.scd
%D%/tallygate-protocol.7.scd: %D%/gen_reference$(EXEEXT) %D%/tallygate-protocol.7.scd.in
	$(AM_V_GEN)top_srcdir='$(top_srcdir)' %D%/gen_reference manual >$@.tmp && mv $@.tmp $@
dist_doc_DATA += %D%/PROTOCOL.md
