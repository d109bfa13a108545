#include <stddef.h>

#include "store/config_priv.h"

/* Data only: the names of resources, and the words that may stand for their numbers. */

static const struct config_word modes[] = {		/* LwM2M Core 1.2, /0/x/2 */
	{ "psk", 0 }, { "rpk", 1 }, { "x509", 2 }, { "nosec", 3 }, { "est", 4 }, { NULL, -1 },
};
static const struct config_word sms_modes[] = {		/* /0/x/6 */
	{ "dtls", 1 }, { "secure-packet", 2 }, { "nosec", 3 }, { NULL, -1 },
};
static const struct config_word matching_types[] = {	/* /0/x/13 */
	{ "exact", 0 }, { "sha-256", 1 }, { "sha-384", 2 }, { "sha-512", 3 }, { NULL, -1 },
};
static const struct config_word usages[] = {		/* /0/x/15, in the words of RFC 6698, 2.1.1 */
	{ "ca-constraint", 0 }, { "service-certificate-constraint", 1 }, { "trust-anchor-assertion", 2 },
	{ "domain-issued-certificate", 3 }, { NULL, -1 },
};
static const struct config_word ciphersuites[] = {	/* spec/bootstrap.md 5.2, by their IANA names */
	{ "TLS_PSK_WITH_AES_128_CCM_8", 0xc0a8 }, { "TLS_PSK_WITH_AES_128_CCM", 0xc0a4 },
	{ "TLS_PSK_WITH_AES_128_GCM_SHA256", 0x00a8 }, { "TLS_PSK_WITH_AES_128_CBC_SHA256", 0x00ae },
	{ "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256", 0xc037 },
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", 0xc0ae }, { "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", 0xc0ac },
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0xc02b },
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", 0xc023 }, { NULL, -1 },
};
static const struct config_word groups[] = {		/* RFC 8446, 4.2.7 */
	{ "secp256r1", 23 }, { "secp384r1", 24 }, { "secp521r1", 25 }, { "x25519", 29 }, { "x448", 30 },
	{ NULL, -1 },
};
static const struct config_word signatures[] = {	/* RFC 8446, 4.2.3 */
	{ "ecdsa_secp256r1_sha256", 0x0403 }, { "ecdsa_secp384r1_sha384", 0x0503 },
	{ "ecdsa_secp521r1_sha512", 0x0603 }, { "ed25519", 0x0807 }, { "ed448", 0x0808 }, { NULL, -1 },
};
static const struct config_word notification_modes[] = {	/* /1/x/26 */
	{ "non", 0 }, { "con", 1 }, { NULL, -1 },
};

static const struct config_key security[] = {
	{ "uri", 0, NULL },
	{ "mode", 2, modes },
	{ "identity", 3, NULL },
	{ "public_key", 3, NULL },
	{ "certificate", 3, NULL },
	{ "server_public_key", 4, NULL },
	{ "server_certificate", 4, NULL },
	{ "secret_key", 5, NULL },
	{ "sms_security_mode", 6, sms_modes },
	{ "sms_binding_key_parameters", 7, NULL },
	{ "sms_binding_secret_key", 8, NULL },
	{ "server_sms_number", 9, NULL },
	{ "client_hold_off_time", 11, NULL },
	{ "matching_type", 13, matching_types },
	{ "sni", 14, NULL },
	{ "certificate_usage", 15, usages },
	{ "ciphersuites", 16, ciphersuites },
	{ "oscore", 17, NULL },
	{ "groups_to_use", 18, groups },
	{ "signature_algorithms_supported", 19, signatures },
	{ "signature_algorithms_to_use", 20, signatures },
	{ "signature_algorithm_certs_supported", 21, signatures },
	{ "tls13_features_to_use", 22, NULL },
	{ "tls_extensions_supported", 23, NULL },
	{ "tls_extensions_to_use", 24, NULL },
	{ "secondary_uris", 25, NULL },
	{ "mqtt_server", 26, NULL },
	{ "cose", 27, NULL },
	{ "rds_destination_port", 28, NULL },
	{ "rds_source_port", 29, NULL },
	{ "rds_application_id", 30, NULL },
};

static const struct config_key server[] = {
	{ "lifetime", 1, NULL },
	{ "default_min_period", 2, NULL },
	{ "default_max_period", 3, NULL },
	{ "disable_timeout", 5, NULL },
	{ "notification_storing", 6, NULL },
	{ "binding", 7, NULL },
	{ "apn_link", 10, NULL },
	{ "registration_priority_order", 13, NULL },
	{ "initial_registration_delay", 14, NULL },
	{ "registration_failure_block", 15, NULL },
	{ "bootstrap_on_registration_failure", 16, NULL },
	{ "communication_retry_count", 17, NULL },
	{ "communication_retry_timer", 18, NULL },
	{ "communication_sequence_delay_timer", 19, NULL },
	{ "communication_sequence_retry_count", 20, NULL },
	{ "trigger", 21, NULL },
	{ "preferred_transport", 22, NULL },
	{ "mute_send", 23, NULL },
	{ "alternate_apn_links", 24, NULL },
	{ "supported_server_versions", 25, NULL },
	{ "default_notification_mode", 26, notification_modes },
	{ "profile_id_hash_algorithm", 27, NULL },
};

const struct config_key *
config_security_keys(size_t *n)
{
	*n = sizeof(security) / sizeof(security[0]);
	return security;
}

const struct config_key *
config_server_keys(size_t *n)
{
	*n = sizeof(server) / sizeof(server[0]);
	return server;
}
