protocol_test_libs = $(protocol_libs) $(CMOCKA_LIBS)

check_PROGRAMS += \
	%D%/test_auth \
	%D%/test_client \
	%D%/test_client_batch \
	%D%/test_client_endpoints \
	%D%/test_client_queue \
	%D%/test_client_queue_drain \
	%D%/test_client_tls \
	%D%/test_codec \
	%D%/test_day \
	%D%/test_fingerprint \
	%D%/test_frame \
	%D%/test_link \
	%D%/test_message \
	%D%/test_prescan \
	%D%/test_rows \
	%D%/test_status

protocol_samples = tests/protocol/samples.c tests/protocol/samples.h
fuzz_tables = $(protocol_samples) tests/protocol/fuzz_tables.c tests/protocol/fuzz_tables.h

tests_protocol_test_auth_LDADD = $(protocol_test_libs)
tests_protocol_test_codec_SOURCES = %D%/test_codec.c $(protocol_samples)
tests_protocol_test_codec_LDADD = $(protocol_test_libs)
tests_protocol_test_fingerprint_SOURCES = %D%/test_fingerprint.c $(protocol_samples)
tests_protocol_test_fingerprint_LDADD = $(protocol_test_libs)
tests_protocol_test_frame_LDADD = $(protocol_test_libs)
tests_protocol_test_message_LDADD = $(protocol_test_libs)
tests_protocol_test_prescan_SOURCES = %D%/test_prescan.c $(protocol_samples)
tests_protocol_test_prescan_LDADD = $(protocol_test_libs)
tests_protocol_test_rows_SOURCES = %D%/test_rows.c $(protocol_samples)
tests_protocol_test_rows_LDADD = $(protocol_test_libs)
tests_protocol_test_status_LDADD = $(protocol_test_libs)

client_test_libs = libtallygate.la $(OPENSSL_LIBS) $(CMOCKA_LIBS)
client_server = %D%/client_fixture.c %D%/client_fixture.h %D%/fake_gateway.c %D%/fake_gateway.h \
	tests/gateway/pki.c tests/gateway/pki.h
tests_protocol_test_client_SOURCES = %D%/test_client.c $(client_server)
tests_protocol_test_client_LDADD = $(client_test_libs)
tests_protocol_test_client_batch_SOURCES = %D%/test_client_batch.c $(client_server)
tests_protocol_test_client_batch_LDADD = $(client_test_libs)
tests_protocol_test_client_endpoints_SOURCES = %D%/test_client_endpoints.c $(client_server) \
	protocol/client_endpoints.c protocol/client_error.c
tests_protocol_test_client_endpoints_LDADD = $(client_test_libs)
tests_protocol_test_client_queue_LDADD = $(client_test_libs)
tests_protocol_test_client_queue_drain_SOURCES = %D%/test_client_queue_drain.c $(client_server)
tests_protocol_test_client_queue_drain_LDADD = $(client_test_libs)
tests_protocol_test_client_tls_SOURCES = %D%/test_client_tls.c $(client_server)
tests_protocol_test_client_tls_LDADD = $(client_test_libs)
tests_protocol_test_link_SOURCES = %D%/test_link.c $(client_server)
tests_protocol_test_day_LDADD = $(client_test_libs)
tests_protocol_test_link_LDADD = $(client_test_libs)

fuzz_programs += %D%/fuzz_frame
tests_protocol_fuzz_frame_SOURCES = %D%/fuzz_frame.c $(fuzz_tables)
tests_protocol_fuzz_frame_LDADD = $(protocol_libs) $(fuzz_libs)
EXTRA_DIST += %D%/corpus_frame
fuzz_programs += %D%/fuzz_message
tests_protocol_fuzz_message_SOURCES = %D%/fuzz_message.c %D%/wide_writer.c %D%/wide_writer.h
tests_protocol_fuzz_message_LDADD = $(protocol_libs) $(fuzz_libs)
fuzz_programs += %D%/fuzz_queue
tests_protocol_fuzz_queue_LDADD = libtallygate.la $(XXHASH_LIBS) $(fuzz_libs)
fuzz_programs += %D%/fuzz_wellformed
tests_protocol_fuzz_wellformed_SOURCES = %D%/fuzz_wellformed.c $(fuzz_tables)
tests_protocol_fuzz_wellformed_LDADD = $(protocol_libs) $(fuzz_libs)
EXTRA_DIST += %D%/corpus_wellformed
fuzz_programs += %D%/fuzz_client
tests_protocol_fuzz_client_SOURCES = %D%/fuzz_client.c $(fuzz_tables)
tests_protocol_fuzz_client_LDADD = libtallygate.la $(OPENSSL_LIBS) $(fuzz_libs)
EXTRA_DIST += %D%/corpus_client

dist_check_SCRIPTS += %D%/test_headers.sh
