#ifndef ADMIN_PEER_H
#define ADMIN_PEER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/problem.h"

/* Who is at the other end of a unix socket, and what that one may do. */

enum role { ROLE_NONE, ROLE_READ, ROLE_CHANGE };

struct peer {
	uid_t	 uid;
	gid_t	 gid;		/* effective, when it connected */
	pid_t	 pid;
	gid_t	*groups;	/* supplementary; owned */
	size_t	 ngroups;
};

/* From the kernel (SO_PEERCRED, SO_PEERGROUPS); caller frees with peer_fini. ERR_IO, ERR_NOMEM. */
enum err peer_of(int fd, struct peer *ret) MUST_CHECK;
void	 peer_fini(struct peer *);

#define PEER_NO_GROUP ((gid_t)-1)

struct peer_rules {
	uid_t	own;		/* the daemon's user; it and root may change */
	gid_t	change, read;	/* groups, or PEER_NO_GROUP */
};
enum role peer_role(const struct peer *, const struct peer_rules *);

/* The gid of a group's name; NULL and "" are PEER_NO_GROUP. ERR_NOTFOUND with *why naming 'setting'. */
enum err peer_group(const char *name, const char *setting, gid_t *ret, struct problem *why) MUST_CHECK;

#endif
