ledger_test_libs = $(ledger_libs) $(CMOCKA_LIBS)
