/*
 * identity.h - the gateway a client talks to, and as whom it speaks: settings that all clients
 * have, made options of the client library.
 */
#ifndef TG_CONTRIB_COMMON_IDENTITY_H
#define TG_CONTRIB_COMMON_IDENTITY_H

#include <stdbool.h>

#include "contrib/common/failure.h"
#include "contrib/common/settings.h"
#include "protocol/tallygate.h"

/* Rows for SETTING_ROW(identity, ...); columns as there. */
/* clang-format off */
#define IDENTITY_SETTING_LIST(X) \
	X(heading_1, "", HEADING, ONCE, NULL, 0, 0, 0, "", "The gateway, and who speaks") \
	X(host, "host", TEXT, KEPT, "127.0.0.1", 0, 0, 0, "HOST", "name or address of the gateway; or several: HOST[:PORT],...") \
	X(port, "port", TEXT, KEPT, "7411", 0, 0, 0, "PORT", "its port") \
	X(is_plain, "plain", FLAG, KEPT, NULL, 0, 0, 0, "", "no TLS; on loopback only") \
	X(ca, "ca", TEXT, KEPT, NULL, 0, 0, 0, "FILE", "PEM of the authority that vouches for it") \
	X(server_name, "server-name", TEXT, KEPT, NULL, 0, 0, 0, "NAME", "name in its certificate, if not HOST") \
	X(terminal, "terminal", NUMBER, KEPT, NULL, 1, UINT32_MAX, 0, "N", "number of this terminal") \
	X(key_file, "key-file", TEXT, KEPT, NULL, 0, 0, 0, "FILE", "its key: 32 bytes, or 64 hexadecimal digits") \
	X(master_key, "master-key", TEXT, KEPT, NULL, 0, 0, 0, "FILE", "or the key that all terminals' keys come from") \
	X(instance, "instance", TEXT, KEPT, NULL, 0, 0, 0, "NAME", "name of the coalition's instance (tallygate)") \
	X(generation, "generation", NUMBER, KEPT, "1", 1, 65535, 0, "N", "generation of the key") \
	X(cert, "cert", TEXT, KEPT, NULL, 0, 0, 0, "FILE", "PEM of a client certificate, instead of a key") \
	X(cert_key, "cert-key", TEXT, KEPT, NULL, 0, 0, 0, "FILE", "PEM of the certificate's key") \
	X(timeout, "timeout", NUMBER, KEPT, "30", 1, 86400, 0, "SECONDS", "try for so long") \
	X(config, "config", TEXT, ONCE, NULL, 0, 0, 0, "FILE", "settings, instead of ~/.tally")
/* clang-format on */

/* The first member of each client's settings. */
struct identity {
	IDENTITY_SETTING_LIST(SETTING_MEMBER)
};

/* The rows themselves, for a table whose struct begins with a struct identity. */
#define IDENTITY_SETTING_ROW(...) SETTING_ROW(identity, __VA_ARGS__)
#define IDENTITY_SETTING_ROWS IDENTITY_SETTING_LIST(IDENTITY_SETTING_ROW)

/*
 * Fill options as far as they say with whom to talk, and which terminal this is.  False with the
 * reason when the terminal is not named.
 */
bool identity_place(const struct identity *identity, const char *software,
		    struct tg_options *ret_options, struct failure *failure);

/*
 * Fill options, which hold a key afterwards.  software: name and version of the client, static.
 * False with the reason when the terminal is not named, or has neither key nor certificate, or a
 * file cannot be used.
 */
bool identity_options(const struct identity *identity, const char *software,
		      struct tg_options *ret_options, struct failure *failure);

#endif
