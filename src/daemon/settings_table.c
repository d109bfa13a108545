#include "daemon/settings_table.h"

#include "daemon/settings.h"
#include "strapd/rpc.h"

#define AT(field)	offsetof(struct settings, field)
#define SECOND		1000u
#define MINUTE		(60u * SECOND)
#define HOUR		(60u * MINUTE)
#define ADDRESSES	"addresses such as 127.0.0.1:5783 or [::]:5783, separated by spaces; port 0 picks one"

static const char *const unknown_choices[] = { "refuse", "ignore", NULL };
static const char *const switch_choices[] = { "off", "on", NULL };
static const char *const level_choices[] = { "error", "warn", "info", "debug", NULL };
static const char *const format_choices[] = { "auto", "plain", "journal", "json", NULL };

const struct setting settings_table[] = {
	{ "coap", "listen", SETTING_LISTEN, AT(coap), "[::]:5783", ADDRESSES ", or off",
	  "Where devices call without DTLS (NoSec).", 0, 0, NULL, false },
	{ "coaps", "listen", SETTING_LISTEN, AT(coaps), "[::]:5784", ADDRESSES ", or off",
	  "Where devices call with DTLS.", 0, 0, NULL, false },
	{ "coap+tcp", "listen", SETTING_LISTEN, AT(coap_tcp), "off", ADDRESSES ", or off",
	  "Where devices call over TCP without TLS (RFC 8323).", 0, 0, NULL, false },
	{ "coaps+tcp", "listen", SETTING_LISTEN, AT(coaps_tcp), "off", ADDRESSES ", or off",
	  "Where devices call over TLS. What [dtls] says is for TLS, too.", 0, 0, NULL, false },

	{ "dtls", "certificate", SETTING_TEXT, AT(dtls_certificate), "",
	  "PEM files, separated by spaces, or nothing: PSK only",
	  "Server certificate with its chain. Of several the client's SNI picks one, else the first is sent.",
	  0, 0, NULL, true },
	{ "dtls", "private_key", SETTING_TEXT, AT(dtls_private_key), "",
	  "PEM files, one for each certificate, or nothing: the key is in the certificate's file",
	  "Its key, without a password.", 0, 0, NULL, true },
	{ "dtls", "client_ca", SETTING_TEXT, AT(dtls_client_ca), "",
	  "PEM files, separated by spaces, or nothing: only certificates that a record pins are taken",
	  "Who may sign client certificates.", 0, 0, NULL, true },
	{ "dtls", "crl", SETTING_TEXT, AT(dtls_crl), "", "PEM files, separated by spaces, or nothing",
	  "What those have revoked. All four are read again on SIGHUP.", 0, 0, NULL, true },
	{ "dtls", "ciphers", SETTING_TEXT, AT(dtls_ciphers), "", "an OpenSSL cipher list, or nothing",
	  "Cipher suites; nothing means those of LwM2M, AES-128-CCM-8 first.", 0, 0, NULL, true },
	{ "dtls", "mtu", SETTING_NUMBER, AT(dtls_mtu), "1280", "256 to 65535 bytes",
	  "Largest IP packet of a handshake.", 256, 65535, NULL, true },
	{ "dtls", "handshake_timeout", SETTING_DURATION, AT(dtls_handshake_timeout), "60s", "1s to 10m",
	  "How long a handshake may take.", SECOND, 10 * MINUTE, NULL, false },
	{ "dtls", "idle_timeout", SETTING_DURATION, AT(dtls_idle_timeout), "5m", "1s to 24h",
	  "When an association, or a connection over TCP, that nobody uses is dropped.",
	  SECOND, 24 * HOUR, NULL, false },

	{ "exchange", "ack_timeout", SETTING_DURATION, AT(ack_timeout), "2s", "10ms to 60s",
	  "First wait for an answer before a message is sent again (RFC 7252, 4.8).",
	  10, MINUTE, NULL, false },
	{ "exchange", "ack_random_factor", SETTING_REAL, AT(ack_random_factor), "1.5", "1 to 3",
	  "The wait is drawn between it and this many times it.", 1, 3, NULL, false },
	{ "exchange", "max_retransmit", SETTING_NUMBER, AT(max_retransmit), "4", "0 to 20",
	  "How often a message is sent again.", 0, 20, NULL, false },
	{ "exchange", "block_size", SETTING_POWER, AT(block_size), "1024", "16, 32, 64 … 1024 bytes",
	  "Bodies larger than this are sent in blocks of it (RFC 7959).", 16, 1024, NULL, false },

	{ "bootstrap", "session_timeout", SETTING_DURATION, AT(session_timeout), "93s", "1s to 1h",
	  "For the whole bootstrap of a device. One well-known client grants 93 s.",
	  SECOND, HOUR, NULL, true },
	{ "bootstrap", "unknown_endpoint", SETTING_CHOICE, AT(unknown_endpoint), "refuse",
	  "refuse, ignore",
	  "What a device nobody knows gets: 4.00, or silence. Several clients give up for good after 4.00.",
	  0, 0, unknown_choices, true },
	{ "bootstrap", "pack", SETTING_CHOICE, AT(pack), "on", "off, on",
	  "Whether LwM2M 1.2 devices may fetch everything at once (Bootstrap-Pack), "
	  "which they do not confirm.",
	  0, 0, switch_choices, true },
	{ "bootstrap", "drain_timeout", SETTING_DURATION, AT(drain_timeout), "20s", "0s to 10m",
	  "How long open sessions may go on after SIGTERM.", 0, 10 * MINUTE, NULL, true },

	{ "store", "url", SETTING_TEXT, AT(store_url), "sqlite:/var/lib/strapd/strapd.db",
	  "sqlite:PATH", "Where records, history and events are kept.", 0, 0, NULL, false },
	{ "store", "commit_delay", SETTING_DURATION, AT(store_commit_delay), "50ms", "0ms to 10s",
	  "How long history may wait to share a commit. Changes of records never wait.",
	  0, 10 * SECOND, NULL, false },

	{ "objects", "directory", SETTING_TEXT, AT(objects), "/etc/strapd/objects", "a directory",
	  "Your own object definitions; those that come with strapd are read first.",
	  0, 0, NULL, false },

	{ "admin", "socket", SETTING_TEXT, AT(admin_socket), RPC_SOCKET_DEFAULT, "a path",
	  "Where strapctl connects.", 0, 0, NULL, false },
	{ "admin", "group", SETTING_TEXT, AT(admin_group), "strapd", "a group, or nothing",
	  "Members may change records. Root and strapd's own user always may.", 0, 0, NULL, false },
	{ "admin", "readonly_group", SETTING_TEXT, AT(admin_readonly_group), "", "a group, or nothing",
	  "Members may look, and see no secret.", 0, 0, NULL, false },

	{ "http", "listen", SETTING_LATER, 0, "off", "off: this version has no HTTP listener",
	  "Metrics and health.", 0, 0, NULL, false },

	{ "workers", "count", SETTING_NUMBER, AT(workers), "0", "1 to 64, or 0 for one a core",
	  "Threads that serve devices.", 0, 64, NULL, false },

	{ "limits", "sessions", SETTING_NUMBER, AT(limit_sessions), "200000", "1 to 10000000",
	  "Bootstraps at once, per worker. Beyond it requests are not answered: devices try again.",
	  1, 10000000, NULL, false },
	{ "limits", "links", SETTING_NUMBER, AT(limit_links), "300000", "1 to 10000000",
	  "Peers remembered at once, per worker: NoSec ones and those over DTLS or TLS, each.",
	  1, 10000000, NULL, false },
	{ "limits", "handshakes", SETTING_NUMBER, AT(limit_handshakes), "20000", "1 to 10000000",
	  "DTLS and TLS handshakes under way at once, per worker.", 1, 10000000, NULL, false },
	{ "limits", "per_prefix", SETTING_NUMBER, AT(limit_per_prefix), "0",
	  "1 to 10000000, or 0: no limit",
	  "The same for the peers of one network (IPv4 /24, IPv6 /56).", 0, 10000000, NULL, false },
	{ "limits", "body", SETTING_NUMBER, AT(limit_body), "65536", "1024 to 1048576 bytes",
	  "Largest body that is put together from blocks.", 1024, 1048576, NULL, false },
	{ "limits", "message", SETTING_NUMBER, AT(limit_message), "66560", "1152 to 1114112 bytes",
	  "Largest message taken over TCP.", 1152, 1114112, NULL, false },
	{ "limits", "history", SETTING_NUMBER, AT(limit_history), "1000000",
	  "1000 to 1000000000, or 0: all",
	  "Events and finished sessions kept; the oldest go first.", 0, 1000000000, NULL, false },
	{ "limits", "refusals_per_second", SETTING_NUMBER, AT(limit_refusals), "50", "0 to 10000",
	  "Refusals, and failed handshakes, written to history; more are only counted.",
	  0, 10000, NULL, false },
	{ "limits", "admin_connections", SETTING_NUMBER, AT(limit_admin_connections), "64", "1 to 10000",
	  "Connections to the admin socket at once.", 1, 10000, NULL, false },
	{ "limits", "admin_line", SETTING_NUMBER, AT(limit_admin_line), "16777216",
	  "4096 to 1073741824 bytes",
	  "Longest request line on the admin socket.", 4096, 1073741824, NULL, false },

	{ "secrets", "key_file", SETTING_LATER, 0, "",
	  "nothing: this version keeps secrets in a file only strapd may read",
	  "The key that seals secrets in the store.", 0, 0, NULL, false },

	{ "log", "level", SETTING_CHOICE, AT(log_level), "info", "error, warn, info, debug",
	  "How much is logged.", 0, 0, level_choices, true },
	{ "log", "format", SETTING_CHOICE, AT(log_format), "auto", "auto, plain, journal, json",
	  "How; auto is journal under systemd, else plain.", 0, 0, format_choices, true },

	{ NULL, NULL, SETTING_TEXT, 0, NULL, NULL, NULL, 0, 0, NULL, false },
};
