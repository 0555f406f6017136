# TG_CC_FLAGS(VARIABLE, FLAGS)
# Append to VARIABLE each of FLAGS that the compiler takes without a warning.
AC_DEFUN([TG_CC_FLAGS],
[AC_REQUIRE([AC_PROG_CC])
for tg_flag in m4_normalize([$2]); do
	tg_saved_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $tg_flag"
	AC_MSG_CHECKING([whether $CC takes $tg_flag])
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
		[AC_MSG_RESULT([yes])
		 $1="$$1 $tg_flag"],
		[AC_MSG_RESULT([no])])
	CFLAGS=$tg_saved_CFLAGS
done])

# TG_LD_FLAGS(VARIABLE, FLAGS)
# Append to VARIABLE each of FLAGS with which a program still links.
AC_DEFUN([TG_LD_FLAGS],
[AC_REQUIRE([AC_PROG_CC])
for tg_flag in m4_normalize([$2]); do
	tg_saved_LDFLAGS=$LDFLAGS
	LDFLAGS="$LDFLAGS $tg_flag"
	AC_MSG_CHECKING([whether $CC links with $tg_flag])
	AC_LINK_IFELSE([AC_LANG_PROGRAM()],
		[AC_MSG_RESULT([yes])
		 $1="$$1 $tg_flag"],
		[AC_MSG_RESULT([no])])
	LDFLAGS=$tg_saved_LDFLAGS
done])

# TG_REQUIRE_LIB(VARIABLE, LIBRARY, FUNCTION, HEADER)
# For a library without a pkg-config file: VARIABLE_LIBS is set, or configure stops.
AC_DEFUN([TG_REQUIRE_LIB],
[AC_CHECK_HEADER([$4], [], [AC_MSG_ERROR([$4 of lib$2 not found])])
AC_CHECK_LIB([$2], [$3], [$1_LIBS=-l$2], [AC_MSG_ERROR([lib$2 not found])])
AC_SUBST([$1_LIBS])])
