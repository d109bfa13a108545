#include "store/migrate.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/db.h"

#define SQL_MAX	(1u << 20)	/* bytes of one migration: far more than any needs */

static const struct builtin {
	int			 version;
	const char		*name;
	const char *const	*lines;		/* NULL last */
} builtins[] = {
#include "migrations.inc"
};
#define NBUILTINS	(sizeof(builtins) / sizeof(builtins[0]))

struct script {
	int	 version;
	char	*name;
	char	*sql;
};

struct scripts {
	struct script	*v;
	size_t		 n;
};

static void
scripts_free(struct scripts *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].name);
		free(s->v[i].sql);
	}
	free(s->v);
}

/* Takes 'sql'; NULL stands for no memory. */
static enum err
add(struct scripts *s, const char *name, char *sql)
{
	struct script *v = realloc(s->v, (s->n + 1) * sizeof(*v));
	char *copy = strdup(name);

	if (v != NULL)
		s->v = v;
	if (v == NULL || copy == NULL || sql == NULL) {
		free(copy);
		free(sql);
		return ERR_NOMEM;
	}
	v[s->n++] = (struct script){ .version = (int)strtol(name, NULL, 10), .name = copy, .sql = sql };
	return ERR_OK;
}

static char *
join(const char *const *lines)
{
	size_t len = 1;
	char *text, *p;

	for (const char *const *l = lines; *l != NULL; l++)
		len += strlen(*l);
	text = p = malloc(len);
	for (const char *const *l = lines; text != NULL && *l != NULL; l++)
		p = stpcpy(p, *l);
	if (text != NULL)
		*p = '\0';
	return text;
}

static enum err
load_builtins(struct scripts *s)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < NBUILTINS && e == ERR_OK; i++)
		e = add(s, builtins[i].name, join(builtins[i].lines));
	return e;
}

static enum err
load_file(struct scripts *s, const char *dir, const char *name, struct problem *why)
{
	char path[4096];
	char *sql = NULL;
	FILE *f = NULL;
	size_t len;
	enum err e = ERR_IO;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	if (n > 0 && (size_t)n < sizeof(path))
		f = fopen(path, "re");
	if (f == NULL)
		goto out;
	sql = calloc(1, SQL_MAX + 1);
	if (sql == NULL) {
		e = ERR_NOMEM;
		goto out;
	}
	len = fread(sql, 1, SQL_MAX, f);
	if (ferror(f) || len == SQL_MAX || memchr(sql, '\0', len) != NULL)
		goto out;
	e = add(s, name, sql);
	sql = NULL;
out:
	free(sql);
	if (f != NULL)
		(void)fclose(f);	/* was only read */
	return e == ERR_OK ? e : problem_set(why, e, "migration", path, "cannot read the migration %s", path);
}

static int
is_migration(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return d->d_name[0] >= '0' && d->d_name[0] <= '9' && len > 4 &&
	    strcmp(d->d_name + len - 4, ".sql") == 0;
}

static enum err
load_dir(struct scripts *s, const char *dir, struct problem *why)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, is_migration, alphasort);
	enum err e = ERR_OK;

	if (n < 0)
		return problem_set(why, ERR_IO, "migration", dir, "cannot read the folder %s: %s", dir,
		    strerror(errno));
	for (int i = 0; i < n; i++) {
		if (e == ERR_OK)
			e = load_file(s, dir, names[i]->d_name, why);
		free(names[i]);
	}
	free(names);
	return e;
}

/* 1, 2, 3 …: a number that is missing or there twice is somebody's mistake. */
static enum err
check_numbers(const struct scripts *s, const char *dir, struct problem *why)
{
	const char *where = dir != NULL ? dir : "built in";

	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].version != (int)i + 1)
			return problem_set(why, ERR_INVALID, "migration", where,
			    "migration %zu is missing (found %s in its place)", i + 1, s->v[i].name);
	if (s->n == 0)
		return problem_set(why, ERR_INVALID, "migration", where, "there are no migrations");
	return ERR_OK;
}

static enum err
apply(sqlite3 *db, const struct script *s, struct problem *why)
{
	char done[128], words[160];

	(void)snprintf(done, sizeof(done), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
	    DB_APPLICATION_ID, s->version);
	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_exec(db, s->sql, NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_exec(db, done, NULL, NULL, NULL) == SQLITE_OK)
		return ERR_OK;
	(void)snprintf(words, sizeof(words), "%s", sqlite3_errmsg(db));
	/* a failure of the rollback adds nothing: the connection is closed next, which undoes all */
	(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return problem_set(why, ERR_DB, "migration", s->name,
	    "the migration %s failed and was undone: %s", s->name, words);
}

enum err
migrate_run(sqlite3 *db, const char *dir, int *ret, struct problem *why)
{
	struct scripts s = { 0 };
	int64_t version = 0;
	enum err e = dir != NULL ? load_dir(&s, dir, why) : load_builtins(&s);

	if (e == ERR_OK)
		e = check_numbers(&s, dir, why);
	if (e != ERR_OK)
		goto out;
	e = db_number(db, "PRAGMA user_version", &version);
	if (e != ERR_OK) {
		e = problem_set(why, e, "database", "", "cannot read the schema's version: %s",
		    sqlite3_errmsg(db));
		goto out;
	}
	if (version < 0 || version > (int64_t)s.n) {
		e = problem_set(why, ERR_DB, "newer-schema", "",
		    "the store has schema %lld, this program knows up to %zu: run the newer strapd, "
		    "or restore a backup of before the upgrade", (long long)version, s.n);
		goto out;
	}
	for (size_t i = (size_t)version; i < s.n && e == ERR_OK; i++)
		e = apply(db, &s.v[i], why);
	if (e == ERR_OK)
		*ret = (int)s.n;
out:
	scripts_free(&s);
	return e;
}
