/*
 * Feeds every seed of a directory to a fuzz target, as "make check" does. Seeds are annotated
 * hex: pairs of digits, white space, and comments from '#' to the end of the line. Each prefix
 * of a seed is fed as well, so that no parser trusts a length it has not got.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define SEED_MAX	65536

static int
hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Bytes read, or -1 when the file is no seed. */
static long
read_seed(const char *path, uint8_t *out)
{
	FILE *f = fopen(path, "r");
	long n = 0;
	int c, high = -1;

	if (f == NULL)
		return -1;
	while ((c = fgetc(f)) != EOF && n < SEED_MAX) {
		if (c == '#') {
			while (c != EOF && c != '\n')
				c = fgetc(f);
			continue;
		}
		int d = hex_digit(c);
		if (d < 0)
			continue;
		if (high < 0) {
			high = d;
			continue;
		}
		out[n++] = (uint8_t)(high << 4 | d);
		high = -1;
	}
	fclose(f);
	return high < 0 ? n : -1;
}

static void
feed(const uint8_t *seed, size_t len)
{
	for (size_t n = 0; n <= len; n++) {
		uint8_t *exact = malloc(n > 0 ? n : 1);	/* so that an overrun is seen */
		if (exact == NULL)
			abort();
		if (n > 0)
			memcpy(exact, seed, n);
		LLVMFuzzerTestOneInput(exact, n);
		free(exact);
		if (n > 512 && n < len)
			n = len - 1;
	}
}

int
main(int argc, char **argv)
{
	static uint8_t seed[SEED_MAX];
	char path[4096];
	int count = 0, bad = 0;
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;

	if (dir == NULL) {
		fprintf(stderr, "usage: %s SEED-DIRECTORY\n", argv[0]);
		return 2;
	}
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		size_t n = strlen(e->d_name);
		if (n < 5 || strcmp(e->d_name + n - 4, ".hex") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
		long len = read_seed(path, seed);
		if (len >= 0)
			feed(seed, (size_t)len);
		else
			bad++;
		printf("%s %d - %s\n", len >= 0 ? "ok" : "not ok", ++count, e->d_name);
	}
	closedir(dir);
	return bad == 0 && count > 0 ? 0 : 1;
}
