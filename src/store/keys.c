#include "store/keys_priv.h"

#include <stddef.h>

#include "store/record.h"

const char *const keys_endpoint[] = { "endpoint", "profile", "enabled", "auth", "variables", "quirks",
	"config", NULL };
const char *const keys_profile[] = { "profile", "match", "auth", "variables", "quirks", "config", NULL };

const char *const keys_auth[] = { "psk", "certificate", "public_key", "none", "oscore", NULL };
const char *const keys_auth_psk[] = { "identity", "key", NULL };
const char *const keys_auth_certificate[] = { "sha256", NULL };
const char *const keys_auth_public_key[] = { "spki", NULL };

const char *const keys_auth_oscore[] = { "master_secret", "sender_id", "recipient_id",	/* needed */
	"aead_algorithm", "hmac_algorithm", "master_salt", "id_context", "echo", NULL };

const char *const keys_binary[] = { "hex", "base64", "text", "pem", "random", "derive", NULL };

const char *const keys_config[] = { "servers", "bootstrap_server", "access_control", "oscore", "write",
	"delete", "discover", "verify", "format", "on_error", NULL };
const char *const keys_server_account[] = { "short_server_id", "instance", "security", "server", NULL };
const char *const keys_access_control[] = { "instance", "object_id", "object_instance_id", "acl", "owner",
	NULL };
const char *const keys_oscore[] = { "instance", "master_secret", "sender_id", "recipient_id",
	"aead_algorithm", "hmac_algorithm", "master_salt", "id_context", NULL };
const char *const keys_write[] = { "path", "value", NULL };
const char *const keys_on_error[] = { "delete", "write", "verify", NULL };

#define SECURITY_KEYS								\
	"uri", "mode", "identity", "public_key", "certificate", "server_public_key",	\
	"server_certificate", "secret_key", "sms_security_mode",		\
	"sms_binding_key_parameters", "sms_binding_secret_key", "server_sms_number",	\
	"client_hold_off_time", "matching_type", "sni", "certificate_usage", "ciphersuites",	\
	"oscore", "groups_to_use", "signature_algorithms_supported",		\
	"signature_algorithms_to_use", "signature_algorithm_certs_supported",	\
	"tls13_features_to_use", "tls_extensions_supported", "tls_extensions_to_use",	\
	"secondary_uris", "mqtt_server", "cose", "rds_destination_port", "rds_source_port",	\
	"rds_application_id"

const char *const keys_security[] = { SECURITY_KEYS, NULL };
const char *const keys_bootstrap_server[] = { "instance", SECURITY_KEYS, "account_timeout", NULL };
const char *const keys_server[] = { "lifetime", "default_min_period", "default_max_period",
	"disable_timeout", "notification_storing", "binding", "apn_link", "registration_priority_order",
	"initial_registration_delay", "registration_failure_block", "bootstrap_on_registration_failure",
	"communication_retry_count", "communication_retry_timer", "communication_sequence_delay_timer",
	"communication_sequence_retry_count", "trigger", "preferred_transport", "mute_send",
	"alternate_apn_links", "supported_server_versions", "default_notification_mode",
	"profile_id_hash_algorithm", NULL };

const char *const words_quirks[] = {
	[QUIRK_DELETE_INSTANCES] = "delete-instances",
	[QUIRK_FINISH_UNCONFIRMED] = "finish-unconfirmed",
	[QUIRK_KEEP_EMPTY_RESOURCES] = "keep-empty-resources",
	[QUIRK_NO_PACK] = "no-pack",
	[QUIRK_PAUSE_AFTER_204] = "pause-after-204",
	[QUIRK_SINGLE_SERVER] = "single-server",
	[QUIRK_URI_WITH_PORT] = "uri-with-port",
	[QUIRK_WRITE_INSTANCES] = "write-instances",
	[QUIRKS] = NULL,
};

const char *const words_discover[] = { "never", "auto", "always", NULL };
const char *const words_on_error[] = { "stop", "continue", NULL };
const char *const words_format[] = { "auto", "tlv", "senml-cbor", "senml-json", "lwm2m-cbor", "text",
	"opaque", NULL };
