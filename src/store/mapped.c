/*
 * A thin layer over SQLite's own file system layer: it lets that open the file, and then
 * answers one of the file's methods by itself, the one that lends pages out.
 */
#include "store/mapped.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Address space, not memory: room to grow, as a mapping that others use cannot be moved. */
#define MAP_LEN	((size_t)64 << 30)

struct mapped {
	sqlite3_vfs	 vfs;		/* first: SQLite hands this back to file_open() */
	sqlite3_vfs	*real;
	char		 name[40];
	uint8_t		*base;		/* read-only; pages past the end of the file must not be touched */
};

/* Follows SQLite's own struct of an open database file, so that its methods find what they know. */
struct extra {
	sqlite3_io_methods	 methods;
	const sqlite3_io_methods *real;
	const struct mapped	*m;
	sqlite3_int64		 size;		/* of the file, when last asked; it only grows */
};

static size_t
extra_at(const struct mapped *m)
{
	return ((size_t)m->real->szOsFile + 15) & ~(size_t)15;
}

static struct extra *
extra_of(sqlite3_file *f)
{
	/* the table of methods is the extra's first member */
	return (struct extra *)(uintptr_t)f->pMethods;
}

static int
file_fetch(sqlite3_file *f, sqlite3_int64 at, int len, void **ret)
{
	struct extra *x = extra_of(f);
	int rc = SQLITE_OK;

	*ret = NULL;		/* then SQLite reads the page */
	if (at + len > x->size)
		rc = x->real->xFileSize(f, &x->size);
	if (rc == SQLITE_OK && at + len <= x->size && at + len <= (sqlite3_int64)MAP_LEN)
		*ret = x->m->base + at;
	return rc;
}

static int
file_unfetch(sqlite3_file *f, sqlite3_int64 at, void *page)
{
	(void)f, (void)at, (void)page;	/* the mapping stays for the store's life */
	return SQLITE_OK;
}

static int
file_control(sqlite3_file *f, int op, void *arg)
{
	/* else it would map the file once more */
	return op == SQLITE_FCNTL_MMAP_SIZE ? SQLITE_OK : extra_of(f)->real->xFileControl(f, op, arg);
}

static int
file_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	struct mapped *m = (struct mapped *)vfs;
	struct extra *x = (struct extra *)(void *)((char *)f + extra_at(m));
	int rc = m->real->xOpen(m->real, name, f, flags, out_flags);

	if (rc != SQLITE_OK || (flags & SQLITE_OPEN_MAIN_DB) == 0 || f->pMethods->iVersion < 3)
		return rc;
	*x = (struct extra){ .methods = *f->pMethods, .real = f->pMethods, .m = m };
	x->methods.xFetch = file_fetch;
	x->methods.xUnfetch = file_unfetch;
	x->methods.xFileControl = file_control;
	f->pMethods = &x->methods;
	return rc;
}

static enum err
map(struct mapped *m, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *p;

	if (fd < 0)
		return ERR_IO;
	p = mmap(NULL, MAP_LEN, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
	(void)close(fd);	/* the mapping keeps the file */
	m->base = p != MAP_FAILED ? p : NULL;
	return ERR_OK;
}

enum err
mapped_new(const char *path, struct mapped **ret)
{
	struct mapped *m = calloc(1, sizeof(*m));
	enum err e = m != NULL ? map(m, path) : ERR_NOMEM;

	if (e != ERR_OK)
		goto out;
	m->real = sqlite3_vfs_find(NULL);
	if (m->real == NULL) {
		e = ERR_NOMEM;
		goto out;
	}
	(void)snprintf(m->name, sizeof(m->name), "mapped-%p", (void *)m);
	m->vfs = *m->real;
	m->vfs.pNext = NULL;
	m->vfs.zName = m->name;
	m->vfs.szOsFile = (int)(extra_at(m) + sizeof(struct extra));
	m->vfs.xOpen = file_open;
	if (m->base != NULL && sqlite3_vfs_register(&m->vfs, 0) != SQLITE_OK) {
		e = ERR_NOMEM;
		goto out;
	}
	*ret = m;
	m = NULL;
out:
	mapped_free(m);
	return e;
}

void
mapped_free(struct mapped *m)
{
	if (m == NULL)
		return;
	(void)sqlite3_vfs_unregister(&m->vfs);	/* one that was never registered is no failure */
	if (m->base != NULL)
		(void)munmap(m->base, MAP_LEN);
	free(m);
}

const char *
mapped_vfs(const struct mapped *m)
{
	return m->base != NULL ? m->name : NULL;
}
