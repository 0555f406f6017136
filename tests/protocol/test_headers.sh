#!/bin/sh
# test_headers - what is installed compiles with nothing but the installed headers, as C and as C++.
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
echo 1..3

${MAKE:-make} -s -C "$top_builddir" install-tallygateHEADERS install-tallygate_protocolHEADERS \
	DESTDIR="$folder/root" >"$folder/log" 2>&1 || sed 's/^/# /' "$folder/log"
include=$(dirname "$(find "$folder/root" -name tallygate.h)")

cat >"$folder/program.c" <<'PROGRAM'
#include <tallygate.h>

enum tg_status
earn(struct tg_client *client, const uint8_t *id, int64_t amount, int64_t *ret_points)
{
	struct tg_message request, answer;
	enum tg_status status;

	tg_message_init(&request, 0, TG_OP_EARN);
	tg_message_set_bytes(&request, TG_FIELD_TRANSACTION_ID, id, TG_TRANSACTION_ID_BYTES);
	tg_message_set_integer(&request, TG_FIELD_BUSINESS_TIME, tg_utc_ms());
	tg_message_set_integer(&request, TG_FIELD_MEMBER, 42);
	tg_message_set_integer(&request, TG_FIELD_AMOUNT, amount);
	status = tg_client_transact(client, &request, 30000, &answer);
	if (status == TG_OK)
		*ret_points = tg_message_integer(&answer, TG_FIELD_POINTS, 0);
	return status;
}
PROGRAM
cp "$folder/program.c" "$folder/program.cc"

compile()
{
	if "$@" -Wall -Wextra -Werror -fsyntax-only -I"$include" >"$folder/log" 2>&1; then
		echo "ok $number - a program compiles with the installed headers, $name"
	else
		echo "not ok $number - a program compiles with the installed headers, $name"
		sed 's/^/# /' "$folder/log"
	fi
}

number=1 name='C11'
compile ${CC:-cc} -std=c11 "$folder/program.c"
number=2 name='the till of the examples'
compile ${CC:-cc} -std=c11 "$top_srcdir/contrib/examples/terminal.c"
number=3 name='C++'
if ${CXX:-c++} --version >/dev/null 2>&1; then
	compile ${CXX:-c++} -std=c++17 "$folder/program.cc"
else
	echo "ok 3 # skip no C++ compiler"
fi
