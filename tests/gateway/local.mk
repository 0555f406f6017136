gateway_test_libs = $(gateway_libs) $(CMOCKA_LIBS)

check_PROGRAMS += %D%/test_config
tests_gateway_test_config_LDADD = $(gateway_test_libs)
check_PROGRAMS += %D%/test_log
tests_gateway_test_log_LDADD = $(gateway_test_libs)
