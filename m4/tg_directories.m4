# TG_DIRECTORY(VARIABLE, PACKAGE, PKG-CONFIG VARIABLE, BELOW PREFIX, HELP)
# Where files for another package go: --with-VARIABLE, else what pkg-config says of the package when
# all is installed below /usr, else the place below the prefix where that package looks, too.
AC_DEFUN([TG_DIRECTORY],
[AC_ARG_WITH([$1],
	[AS_HELP_STRING([--with-$1=DIR], [$5])],
	[$1=$withval],
	[$1=
	 AS_IF([test "$prefix" = /usr], [PKG_CHECK_VAR([$1], [$2], [$3])])
	 AS_IF([test -z "$[]$1"], [$1='${prefix}/$4'])])
AC_SUBST([$1])])
