EXTRA_DIST += %D%/packages.txt
dist_noinst_SCRIPTS += %D%/check
