#include "base/datadir.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *
datadir_find(const char *name, char *buf, size_t size)
{
	/* The last is for the build folder of a variant, such as build/asan. */
	static const char *const beside[] = { "../share/strapd", "../etc", "../../etc" };
	char exe[2048];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n > 0) {
		exe[n] = '\0';
		char *slash = strrchr(exe, '/');
		if (slash != NULL)
			*slash = '\0';
		for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
			int len = snprintf(buf, size, "%s/%s/%s", exe, beside[i], name);
			if (len > 0 && (size_t)len < size && access(buf, R_OK) == 0)
				return buf;
		}
	}
	snprintf(buf, size, "/usr/share/strapd/%s", name);
	return buf;
}
