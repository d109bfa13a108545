#include <string.h>

#include "ctl/ctl_priv.h"
#include "ctl/help.h"

static void
title(FILE *f, bool colour, const char *text)
{
	tab_print(f, colour, COLOUR_BOLD, text);
	fputc('\n', f);
}

static void
options(FILE *f, const struct opt *o)
{
	char left[64];

	for (; o != NULL && o->name != NULL; o++) {
		char letter[] = { '-', o->letter, ',', ' ', '\0' };
		snprintf(left, sizeof(left), "%s--%s%s%s", o->letter != 0 ? letter : "", o->name,
		    o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
		fprintf(f, "  %-26s %s\n", left, o->help);
	}
}

void
help_overview(FILE *f, bool colour, const struct opt *global)
{
	char left[128];

	fprintf(f, "strapctl asks a running strapd, and tells it what devices are to hold.\n\n");
	title(f, colour, "strapctl [-s SOCKET] [--json] COMMAND ...");
	fputc('\n', f);
	for (const struct command *k = ctl_commands; k->name != NULL; k++) {
		if (k->summary == NULL)
			continue;
		snprintf(left, sizeof(left), "%s %s", k->name, k->words);
		fprintf(f, "  %-26s %s\n", left, k->summary);
	}
	fputc('\n', f);
	options(f, global);
	fprintf(f, "\n\"strapctl COMMAND --help\" says more. Exit: 0 done, 1 refused, 2 usage, "
	    "3 daemon not reachable.\n");
}

void
help_command(FILE *f, bool colour, const struct command *k, const struct opt *global)
{
	char line[160];

	snprintf(line, sizeof(line), "strapctl %s %s%s", k->name, k->words,
	    k->opts != NULL ? " [OPTION ...]" : "");
	title(f, colour, line);
	fprintf(f, "  %s\n\n", k->summary != NULL ? k->summary : "");
	options(f, k->opts);
	options(f, global);
	if (k->more != NULL)
		fprintf(f, "\n%s\n", k->more);
}
