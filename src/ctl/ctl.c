#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/loop.h"
#include "base/text.h"
#include "ctl/ctl_priv.h"
#include "ctl/help.h"
#include "ctl/rpcclient.h"
#include "strapd/rpc.h"
#include "strapd/version.h"

static const struct opt global[] = {
	{ "socket", 's', "SOCKET", "the daemon's admin socket (" RPC_SOCKET_DEFAULT ")" },
	{ "json", 0, NULL, "print JSON, for programs" },
	{ "help", 'h', NULL, "this text" },
	{ "version", 'V', NULL, "print the version" },
	{ NULL, 0, NULL, NULL },
};
static const struct opt none[] = { { NULL, 0, NULL, NULL } };

int64_t
ctl_now_ms(struct ctl *c)
{
	if (c->loop == NULL && loop_new(&c->loop) != ERR_OK)
		return 0;
	return loop_wall_ms(c->loop);
}

static const struct command *
find_command(const char *name)
{
	for (const struct command *k = ctl_commands; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static bool
is_group(const char *word)
{
	size_t len = strlen(word);

	for (const struct command *k = ctl_commands; k->name != NULL; k++)
		if (strncmp(k->name, word, len) == 0 && k->name[len] == ' ')
			return true;
	return false;
}

static int
unknown_command(struct ctl *c, const char *name)
{
	char best[64] = "", word[64];
	size_t distance = strlen(name) <= 32 ? 4 : 0;

	/* A command of two words may be meant by its first. */
	for (const struct command *k = ctl_commands; k->name != NULL; k++) {
		size_t whole = strlen(k->name), first = strcspn(k->name, " ");
		for (size_t len = first; len <= whole; len += whole > len ? whole - len : 1) {
			snprintf(word, sizeof(word), "%.*s", (int)len, k->name);
			size_t d = text_distance(word, name);
			if (d >= distance)
				continue;
			distance = d;
			memcpy(best, word, sizeof(best));
		}
	}
	if (best[0] != '\0')
		return ctl_usage(c, "There is no command \"%.80s\"; did you mean \"%s\"?", name, best);
	return ctl_usage(c, "There is no command \"%.80s\"; \"strapctl --help\" lists them.", name);
}

/* Reads up to and with the command's name: one word, or two for "endpoint set" and its like. */
static int
read_command(struct ctl *c, struct argline *line, bool *help)
{
	struct problem why;
	char name[256];

	if (args_read(line, none, global, 1, &c->args, &why) != ERR_OK)
		return ctl_usage(c, "%s", why.text);
	if (c->args.nwords == 1 && is_group(c->args.words[0]) &&
	    args_read(line, none, global, 2, &c->args, &why) != ERR_OK)
		return ctl_usage(c, "%s", why.text);
	*help = args_has(&c->args, "help") || c->args.nwords == 0;
	if (c->args.nwords == 0)
		return CTL_DONE;
	snprintf(name, sizeof(name), "%s%s%s", c->args.words[0], c->args.nwords > 1 ? " " : "",
	    c->args.nwords > 1 ? c->args.words[1] : "");
	c->command = find_command(name);
	if (c->command != NULL || (*help && (strcmp(name, "help") == 0 || is_group(name))))
		return CTL_DONE;
	if (c->args.nwords == 1 && is_group(name))
		return ctl_usage(c, "\"%s\" needs one word more; \"strapctl --help\" lists which.", name);
	return unknown_command(c, name);
}

static int
read_rest(struct ctl *c, struct argline *line)
{
	const struct command *k = c->command;
	struct problem why;

	c->args.nwords = 0;
	if (args_read(line, k->opts != NULL ? k->opts : none, global, 0, &c->args, &why) != ERR_OK)
		return ctl_usage(c, "%s See \"strapctl %s --help\".", why.text, k->name);
	if (args_has(&c->args, "help"))
		return CTL_DONE;
	if (c->args.nwords < k->min)
		return ctl_usage(c, "Something is missing: strapctl %s %s", k->name, k->words);
	if (c->args.nwords > k->max)
		return ctl_usage(c, "\"%.80s\" is one word too many: strapctl %s %s",
		    c->args.words[k->max], k->name, k->words);
	return CTL_DONE;
}

static int
run(struct ctl *c, struct argline *line)
{
	bool help = false;
	int code;

	for (int i = 1; i < line->argc; i++)
		if (!text_is_utf8(line->argv[i], strlen(line->argv[i])))
			return ctl_usage(c, "\"%.80s\" is not UTF-8.", line->argv[i]);
	code = read_command(c, line, &help);
	if (code != CTL_DONE)
		return code;
	if (args_has(&c->args, "version")) {
		fprintf(c->io.out, "strapctl %s\n", STRAPD_VERSION);
		return CTL_DONE;
	}
	if (c->command == NULL) {
		if (args_has(&c->args, "help")) {
			help_overview(c->io.out, c->io.out_colour, global);
			return CTL_DONE;
		}
		help_overview(c->io.err, c->io.err_colour, global);
		return CTL_USAGE;
	}
	if (!help)
		code = read_rest(c, line);
	if (code != CTL_DONE)
		return code;
	if (args_has(&c->args, "help")) {
		help_command(c->io.out, c->io.out_colour, c->command, global);
		return CTL_DONE;
	}
	c->json = args_has(&c->args, "json");
	c->socket = args_value(&c->args, "socket");
	if (c->socket == NULL)
		c->socket = RPC_SOCKET_DEFAULT;
	return c->command->run(c);
}

int
ctl_main(int argc, char **argv, const struct ctl_io *io)
{
	struct ctl c = { .io = *io };
	struct argline line = { .argv = argv, .argc = argc, .at = 1 };
	int code = run(&c, &line);

	rpcclient_close(c.client);
	loop_free(c.loop);
	if (fflush(io->out) != 0 && code == CTL_DONE)
		code = ctl_fail(&c, "Writing failed: the output is not whole.");
	return code;
}
