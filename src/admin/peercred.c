#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "admin/peercred.h"

/* SO_PEERGROUPS tells how much it wants when the buffer is too small. */
static enum err
read_groups(int fd, struct peercred *p)
{
	socklen_t len = 0;
	gid_t *groups;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0 || errno != ERANGE)
		return ERR_OK;		/* none, or a kernel before 4.13: the primary group decides */
	groups = malloc(len);
	if (groups == NULL)
		return ERR_NOMEM;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0) {
		free(groups);
		return ERR_IO;
	}
	p->groups = groups;
	p->ngroups = len / sizeof(*groups);
	return ERR_OK;
}

enum err
peercred_of(int fd, struct peercred *ret)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	struct peercred p = { 0 };
	enum err e;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return ERR_IO;
	p.uid = cred.uid;
	p.gid = cred.gid;
	p.pid = cred.pid;
	e = read_groups(fd, &p);
	if (e == ERR_OK)
		*ret = p;
	return e;
}

void
peercred_fini(struct peercred *p)
{
	free(p->groups);
	p->groups = NULL;
	p->ngroups = 0;
}

static bool
is_member(const struct peercred *p, gid_t group)
{
	if (group == PEERCRED_NO_GROUP)
		return false;
	if (p->gid == group)
		return true;
	for (size_t i = 0; i < p->ngroups; i++)
		if (p->groups[i] == group)
			return true;
	return false;
}

enum role
peercred_role(const struct peercred *p, const struct peercred_rules *rules)
{
	if (p->uid == 0 || p->uid == rules->own || is_member(p, rules->change))
		return ROLE_CHANGE;
	return is_member(p, rules->read) ? ROLE_READ : ROLE_NONE;
}

enum err
peercred_group(const char *name, const char *setting, gid_t *ret, struct problem *why)
{
	const struct group *g;

	if (name == NULL || name[0] == '\0') {
		*ret = PEERCRED_NO_GROUP;
		return ERR_OK;
	}
	g = getgrnam(name);
	if (g == NULL)
		return problem_set(why, ERR_NOTFOUND, "unknown-group", setting,
		    "There is no group \"%s\" on this machine: create it (groupadd --system %s), "
		    "name another one in %s, or leave that empty.", name, name, setting);
	*ret = g->gr_gid;
	return ERR_OK;
}
