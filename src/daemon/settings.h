#ifndef DAEMON_SETTINGS_H
#define DAEMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"
#include "base/err.h"

#define SETTINGS_LISTEN_MAX	8
#define SETTINGS_TEXT_MAX	256

struct settings_listen {
	struct addr	v[SETTINGS_LISTEN_MAX];
	size_t		n;
};

/*
 * What the operator set: strapd.conf(5), then each --set over it. Plain data. Settings never
 * travel further than daemon/: every module is given a small options struct of its own.
 * Durations are milliseconds.
 */
struct settings {
	struct settings_listen	coap, coaps, coap_tcp, coaps_tcp;
	/* PEM files, separated by spaces; "": none */
	char			dtls_certificate[SETTINGS_TEXT_MAX], dtls_private_key[SETTINGS_TEXT_MAX];
	char			dtls_client_ca[SETTINGS_TEXT_MAX], dtls_crl[SETTINGS_TEXT_MAX];
	char			dtls_ciphers[SETTINGS_TEXT_MAX];	/* "": those of LwM2M */
	uint64_t		dtls_mtu;		/* IP packet, bytes */
	uint64_t		dtls_handshake_timeout;
	uint64_t		dtls_idle_timeout;
	uint64_t		ack_timeout;
	double			ack_random_factor;
	uint64_t		max_retransmit;
	uint64_t		block_size;
	uint64_t		session_timeout;
	uint64_t		drain_timeout;
	uint64_t		unknown_endpoint;	/* enum service_unknown */
	uint64_t		pack;			/* 0, 1 */
	char			store_url[SETTINGS_TEXT_MAX];
	uint64_t		store_commit_delay;
	char			objects[SETTINGS_TEXT_MAX];	/* the operator's own directory */
	char			admin_socket[SETTINGS_TEXT_MAX];
	char			admin_group[SETTINGS_TEXT_MAX];
	char			admin_readonly_group[SETTINGS_TEXT_MAX];
	uint64_t		workers;		/* 0: one per core */
	uint64_t		limit_sessions, limit_links, limit_handshakes, limit_per_prefix;
	uint64_t		limit_history, limit_refusals, limit_body, limit_message;
	uint64_t		limit_admin_connections, limit_admin_line;
	uint64_t		log_level, log_format;	/* enum log_level, enum log_format */
};

/*
 * Defaults, then 'file', then the 'sets' ("section.key=value"). With file NULL the default
 * place is read, and it is no error when nothing is there. Every mistake is one line to 'out':
 * "FILE:LINE: section.key: what is wrong, what would be valid". ERR_INVALID when there was any.
 */
enum err settings_load(const char *file, const char *const *sets, size_t nsets, FILE *out,
    struct settings *ret) MUST_CHECK;

/*
 * After a reread: takes over what can change in a running daemon from 'fresh' into 'now', and
 * names each key that differs: told(arg, "log.level", true) when it was taken, false when it
 * needs a restart.
 */
void	 settings_take_over(struct settings *now, const struct settings *fresh,
    void (*told)(void *arg, const char *key, bool taken), void *arg);

/* Every setting with its default and meaning, as a commented strapd.conf. */
void	 settings_print_example(FILE *out);

#endif
