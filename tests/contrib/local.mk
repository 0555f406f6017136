contrib_test_libs = $(load_libs) $(CMOCKA_LIBS)

check_PROGRAMS += \
	%D%/test_day \
	%D%/test_histogram \
	%D%/test_history \
	%D%/test_mix
tests_contrib_test_day_LDADD = $(contrib_test_libs)
tests_contrib_test_histogram_LDADD = $(contrib_test_libs)
tests_contrib_test_history_LDADD = $(contrib_test_libs)
tests_contrib_test_mix_LDADD = $(contrib_test_libs)
