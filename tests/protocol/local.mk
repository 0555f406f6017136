protocol_test_libs = $(protocol_libs) $(CMOCKA_LIBS)

check_PROGRAMS += \
	%D%/test_auth \
	%D%/test_codec \
	%D%/test_fingerprint \
	%D%/test_frame \
	%D%/test_message \
	%D%/test_prescan \
	%D%/test_rows \
	%D%/test_status

protocol_samples = %D%/samples.c %D%/samples.h

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

fuzz_programs += %D%/fuzz_frame
tests_protocol_fuzz_frame_LDADD = $(protocol_libs) $(fuzz_libs)
EXTRA_DIST += %D%/corpus_frame
