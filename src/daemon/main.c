#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include "base/log.h"
#include "base/secret.h"
#include "daemon/daemon.h"
#include "daemon/settings.h"
#include "strapd/version.h"
#include "transport/credentials.h"

/* Exit codes: 0 done, 1 cannot start or failed, 2 usage or settings. */
#define EXIT_USAGE	2
#define SETS_MAX	256

/* What the command line said; kept, since SIGHUP reads the file again below the same --sets. */
struct command_line {
	const char	*file;
	const char	*sets[SETS_MAX];
	size_t		 nsets;
	bool		 check, verbose, example;
};

static const char usage[] =
    "Usage: strapd [-c FILE] [--set SECTION.KEY=VALUE]... [--check] [-v]\n"
    "       strapd -V | --help | --print-settings\n"
    "\n"
    "  -c, --config FILE      settings; default /etc/strapd/strapd.conf\n"
    "      --set S.KEY=VALUE  one setting, wins over the file; may be repeated\n"
    "      --check            look at the settings, say what is wrong, and exit\n"
    "      --print-settings   every setting with its default and meaning\n"
    "  -v, --verbose          log at level debug\n"
    "  -V, --version\n"
    "\n"
    "Runs in the foreground, logs to standard error. See strapd(8), strapd.conf(5).\n";

enum { OPT_SET = 256, OPT_CHECK, OPT_EXAMPLE, OPT_HELP };

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "set", required_argument, NULL, OPT_SET },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "print-settings", no_argument, NULL, OPT_EXAMPLE },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* Returns -1 to go on, else the exit code. */
static int
read_command_line(int argc, char **argv, struct command_line *cl)
{
	bool raw = credentials_have_raw_keys();

	for (int c; (c = getopt_long(argc, argv, "c:vV", options, NULL)) != -1;) {
		switch (c) {
		case 'c':
			cl->file = optarg;
			break;
		case OPT_SET:
			if (cl->nsets == SETS_MAX) {
				fprintf(stderr, "strapd: more than %d --set\n", SETS_MAX);
				return EXIT_USAGE;
			}
			cl->sets[cl->nsets++] = optarg;
			break;
		case OPT_CHECK:
			cl->check = true;
			break;
		case OPT_EXAMPLE:
			cl->example = true;
			break;
		case 'v':
			cl->verbose = true;
			break;
		case 'V':
			printf("strapd %s\n%s\nraw public keys: %s%s\n", STRAPD_VERSION,
			    OpenSSL_version(OPENSSL_VERSION), raw ? "yes" : "no: ",
			    raw ? "" : credentials_no_raw_keys);
			return EXIT_SUCCESS;
		case OPT_HELP:
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs("strapd --help tells what is understood\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "strapd: \"%s\" is no option; strapd --help\n", argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}

static enum err
load(void *arg, struct settings *ret)
{
	const struct command_line *cl = arg;
	enum err e = settings_load(cl->file, cl->sets, cl->nsets, stderr, ret);

	if (e == ERR_OK && cl->verbose)
		ret->log_level = LOG_LEVEL_DEBUG;
	return e;
}

/* LeakSanitizer has to attach to its own process. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_TRACED	true
#elif defined(__has_feature)
#define IS_TRACED	__has_feature(address_sanitizer)
#else
#define IS_TRACED	false
#endif

/*
 * Keys of all devices pass through this process: other users, and other processes of its own user,
 * are not to read its memory, and no core file is to hold it.
 */
static void
keep_private(void)
{
	umask(077);
	if (!IS_TRACED)
		(void)prctl(PR_SET_DUMPABLE, 0);	/* cannot fail with this value */
}

int
main(int argc, char **argv)
{
	struct command_line cl = { .file = NULL };
	struct settings settings;
	struct daemon *d;
	int code = read_command_line(argc, argv, &cl);

	json_set_alloc_funcs(malloc, secret_free);	/* records hold keys */
	if (code >= 0)
		return code;
	if (cl.example) {
		settings_print_example(stdout);
		return EXIT_SUCCESS;
	}
	if (load(&cl, &settings) != ERR_OK)
		return EXIT_USAGE;
	if (cl.check && daemon_check(&settings) != ERR_OK)
		return EXIT_USAGE;
	if (cl.check) {
		puts("settings: in order");
		return EXIT_SUCCESS;
	}
	keep_private();
	log_setup((enum log_level)settings.log_level, (enum log_format)settings.log_format);
	const struct daemon_opts opts = { .settings = &settings, .reread = load, .arg = &cl };
	if (daemon_new(&opts, &d) != ERR_OK)
		return EXIT_FAILURE;
	enum err e = daemon_run(d);
	daemon_free(d);
	log_info("stopped");
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
