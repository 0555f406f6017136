gateway_test_libs = $(gateway_libs) $(CMOCKA_LIBS)

check_PROGRAMS += %D%/test_config
tests_gateway_test_config_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_log
tests_gateway_test_log_LDADD = $(gateway_test_libs)
gateway_peer = %D%/peer.c %D%/peer.h %D%/pki.c %D%/pki.h
check_PROGRAMS += %D%/test_stream
tests_gateway_test_stream_SOURCES = %D%/test_stream.c $(gateway_peer)
tests_gateway_test_stream_LDADD = $(gateway_test_libs)

check_PROGRAMS += %D%/test_clock
tests_gateway_test_clock_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_zone
tests_gateway_test_zone_LDADD = $(gateway_test_libs)
