#ifndef ADMIN_PEERCRED_H
#define ADMIN_PEERCRED_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/problem.h"

/* Who is at the other end of a unix socket, and what that one may do. */

enum role { ROLE_NONE, ROLE_READ, ROLE_CHANGE };

struct peercred {
	uid_t	 uid;
	gid_t	 gid;		/* effective, when it connected */
	pid_t	 pid;
	gid_t	*groups;	/* supplementary; owned */
	size_t	 ngroups;
};

/* From the kernel (SO_PEERCRED, SO_PEERGROUPS); caller frees with peercred_fini. ERR_IO, ERR_NOMEM. */
enum err peercred_of(int fd, struct peercred *ret) MUST_CHECK;
void	 peercred_fini(struct peercred *);

#define PEERCRED_NO_GROUP ((gid_t)-1)

struct peercred_rules {
	uid_t	own;		/* the daemon's user; it and root may change */
	gid_t	change, read;	/* groups, or PEERCRED_NO_GROUP */
};
enum role peercred_role(const struct peercred *, const struct peercred_rules *);

/* The gid of a group's name; NULL and "" are PEERCRED_NO_GROUP. ERR_NOTFOUND with *why naming 'setting'. */
enum err peercred_group(const char *name, const char *setting, gid_t *ret, struct problem *why) MUST_CHECK;

#endif
