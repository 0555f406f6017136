EXTRA_DIST += %D%/packages.txt
