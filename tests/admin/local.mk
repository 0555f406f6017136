admin_test_libs = $(admin_libs) $(CMOCKA_LIBS)
