#ifndef STORE_KEYS_PRIV_H
#define STORE_KEYS_PRIV_H

/* The keys of each object of a record, NULL-terminated: what is accepted, and what the schema must list. */
extern const char *const keys_endpoint[], *const keys_profile[];
extern const char *const keys_auth[], *const keys_auth_psk[], *const keys_auth_certificate[],
    *const keys_auth_public_key[], *const keys_auth_oscore[];
extern const char *const keys_binary[];			/* one of them */
extern const char *const keys_config[], *const keys_server_account[], *const keys_access_control[],
    *const keys_oscore[], *const keys_write[], *const keys_on_error[];
extern const char *const keys_security[];		/* of a server account */
extern const char *const keys_bootstrap_server[];
extern const char *const keys_server[];
extern const char *const words_discover[], *const words_on_error[], *const words_format[];
extern const char *const words_quirks[];		/* by enum quirk */

#endif
