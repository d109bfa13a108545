#ifndef BASE_ERR_H
#define BASE_ERR_H

/* Whose fault it was, and so what to do about it. */
enum err_class {
	ERR_CLASS_NONE,
	ERR_CLASS_PEER,		/* bad input: answer or drop it, count it, carry on */
	ERR_CLASS_LOCAL,	/* our resources or disk: fail this work, log once, carry on */
};

/* Everything a function of ours can fail with: name, class, text for people. */
#define ERR_LIST(X)								\
	X(ERR_OK,          NONE,  "success")					\
	X(ERR_TRUNCATED,   PEER,  "message ends early")				\
	X(ERR_MALFORMED,   PEER,  "message is not well formed")			\
	X(ERR_TOOBIG,      PEER,  "larger than the configured limit")		\
	X(ERR_UNSUPPORTED, PEER,  "not supported")				\
	X(ERR_TIMEOUT,     PEER,  "no answer in time")				\
	X(ERR_RESET,       PEER,  "the peer answered with a Reset")		\
	X(ERR_CLOSED,      PEER,  "the peer closed the connection")		\
	X(ERR_REPLACED,    PEER,  "the peer started a new connection")		\
	X(ERR_REFUSED,     PEER,  "the peer refused the operation")		\
	X(ERR_LIMIT,       PEER,  "a configured limit is reached")		\
	X(ERR_DENIED,      PEER,  "not allowed")				\
	X(ERR_INVALID,     LOCAL, "not valid")					\
	X(ERR_NOTFOUND,    LOCAL, "no such record")				\
	X(ERR_EXISTS,      LOCAL, "exists already")				\
	X(ERR_BUSY,        LOCAL, "busy")					\
	X(ERR_CANCELLED,   LOCAL, "cancelled")					\
	X(ERR_NOMEM,       LOCAL, "out of memory")				\
	X(ERR_IO,          LOCAL, "input or output failed")			\
	X(ERR_CRYPTO,      LOCAL, "a cryptographic operation failed")		\
	X(ERR_DB,          LOCAL, "database failure")

enum err {
#define X(name, cls, text) name,
	ERR_LIST(X)
#undef X
};

/* The caller must look at the result; cast to void, with a reason, to ignore it. */
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

enum err_class	err_class(enum err);
const char	*err_text(enum err);	/* never NULL; static storage */

#endif
