storage_test_libs = $(storage_libs) $(CMOCKA_LIBS)
