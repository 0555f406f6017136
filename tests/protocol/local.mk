protocol_test_libs = $(protocol_libs) $(CMOCKA_LIBS)
