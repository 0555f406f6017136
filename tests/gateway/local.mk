gateway_test_libs = $(gateway_libs) $(CMOCKA_LIBS)
