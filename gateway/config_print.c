/*
 * config_print.c - the configuration as text: values in force, sample file, reference.
 */
#include "gateway/config.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/config_value.h"
#include "protocol/assert.h"

/* Is key the first, or the last, of its group?  Rows of a group stand together. */
static bool
is_first(size_t index)
{
	return index == 0 || strcmp(config_key((enum config_key_index)index)->group,
				    config_key((enum config_key_index)(index - 1))->group) != 0;
}

static bool
is_last(size_t index)
{
	return index + 1 == CONFIG_KEY_COUNT || is_first(index + 1);
}

void
config_print(const struct config *config, FILE *file)
{
	fputs("# The configuration in force.  Secrets are in the files that it names.\n", file);
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = config_key((enum config_key_index)i);

		if (is_first(i))
			fprintf(file, "%s: {\n", key->group);
		fprintf(file, "\t%s = ", key->name);
		config_value_print(config, key, file);
		fputs(is_last(i) ? ";\n};\n" : ";\n", file);
	}
}

/* Print text as comment lines of at most 100 columns. */
static void
print_comment(const char *text, FILE *file)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t bytes = strcspn(text, " ");

		if (column == 0 || column + 1 + bytes > 90) {
			fprintf(file, "%s\t# %.*s", column == 0 ? "" : "\n", (int)bytes, text);
			column = 10 + bytes;
		} else {
			fprintf(file, " %.*s", (int)bytes, text);
			column += 1 + bytes;
		}
		text += bytes;
		text += *text == ' ';
	}
	fputc('\n', file);
}

/* Values of the sample where the default is no example. */
static const struct {
	enum config_key_index index;
	const char *text;
} config_samples[] = {
	{ CONFIG_KEY_tls_certificate_file, "\"/etc/tallygate/server.pem\"" },
	{ CONFIG_KEY_tls_key_file, "\"/etc/tallygate/server.key\"" },
	{ CONFIG_KEY_keys_master_file, "\"/etc/tallygate/master.key\"" },
	{ CONFIG_KEY_keys_identifier_file, "\"/etc/tallygate/identifier.key\"" },
	{ CONFIG_KEY_http_listen, "[ \"127.0.0.1:9411\" ]" },
};

/* What the sample sets a key to, or NULL when it shows the default. */
static const char *
sample_text(size_t index)
{
	for (size_t i = 0; i < sizeof(config_samples) / sizeof(config_samples[0]); i++) {
		if (config_samples[i].index == index)
			return config_samples[i].text;
	}
	return NULL;
}

void
config_print_sample(FILE *file)
{
	struct config *config = config_new();

	if (config == NULL)
		return;
	fputs("# Tallygate's configuration.  Every key is here; what is commented out shows the\n"
	      "# default.  Printed by gateway/gen_config sample\n",
	      file);
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = config_key((enum config_key_index)i);
		const char *sample = sample_text(i);

		if (is_first(i))
			fprintf(file, "\n%s: {\n", key->group);
		print_comment(key->help, file);
		fputs("\t# (", file);
		config_value_print_bounds(key, file);
		fputs(key->reloadable == CONFIG_SWAP ? "; SIGHUP)\n" : ")\n", file);
		fprintf(file, "\t%s%s = ", sample == NULL ? "#" : "", key->name);
		if (sample == NULL)
			config_value_print(config, key, file);
		else
			fputs(sample, file);
		fputs(is_last(i) ? ";\n};\n" : ";\n", file);
	}
	config_free(config);
}

/* Print text for scdoc: what would mark something up is told to be itself. */
static void
print_escaped(const char *text, FILE *file)
{
	for (; *text != '\0'; text++) {
		if (strchr("\\*_`#[]|<", *text) != NULL)
			fputc('\\', file);
		fputc(*text, file);
	}
}

/* What a key is by default and must be, as a paragraph of its own. */
static void
print_manual_values(const struct config *config, const struct config_key *key, FILE *file)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&text, &bytes);

	TG_ASSERT(memory != NULL);
	fputs("Default: ", memory);
	config_value_print(config, key, memory);
	fputs("; ", memory);
	config_value_print_bounds(key, memory);
	fputs(key->reloadable == CONFIG_SWAP ? "; SIGHUP" : "", memory);
	fclose(memory);
	fputc('\t', file);
	print_escaped(text, file);
	fputs(".\n", file);
	free(text);
}

void
config_print_manual(FILE *file)
{
	struct config *config = config_new();

	if (config == NULL)
		return;
	fputs("tallygate.conf(5)\n\n# NAME\n\n"
	      "tallygate.conf - configuration of the gateway of a points coalition\n\n"
	      "# DESCRIPTION\n\n"
	      "The file that *tallygated*(8) reads at start and again on SIGHUP. It is in "
	      "libconfig's syntax: a group\nfor each section below, with keys in it:\n\n"
	      "```\n"
	      "\tlisten: { tls = [ \"0.0.0.0:7411\", \"[::]:7411\" ]; };\n"
	      "\tprogramme: { zone = \"Asia/Tokyo\"; expiry_months = 12; };\n"
	      "```\n\n"
	      "A key that is not here is an error, and so is a value out of bounds; "
	      "*tallygated --check-config* tells.\nIntegers of more than 32 bits end in L. "
	      "After a SIGHUP the keys that say so take their new values; a\nchange of the "
	      "others is logged and waits for a restart. Secrets are never in this file, but "
	      "in files\nthat it names.\n",
	      file);
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = config_key((enum config_key_index)i);

		if (is_first(i))
			fprintf(file, "\n# GROUP %s\n", key->group);
		fprintf(file, "\n*%s*\n\t", key->name);
		print_escaped(key->help, file);
		fputs(key->help[strlen(key->help) - 1] == '.' ? "\n\n" : ".\n\n", file);
		print_manual_values(config, key, file);
	}
	fputs("\n# SEE ALSO\n\n*tallygated*(8)\n", file);
	config_free(config);
}

void
config_print_reference(FILE *file)
{
	struct config *config = config_new();

	if (config == NULL)
		return;
	fputs("# Configuration keys\n\n"
	      "Printed by `gateway/gen_config reference` from the key table. The file is in "
	      "libconfig's syntax, a group\n"
	      "for each heading below; `contrib/examples/tallygate.conf` has every key. A key that "
	      "is not here is an error, and\n"
	      "so is a value out of bounds. Integers of more than 32 bits end in `L`. After a "
	      "SIGHUP the keys marked *yes* take\n"
	      "their new values; a change of the others is logged and waits for a restart.\n",
	      file);
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = config_key((enum config_key_index)i);

		if (is_first(i))
			fprintf(file,
				"\n## %s\n\n"
				"| key | default | values | SIGHUP | meaning |\n"
				"| --- | --- | --- | --- | --- |\n",
				key->group);
		fprintf(file, "| %s.%s | `", key->group, key->name);
		config_value_print(config, key, file);
		fputs("` | ", file);
		config_value_print_bounds(key, file);
		fprintf(file, " | %s | %s |\n", key->reloadable == CONFIG_SWAP ? "yes" : "no",
			key->help);
	}
	config_free(config);
}

void
config_value_text(const struct config *config, const struct config_key *key, char *text,
		  size_t bytes)
{
	char *whole = NULL;
	size_t whole_bytes = 0;
	FILE *file = open_memstream(&whole, &whole_bytes);

	text[0] = '\0';
	if (file == NULL)
		return;
	config_value_print(config, key, file);
	if (fclose(file) == 0)
		snprintf(text, bytes, "%s", whole);
	free(whole);
}
