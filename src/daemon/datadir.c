#include "daemon/datadir.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INSTALLED	"/usr/share/strapd/objects"

const char *
datadir_objects(char *buf, size_t size)
{
	static const char *const beside[] = { "/../share/strapd/objects", "/../etc/objects",
		"/../../etc/objects" };	/* the last: build folders of a variant, build/asan */
	char exe[2048];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n > 0) {
		exe[n] = '\0';
		char *slash = strrchr(exe, '/');
		if (slash != NULL)
			*slash = '\0';
		for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
			int len = snprintf(buf, size, "%s%s", exe, beside[i]);
			if (len > 0 && (size_t)len < size && access(buf, R_OK) == 0)
				return buf;
		}
	}
	snprintf(buf, size, "%s", INSTALLED);
	return buf;
}
