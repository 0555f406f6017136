# gen_migrations.awk - SQL files as rows of C for migrate.c.
#
# awk -f gen_migrations.awk migrations/0001_*.sql ... > migrations.inc

FNR == 1 {
	if (NR > 1)
		print "\t},"
	name = FILENAME
	sub(/.*\//, "", name)
	number = substr(name, 1, 4) + 0
	if (number != ++count) {
		print "gen_migrations.awk: " name " is not number " count > "/dev/stderr"
		exit 1
	}
	printf "\t{ %d, \"%s\",\n", number, name
}

{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	print "\t\t\"" $0 "\\n\""
}

END {
	if (NR > 0)
		print "\t},"
}
