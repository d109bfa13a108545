#include <stdlib.h>
#include <unistd.h>

#include "ctl/ctl.h"

/* https://no-color.org: present and not empty means none. */
static bool
takes_colour(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && (no == NULL || no[0] == '\0') && term != NULL && term[0] != '\0';
}

int
main(int argc, char **argv)
{
	const struct ctl_io io = {
		.in = stdin, .out = stdout, .err = stderr,
		.out_colour = takes_colour(STDOUT_FILENO), .err_colour = takes_colour(STDERR_FILENO),
	};

	return ctl_main(argc, argv, &io);
}
