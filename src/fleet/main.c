#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "fleet/fleet.h"
#include "fleet/options.h"

/* Exit codes: 0 every device ended as expected, 1 not so, 2 usage. */
int
main(int argc, char **argv)
{
	struct options opt;
	struct fleet *fleet;
	unsigned failed = 0;
	int code = options_read(argc, argv, &opt);

	if (code >= 0)
		return code;
	log_setup(LOG_LEVEL_WARN, LOG_FORMAT_PLAIN);
	if (fleet_new(&opt, &fleet) != ERR_OK)
		return 2;
	enum err e = fleet_run(fleet, &failed);
	fleet_free(fleet);
	return e == ERR_OK && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
