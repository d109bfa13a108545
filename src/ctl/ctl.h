#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stdio.h>

/* strapctl, but for its main(): a client of the admin socket and a printer (strapctl(1)). */

enum ctl_exit { CTL_DONE = 0, CTL_REFUSED = 1, CTL_USAGE = 2, CTL_UNREACHABLE = 3 };

struct ctl_io {
	FILE	*in, *out, *err;		/* borrowed */
	bool	 out_colour, err_colour;	/* a terminal that takes colours */
};

int ctl_main(int argc, char **argv, const struct ctl_io *);

#endif
