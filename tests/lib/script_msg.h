#ifndef TESTS_LIB_SCRIPT_MSG_H
#define TESTS_LIB_SCRIPT_MSG_H

#include "coap/msg.h"
#include "lib/script.h"

/* One message as a line of a script writes it; see tests/scenario/README.md. */

struct script_var {
	char		name[32];
	uint8_t		value[MSG_TOKEN_MAX];
	uint8_t		len;
	struct script_var *next;
};

struct script_msg {
	struct msg	 m;
	uint8_t		 values[MSG_OPTS_MAX][256];	/* of m's options */
	bool		 any[MSG_OPTS_MAX];		/* this value is not compared */
	bool		 has_mid, has_token, has_payload;
	const char	*mid_var, *token_var;		/* "?x", or NULL */
	const char	*as, *same_as;			/* names of datagrams, or NULL */
	const char	*hex;				/* a datagram as it is, or NULL */
	uint8_t		 payload[SCRIPT_BYTES_MAX];
};

/* Reads "CON POST /bs?ep=x mid=1 …". Variables are resolved later. Fails by script_fail(). */
void	script_msg_read(struct script *, char **words, struct script_msg *ret);

/* Why 'got' is not what 'want' says, into 'why', or false when it is. Not about mid and token. */
bool	script_msg_differs(const struct script_msg *want, const struct msg *got, char *why, size_t cap);

#endif
