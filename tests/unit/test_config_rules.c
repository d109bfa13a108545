#include "test_records.h"

#include "test_keys.h"

/* What is refused, and where: one line per rule of docs/records.md. */

struct rule {
	const char	*where, *reason, *config;
};

static void
check(const struct rule *rule, const struct variables *vars)
{
	struct problem why = { 0 };
	struct config *config;
	struct arena arena;
	json_t *doc = js(rule->config);
	enum err e;

	arena_init(&arena, 4096, 0);
	e = config_parse(doc, the_objects(), vars, "/config", &arena, &config, &why);
	if (rule->where == NULL ? e != ERR_OK : e != ERR_INVALID)
		fail_msg("%s: %d, %s: %s", rule->config, e, why.where, why.text);
	if (rule->where != NULL &&
	    (strcmp(why.where, rule->where) != 0 || strcmp(why.reason, rule->reason) != 0))
		fail_msg("%s\n  refused at %s (%s: %s)\n  instead of %s (%s)", rule->config, why.where,
		    why.reason, why.text, rule->where, rule->reason);
	if (rule->where != NULL && strlen(why.text) < 10)
		fail_msg("%s: no sentence", rule->config);
	arena_fini(&arena);
	json_decref(doc);
}

#define CHECK(rules)								\
	for (size_t i = 0; i < sizeof(rules) / sizeof((rules)[0]); i++)		\
		check(&(rules)[i], NULL)

/* One server with these members of "security", "server", and of the config beside it. */
#define WITH(security, server, more)						\
	"{'servers':[{'short_server_id':101,'instance':1,'security':{" security "}" server "}]" more "}"
#define NOSEC		"'uri':'coap://h:5683','mode':'nosec'"
#define PSK		"'uri':'coaps://h:5684','mode':'psk','identity':{'text':'i'},"			\
			"'secret_key':{'text':'0123456789abcdef'}"
#define SECURITY(s)	WITH(s, "", "")
#define SERVER(s)	WITH(NOSEC, ",'server':{" s "}", "")
#define BESIDE(s)	WITH(NOSEC, "", "," s)
#define AT_SECURITY	"/config/servers/0/security"
#define AT_SERVER	"/config/servers/0/server"

static void
shape_of_a_config_is_checked(void **state)
{
	static const struct rule rules[] = {
		{ "/config", "type", "[]" },
		{ "/config", "type", "'x'" },
		{ "/config/server", "unknown-key", "{'server':[]}" },
		{ "/config/a~1b~0c", "unknown-key", "{'a/b~c':1}" },
		{ "/config/servers", "type", "{'servers':{}}" },
		{ "/config/servers/0", "type", "{'servers':[7]}" },
		{ "/config/servers/0/ssid", "unknown-key", "{'servers':[{'ssid':1}]}" },
		{ "/config/discover", "invalid", "{'discover':'sometimes'}" },
		{ "/config/discover", "type", "{'discover':true}" },
		{ "/config/verify", "type", "{'verify':1}" },
		{ "/config/verify", "type", "{'verify':null}" },
		{ "/config/format", "invalid", "{'format':'xml'}" },
		{ "/config/on_error/write", "invalid", "{'on_error':{'write':'ignore'}}" },
		{ "/config/on_error/verify", "invalid", "{'on_error':{'verify':'no'}}" },
		{ "/config/on_error/read", "unknown-key", "{'on_error':{'read':'stop'}}" },
		{ "/config/on_error", "type", "{'on_error':'stop'}" },
	};

	(void)state;
	CHECK(rules);
}

static void
servers_are_complete_and_unique(void **state)
{
	static const struct rule rules[] = {
		{ NULL, NULL, SECURITY(NOSEC) },
		{ "/config/servers/0/short_server_id", "missing",
		    "{'servers':[{'security':{" NOSEC "}}]}" },
		{ "/config/servers/0/short_server_id", "range",
		    "{'servers':[{'short_server_id':0,'security':{" NOSEC "}}]}" },
		{ "/config/servers/0/short_server_id", "range",
		    "{'servers':[{'short_server_id':65535,'security':{" NOSEC "}}]}" },
		{ "/config/servers/0/short_server_id", "type",
		    "{'servers':[{'short_server_id':'1','security':{" NOSEC "}}]}" },
		{ "/config/servers/0/security", "missing", "{'servers':[{'short_server_id':1}]}" },
		{ "/config/servers/0/instance", "range",
		    "{'servers':[{'short_server_id':1,'instance':65535,'security':{" NOSEC "}}]}" },
		{ "/config/servers/1/short_server_id", "conflict",
		    "{'servers':[{'short_server_id':1,'security':{" NOSEC
		    "}},{'short_server_id':1,'security':{" NOSEC "}}]}" },
		{ "/config/servers/1/instance", "conflict",
		    "{'servers':[{'short_server_id':1,'instance':3,'security':{" NOSEC
		    "}},{'short_server_id':2,'instance':3,'security':{" NOSEC "}}]}" },
		{ "/config/bootstrap_server/instance", "conflict",
		    BESIDE("'bootstrap_server':{'instance':1," NOSEC "}") },
		{ "/config/bootstrap_server/mode", "missing",
		    "{'bootstrap_server':{'uri':'coap://h:1'}}" },
		{ "/config/bootstrap_server/account_timeout", "range",
		    "{'bootstrap_server':{" NOSEC ",'account_timeout':-1}}" },
		{ "/config/bootstrap_server/short_server_id", "unknown-key",
		    "{'bootstrap_server':{" NOSEC ",'short_server_id':1}}" },
	};

	(void)state;
	CHECK(rules);
}

static void
address_fits_the_mode(void **state)
{
	static const struct rule rules[] = {
		{ NULL, NULL, SECURITY(PSK) },
		{ NULL, NULL, SECURITY("'uri':'coap://[2001:db8::1]:5683','mode':3") },
		{ AT_SECURITY "/uri", "missing", SECURITY("'mode':'nosec'") },
		{ AT_SECURITY "/mode", "missing", SECURITY("'uri':'coap://h:1'") },
		{ AT_SECURITY "/mode", "invalid", SECURITY("'uri':'coap://h:1','mode':'none'") },
		{ AT_SECURITY "/mode", "range", SECURITY("'uri':'coap://h:1','mode':5") },
		{ AT_SECURITY "/mode", "type", SECURITY("'uri':'coap://h:1','mode':true") },
		{ AT_SECURITY "/uri", "type", SECURITY("'uri':7,'mode':'nosec'") },
		{ AT_SECURITY "/uri", "conflict", SECURITY("'uri':'coaps://h:1','mode':'nosec'") },
		{ AT_SECURITY "/uri", "conflict",
		    SECURITY("'uri':'coap://h:1','mode':'psk','identity':{'text':'i'},"
			     "'secret_key':{'random':16}") },
		{ AT_SECURITY "/uri", "conflict",
		    SECURITY("'uri':'coap+tcp://${host}','mode':'psk','identity':"
			     "{'text':'i'},'secret_key':{'random':16}") },
		{ AT_SECURITY "/uri", "invalid", SECURITY("'uri':'h:5683','mode':'nosec'") },
		{ AT_SECURITY "/uri", "invalid", SECURITY("'uri':'COAP://h:5683','mode':'nosec'") },
		{ AT_SECURITY "/uri", "invalid", SECURITY("'uri':'coap:h','mode':'nosec'") },
		{ AT_SECURITY "/uri", "invalid", SECURITY("'uri':'coap://','mode':'nosec'") },
		{ AT_SECURITY "/uri", "invalid", SECURITY("'uri':'coap://:5683','mode':'nosec'") },
		{ AT_SECURITY "/uri", "invalid", SECURITY("'uri':'coap://h:0','mode':'nosec'") },
		{ AT_SECURITY "/uri", "invalid", SECURITY("'uri':'coap://h:65536','mode':'nosec'") },
		{ AT_SECURITY "/uri", "invalid", SECURITY("'uri':'coap://h:','mode':'nosec'") },
		{ AT_SECURITY "/uri", "invalid", SECURITY("'uri':'coap://u@h:1','mode':'nosec'") },
		{ AT_SECURITY "/uri", "invalid", SECURITY("'uri':'coap://[::g]:1','mode':'nosec'") },
		{ AT_SECURITY "/uri", "invalid", SECURITY("'uri':'coap://[::1','mode':'nosec'") },
		{ AT_SECURITY "/uri", "invalid", SECURITY("'uri':'coap://h:1/#x','mode':'nosec'") },
		{ AT_SECURITY "/uri", "invalid", SECURITY("'uri':'coap://h:1/a b','mode':'nosec'") },
		{ AT_SECURITY "/uri", "invalid", SECURITY("'uri':'coap://${','mode':'nosec'") },
		{ AT_SECURITY "/secondary_uris/1", "conflict",
		    SECURITY(NOSEC ",'secondary_uris':['coap+tcp://h:1','coaps://h:2']") },
		{ AT_SECURITY "/secondary_uris", "type",
		    SECURITY(NOSEC ",'secondary_uris':'coap://h:1'") },
		{ AT_SECURITY "/secondary_uris", "invalid", SECURITY(NOSEC ",'secondary_uris':[]") },
	};

	(void)state;
	CHECK(rules);
}

static void
uri_is_limited_to_255_octets(void **state)
{
	char config[600], host[300];

	(void)state;
	memset(host, 'h', sizeof(host));
	for (size_t len = 254; len <= 256; len++) {
		struct rule rule = { len > 255 ? AT_SECURITY "/uri" : NULL, "range", config };
		snprintf(config, sizeof(config), SECURITY("'uri':'coap://%.*s:1','mode':'nosec'"),
		    (int)len - 9, host);
		check(&rule, NULL);
	}
}

static void
keys_are_those_of_the_mode(void **state)
{
	static const struct rule rules[] = {
		{ AT_SECURITY "/secret_key", "missing",
		    SECURITY("'uri':'coaps://h:1','mode':'psk','identity':{'text':'i'}") },
		{ AT_SECURITY "/identity", "missing",
		    SECURITY(
			"'uri':'coaps://h:1','mode':'psk','secret_key':{'text':'0123456789abcdef'}") },
		{ AT_SECURITY "/server_certificate", "conflict",
		    SECURITY(PSK ",'server_certificate':{'hex':'00'}") },
		{ AT_SECURITY "/public_key", "conflict", SECURITY(PSK ",'public_key':{'hex':'00'}") },
		{ AT_SECURITY "/secret_key", "conflict", SECURITY(NOSEC ",'secret_key':{'hex':'00'}") },
		{ AT_SECURITY "/identity", "conflict", SECURITY(NOSEC ",'identity':{'hex':'00'}") },
		{ AT_SECURITY "/public_key", "missing", SECURITY("'uri':'coaps://h:1','mode':'rpk'") },
		{ AT_SECURITY "/server_public_key", "missing",
		    SECURITY("'uri':'coaps://h:1','mode':'rpk','public_key':{'hex':'" KEY_SPKI "'}") },
		{ AT_SECURITY "/certificate", "missing",
		    SECURITY("'uri':'coaps://h:1','mode':'x509'") },
		{ AT_SECURITY "/server_certificate", "missing",
		    SECURITY("'uri':'coaps://h:1','mode':'est'") },
		{ AT_SECURITY "/secret_key", "conflict",
		    SECURITY("'uri':'coaps://h:1','mode':'est',"
			     "'server_certificate':{'hex':'" KEY_CERT
			     "'},'secret_key':{'hex':'" KEY_PKCS8 "'}") },
		{ NULL, NULL,
		    SECURITY("'uri':'coaps://h:1','mode':'est','server_certificate':{'hex':'" KEY_CERT
			     "'}") },
	};

	(void)state;
	CHECK(rules);
}

static void
binary_values_have_one_form(void **state)
{
#define KEY(v)	SECURITY("'uri':'coaps://h:5684','mode':'psk','identity':{'text':'i'},'secret_key':" v)
	static const struct rule rules[] = {
		{ AT_SECURITY "/secret_key", "type", KEY("'0011'") },
		{ AT_SECURITY "/secret_key", "invalid", KEY("{}") },
		{ AT_SECURITY "/secret_key", "invalid", KEY("{'hex':'00','text':'a'}") },
		{ AT_SECURITY "/secret_key/hexx", "unknown-key", KEY("{'hexx':'00'}") },
		{ AT_SECURITY "/secret_key/hex", "invalid", KEY("{'hex':'0'}") },
		{ AT_SECURITY "/secret_key/hex", "invalid", KEY("{'hex':'0g'}") },
		{ AT_SECURITY "/secret_key/hex", "type", KEY("{'hex':7}") },
		{ AT_SECURITY "/secret_key/base64", "invalid", KEY("{'base64':'A'}") },
		{ AT_SECURITY "/secret_key/pem", "invalid", KEY("{'pem':'no'}") },
		{ AT_SECURITY "/secret_key/random", "range", KEY("{'random':0}") },
		{ AT_SECURITY "/secret_key/random", "range", KEY("{'random':256}") },
		{ AT_SECURITY "/secret_key/rotate", "invalid", KEY("{'random':16,'rotate':'daily'}") },
		{ AT_SECURITY "/secret_key/rotate", "invalid", KEY("{'hex':'00','rotate':'never'}") },
		{ AT_SECURITY "/secret_key", "redacted", KEY("{'redacted':16}") },
		{ AT_SECURITY "/secret_key/derive", "range", KEY("{'derive':''}") },
		{ AT_SECURITY "/secret_key", "range", KEY("{'hex':''}") },
		{ AT_SECURITY "/secret_key", "range", KEY("{'random':65}") },
		{ NULL, NULL, KEY("{'random':64,'rotate':'always'}") },
		{ NULL, NULL, KEY("{'derive':'fleet'}") },
		{ NULL, NULL, KEY("{'hex':'${key}'}") },
		{ NULL, NULL, KEY("{'base64':'AAECAwQFBgcICQoLDA0ODw=='}") },
		{ AT_SECURITY "/identity", "range",
		    SECURITY("'uri':'coaps://h:5684','mode':'psk','identity':"
			     "{'text':''},'secret_key':{'random':16}") },
		{ AT_SECURITY "/identity", "range",
		    SECURITY("'uri':'coaps://h:5684','mode':'psk','identity':{'text':"
			     "'012345678901234567890123456789012345678901234567890123456789012345678901"
			     "2345678901234567890123456789"
			     "01234567890123456789012345678'},'secret_key':{'random':16}") },
		{ AT_SECURITY "/identity", "invalid",
		    SECURITY("'uri':'coaps://h:5684','mode':'psk','identity':"
			     "{'random':8},'secret_key':{'random':16}") },
	};

	(void)state;
	CHECK(rules);
}

static void
certificates_and_keys_are_looked_into(void **state)
{
#define X509(cert, key, more)                                                                          \
	SECURITY("'uri':'coaps://h:5684','mode':'x509','certificate':" cert ",'secret_key':" key       \
		 ",'server_certificate':" more)
#define RPK(public, key, server)                                                                       \
	SECURITY(                                                                                      \
	    "'uri':'coaps://h:5684','mode':'rpk','public_key':{'hex':'" public "'},'secret_key':{'"    \
									       "hex':'" key            \
									       "'},'server_public_"    \
									       "key':" server)
#define HEX(v)	"{'hex':'" v "'}"
#define HASH	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	static const struct rule rules[] = {
		{ NULL, NULL, X509(HEX(KEY_CERT), HEX(KEY_PKCS8), HEX(KEY_CERT)) },
		{ NULL, NULL, X509(HEX(KEY_CERT), HEX(KEY_SEC1), HEX(KEY_CERT)) },
		{ NULL, NULL,
		    X509("{'pem':'" KEY_CERT_PEM "'}", "{'pem':'" KEY_SEC1_PEM "'}", HEX(KEY_CERT)) },
		{ NULL, NULL, X509(HEX(KEY_CERT KEY_CERT), HEX(KEY_PKCS8), HEX(KEY_CERT)) },
		{ NULL, NULL,
		    X509(HEX(KEY_CERT), HEX(KEY_PKCS8), HEX(HASH) ",'matching_type':'sha-256'") },
		{ AT_SECURITY "/server_certificate", "range",
		    X509(HEX(KEY_CERT), HEX(KEY_PKCS8), HEX(HASH) ",'matching_type':2") },
		{ AT_SECURITY "/server_certificate", "invalid",
		    X509(HEX(KEY_CERT), HEX(KEY_PKCS8), HEX(HASH)) },
		{ AT_SECURITY "/matching_type", "range",
		    X509(HEX(KEY_CERT), HEX(KEY_PKCS8), HEX(HASH) ",'matching_type':4") },
		{ AT_SECURITY "/certificate", "invalid",
		    X509(HEX("3000"), HEX(KEY_PKCS8), HEX(KEY_CERT)) },
		{ AT_SECURITY "/certificate", "invalid",
		    X509(HEX(KEY_CERT "00"), HEX(KEY_PKCS8), HEX(KEY_CERT)) },
		{ AT_SECURITY "/secret_key", "invalid",
		    X509(HEX(KEY_CERT), HEX("3003020101"), HEX(KEY_CERT)) },
		{ AT_SECURITY "/secret_key", "conflict",
		    X509(HEX(KEY_CERT), HEX(KEY_OTHER_KEY), HEX(KEY_CERT)) },
		{ AT_SECURITY, "invalid", X509(HEX(KEY_CERT), "{'random':32}", HEX(KEY_CERT)) },
		{ AT_SECURITY "/secret_key/pem", "invalid",
		    X509(HEX(KEY_CERT), "{'pem':'" KEY_SEC1_PEM KEY_SEC1_PEM "'}", HEX(KEY_CERT)) },
		{ AT_SECURITY "/certificate_usage", "range",
		    X509(HEX(KEY_CERT), HEX(KEY_PKCS8), HEX(KEY_CERT) ",'certificate_usage':4") },
		{ NULL, NULL, RPK(KEY_SPKI, KEY_PKCS8, HEX(KEY_SPKI)) },
		{ AT_SECURITY "/public_key", "invalid", RPK("3000", KEY_PKCS8, HEX(KEY_SPKI)) },
		{ AT_SECURITY "/server_public_key", "invalid",
		    RPK(KEY_SPKI, KEY_PKCS8, HEX(KEY_CERT)) },
		{ AT_SECURITY "/secret_key", "conflict", RPK(KEY_SPKI, KEY_OTHER_KEY, HEX(KEY_SPKI)) },
	};

	(void)state;
	CHECK(rules);
}

static void
other_security_keys_have_types_and_ranges(void **state)
{
	static const struct rule rules[] = {
		{ AT_SECURITY "/sms_security_mode", "range",
		    SECURITY(NOSEC ",'sms_security_mode':256") },
		{ AT_SECURITY "/sms_security_mode", "invalid",
		    SECURITY(NOSEC ",'sms_security_mode':'x'") },
		{ NULL, NULL, SECURITY(NOSEC ",'sms_security_mode':'nosec'") },
		{ AT_SECURITY "/sms_binding_key_parameters", "range",
		    SECURITY(NOSEC ",'sms_binding_key_parameters':{'hex':'0011'}") },
		{ AT_SECURITY "/sms_binding_secret_key", "range",
		    SECURITY(NOSEC ",'sms_binding_secret_key':{'text':'01234567890123456'}") },
		{ AT_SECURITY "/client_hold_off_time", "range",
		    SECURITY(NOSEC ",'client_hold_off_time':-1") },
		{ AT_SECURITY "/sni", "type", SECURITY(NOSEC ",'sni':true") },
		{ AT_SECURITY "/ciphersuites/1", "invalid",
		    SECURITY(PSK ",'ciphersuites':[174,'RC4']") },
		{ AT_SECURITY "/ciphersuites/0", "range", SECURITY(PSK ",'ciphersuites':[-1]") },
		{ AT_SECURITY "/groups_to_use/0", "range", SECURITY(PSK ",'groups_to_use':[65536]") },
		{ AT_SECURITY "/groups_to_use/65535", "invalid",
		    SECURITY(PSK ",'groups_to_use':{'65535':23}") },
		{ AT_SECURITY "/groups_to_use/01", "invalid",
		    SECURITY(PSK ",'groups_to_use':{'01':23}") },
		{ AT_SECURITY "/rds_source_port", "range", SECURITY(NOSEC ",'rds_source_port':16") },
		{ AT_SECURITY "/mqtt_server", "conflict", SECURITY(NOSEC ",'mqtt_server':'24:0'") },
		{ AT_SECURITY "/mqtt_server", "invalid",
		    SECURITY("'uri':'mqtt://h:1883','mode':'nosec','mqtt_server':'3:0'") },
		{ AT_SECURITY "/mqtt_server", "invalid", SECURITY(NOSEC ",'mqtt_server':'24:'") },
		{ AT_SECURITY "/cose", "invalid", SECURITY(NOSEC ",'cose':['24:0']") },
		{ AT_SECURITY "/account_timeout", "unknown-key",
		    SECURITY(NOSEC ",'account_timeout':1") },
		{ AT_SECURITY "/oscore", "invalid", SECURITY(NOSEC ",'oscore':0") },
	};

	(void)state;
	CHECK(rules);
}

static void
server_keys_have_types_and_ranges(void **state)
{
	static const struct rule rules[] = {
		{ AT_SERVER, "type", WITH(NOSEC, ",'server':7", "") },
		{ AT_SERVER "/lifetme", "unknown-key", SERVER("'lifetme':1") },
		{ AT_SERVER "/lifetime", "range", SERVER("'lifetime':-1") },
		{ AT_SERVER "/lifetime", "type", SERVER("'lifetime':86400.5") },
		{ AT_SERVER "/default_min_period", "range", SERVER("'default_min_period':-5") },
		{ AT_SERVER "/notification_storing", "type", SERVER("'notification_storing':1") },
		{ AT_SERVER "/binding", "range", SERVER("'binding':''") },
		{ AT_SERVER "/binding", "invalid", SERVER("'binding':'UX'") },
		{ AT_SERVER "/binding", "invalid", SERVER("'binding':'UU'") },
		{ AT_SERVER "/binding", "conflict", SERVER("'binding':'T'") },
		{ AT_SERVER "/binding", "invalid", SERVER("'binding':'${b}'") },
		{ NULL, NULL, SERVER("'binding':'UT','preferred_transport':'T'") },
		{ AT_SERVER "/preferred_transport", "range", SERVER("'preferred_transport':'UT'") },
		{ AT_SERVER "/preferred_transport", "invalid", SERVER("'preferred_transport':'X'") },
		{ AT_SERVER "/apn_link", "type", SERVER("'apn_link':11") },
		{ AT_SERVER "/apn_link", "invalid", SERVER("'apn_link':'12:0'") },
		{ AT_SERVER "/apn_link", "invalid", SERVER("'apn_link':'11:65536'") },
		{ AT_SERVER "/registration_priority_order", "range",
		    SERVER("'registration_priority_order':-1") },
		{ AT_SERVER "/supported_server_versions/0", "invalid",
		    SERVER("'supported_server_versions':['1']") },
		{ AT_SERVER "/default_notification_mode", "range",
		    SERVER("'default_notification_mode':2") },
		{ NULL, NULL, SERVER("'default_notification_mode':'con'") },
		{ AT_SERVER "/profile_id_hash_algorithm", "range",
		    SERVER("'profile_id_hash_algorithm':256") },
		{ AT_SERVER "/binding", "missing", SECURITY("'uri':'${u}','mode':'nosec'") },
	};

	(void)state;
	CHECK(rules);
}

static void
access_control_fits_the_servers(void **state)
{
#define RULE(r)	BESIDE("'access_control':[" r "]")
	static const struct rule rules[] = {
		{ "/config/access_control", "type", BESIDE("'access_control':{}") },
		{ "/config/access_control/0/object_id", "type", RULE("{}") },
		{ "/config/access_control/0/object_id", "range",
		    RULE("{'object_id':0,'object_instance_id':0}") },
		{ "/config/access_control/0/object_id", "invalid",
		    RULE("{'object_id':21,'object_instance_id':0}") },
		{ "/config/access_control/0/object_instance_id", "range",
		    RULE("{'object_id':3,'object_instance_id':65536}") },
		{ "/config/access_control/0/acl/102", "invalid",
		    RULE("{'object_id':3,'object_instance_id':0,'acl':{'102':1}}") },
		{ "/config/access_control/0/acl/x", "invalid",
		    RULE("{'object_id':3,'object_instance_id':0,'acl':{'x':1}}") },
		{ "/config/access_control/0/acl/65535", "invalid",
		    RULE("{'object_id':3,'object_instance_id':0,'acl':{'65535':1}}") },
		{ "/config/access_control/0/acl/101", "range",
		    RULE("{'object_id':3,'object_instance_id':0,'acl':{'101':32}}") },
		{ "/config/access_control/0/acl/101", "invalid",
		    RULE("{'object_id':3,'object_instance_id':65535,'acl':{'101':15}}") },
		{ "/config/access_control/0/owner", "invalid",
		    RULE("{'object_id':3,'object_instance_id':0,'owner':5}") },
		{ "/config/access_control/0/owner", "range",
		    RULE("{'object_id':3,'object_instance_id':0,'owner':0}") },
		{ "/config/access_control/1", "conflict",
		    RULE("{'object_id':3,'object_instance_id':0},{'object_id':3,'object_instance_id':"
			 "0}") },
		{ "/config/access_control/1/instance", "conflict",
		    RULE("{'instance':2,'object_id':3,'object_instance_id':0},"
			 "{'instance':2,'object_id':4,'object_instance_id':0}") },
	};

	(void)state;
	CHECK(rules);
}

static void
oscore_contexts_are_sound(void **state)
{
#define CONTEXT(more)	"{'master_secret':{'text':'0123456789abcdef'},'sender_id':{'hex':'01'}," more "}"
#define OSCORE(c)	"{'oscore':[" c "]}"
	static const struct rule rules[] = {
		{ NULL, NULL, OSCORE(CONTEXT("'recipient_id':{'hex':'02'}")) },
		{ "/config/oscore/0/recipient_id", "missing", OSCORE(CONTEXT("'instance':1")) },
		{ "/config/oscore/0/recipient_id", "conflict",
		    OSCORE(CONTEXT("'recipient_id':{'hex':'01'}")) },
		{ "/config/oscore/0/recipient_id", "range",
		    OSCORE(CONTEXT("'recipient_id':{'hex':'0102030405060708'}")) },
		{ "/config/oscore/0/aead_algorithm", "invalid",
		    OSCORE(CONTEXT("'recipient_id':{'hex':'02'},'aead_algorithm':'AES'")) },
		{ "/config/oscore/0/hmac_algorithm", "type",
		    OSCORE(CONTEXT("'recipient_id':{'hex':'02'},'hmac_algorithm':true")) },
		{ "/config/oscore/0/master_secret", "range",
		    OSCORE("{'master_secret':{'hex':''},'sender_id':{'hex':'01'},'recipient_id':{'hex':"
			   "'02'}}") },
		{ "/config/oscore/1/instance", "conflict",
		    OSCORE(CONTEXT("'instance':1,'recipient_id':{'hex':'02'}") "," CONTEXT(
			"'instance':1,'recipient_id':{'hex':'02'}")) },
		{ AT_SECURITY "/oscore", "range",
		    WITH(NOSEC ",'oscore':1", "",
			",'oscore':[" CONTEXT("'recipient_id':{'hex':'02'}") "]") },
		{ "/config/servers/1/security/oscore", "conflict",
		    "{'oscore':[" CONTEXT(
			"'recipient_id':{'hex':'02'}") "],'servers':["
						       "{'short_server_id':1,'security':{" NOSEC
						       ",'oscore':0}},"
						       "{'short_server_id':2,'security':{" NOSEC
						       ",'oscore':0}}]}" },
		{ "/config/bootstrap_server/oscore", "missing",
		    "{'oscore':[" CONTEXT("'recipient_id':{'hex':'02'}") "],"
									 "'bootstrap_server':{" NOSEC
									 ",'oscore':0}}" },
		{ "/config/bootstrap_server/oscore", "conflict",
		    "{'oscore':[" CONTEXT(
			"'instance':0,'recipient_id':{'hex':'02'}") "],"
								    "'servers':[{'short_server_id':1,'"
								    "security':{" NOSEC
								    ",'oscore':0}}],"
								    "'bootstrap_server':{" NOSEC
								    ",'oscore':0}}" },
	};

	(void)state;
	CHECK(rules);
}

static void
writes_are_of_known_resources_and_their_types(void **state)
{
#define WRITE(w)	BESIDE("'write':[" w "]")
	static const struct rule rules[] = {
		{ "/config/write", "type", BESIDE("'write':{}") },
		{ "/config/write/0/path", "type", WRITE("{'value':1}") },
		{ "/config/write/0/value", "missing", WRITE("{'path':'/3/0/14'}") },
		{ "/config/write/0/path", "invalid", WRITE("{'path':'3/0/14','value':'x'}") },
		{ "/config/write/0/path", "invalid", WRITE("{'path':'/','value':{}}") },
		{ "/config/write/0/value", "invalid", WRITE("{'path':'/3','value':{}}") },
		{ "/config/write/0/value", "type", WRITE("{'path':'/3','value':7}") },
		{ "/config/write/0/value/x", "invalid", WRITE("{'path':'/11','value':{'x':{'0':'a'}}}") },
		{ "/config/write/0/value/1", "invalid", WRITE("{'path':'/3','value':{'1':{'14':'x'}}}") },
		{ "/config/write/0/value/0", "type", WRITE("{'path':'/3','value':{'0':7}}") },
		{ "/config/write/0/value/0/99", "unknown-resource",
		    WRITE("{'path':'/3','value':{'0':{'99':7}}}") },
		{ "/config/write/0/value/1", "conflict", WRITE("{'path':'/0','value':{'1':{'9':'x'}}}") },
		{ "/config/write/1/path", "conflict",
		    WRITE("{'path':'/11','value':{'0':{'0':'a'}}},{'path':'/11/1/0','value':'b'}") },
		{ "/config/write/0/path", "invalid", WRITE("{'path':'/3/0/14/0','value':'x'}") },
		{ "/config/write/0/path", "invalid", WRITE("{'path':'/3/65535','value':{}}") },
		{ "/config/write/0/path", "unknown-object", WRITE("{'path':'/9999/0/1','value':1}") },
		{ "/config/write/0/path", "unknown-resource", WRITE("{'path':'/3/0/99','value':1}") },
		{ "/config/write/0/value/99", "unknown-resource",
		    WRITE("{'path':'/3/0','value':{'99':1}}") },
		{ "/config/write/0/path", "invalid", WRITE("{'path':'/3/0/4','value':1}") },
		{ "/config/write/0/path", "invalid", WRITE("{'path':'/3/1/14','value':'x'}") },
		{ "/config/write/0/value", "type", WRITE("{'path':'/3/0/14','value':1}") },
		{ "/config/write/0/value", "type", WRITE("{'path':'/3/0','value':'x'}") },
		{ "/config/write/0/value", "invalid", WRITE("{'path':'/3/0','value':{}}") },
		{ "/config/write/0/value/x", "invalid", WRITE("{'path':'/3/0','value':{'x':1}}") },
		{ "/config/write/0/value", "type", WRITE("{'path':'/3/0/13','value':true}") },
		{ "/config/write/0/value", "invalid",
		    WRITE("{'path':'/3/0/13','value':'2026-13-01T00:00:00Z'}") },
		{ "/config/write/0/value", "type", WRITE("{'path':'/0/9/5','value':'00'}") },
		{ "/config/write/0/value/0", "range", WRITE("{'path':'/0/9/18','value':[65536]}") },
		{ "/config/write/1/path", "conflict",
		    WRITE("{'path':'/3/0/14','value':'x'},{'path':'/3/0/14','value':'y'}") },
		{ "/config/write/1/path", "conflict",
		    WRITE("{'path':'/3/0','value':{'15':'x'}},{'path':'/3/0/14','value':'y'}") },
		{ "/config/write/0/path", "conflict", WRITE("{'path':'/0/1/9','value':'x'}") },
		{ "/config/write/0/path", "conflict", WRITE("{'path':'/1/1','value':{'1':300}}") },
		{ NULL, NULL, WRITE("{'path':'/1/2','value':{'1':300}}") },
		{ "/config/write/0/path", "conflict",
		    BESIDE("'access_control':[{'instance':3,'object_id':3,"
			   "'object_instance_id':0}],'write':[{'path':'/2/3/3','value':101}]") },
		{ "/config/write/0/vlaue", "unknown-key", WRITE("{'path':'/3/0/14','vlaue':'x'}") },
	};

	(void)state;
	CHECK(rules);
}

static void
deletes_are_objects_and_instances(void **state)
{
	static const struct rule rules[] = {
		{ NULL, NULL, BESIDE("'delete':['/']") },
		{ "/config/delete", "type", BESIDE("'delete':'/'") },
		{ "/config/delete/0", "type", BESIDE("'delete':[0]") },
		{ "/config/delete/0", "invalid", BESIDE("'delete':['0']") },
		{ "/config/delete/0", "invalid", BESIDE("'delete':['/1/0/1']") },
		{ "/config/delete/0", "invalid", BESIDE("'delete':['/3']") },
		{ "/config/delete/0", "invalid", BESIDE("'delete':['/3/0']") },
		{ "/config/delete/1", "conflict", BESIDE("'delete':['/1','/1']") },
	};

	(void)state;
	CHECK(rules);
}

static void
variables_are_looked_at_when_they_are_known(void **state)
{
	static struct variable v[] = { { "host", "h:5684" }, { "key", "00" }, { "bad", "g" }, { "long",
	    "0123456789012345678901234567890123456789012345678901234567890123456789" } };
	const struct variables vars = { v, sizeof(v) / sizeof(v[0]) };
#define TEMPLATE(uri, identity, key)						\
	SECURITY("'uri':'" uri "','mode':'psk','identity':{'text':'" identity "'},'secret_key':" key)
	static const struct rule unknown = { NULL, NULL,
		TEMPLATE("coaps://${nowhere}", "${i}", "{'hex':'${k}'}") };
	static const struct rule rules[] = {
		{ NULL, NULL, TEMPLATE("coaps://${host}", "${endpoint}", "{'hex':'${key}${key}'}") },
		{ AT_SECURITY "/uri", "unknown-variable",
		    TEMPLATE("coaps://${nowhere}", "i", "{'random':16}") },
		{ AT_SECURITY "/uri", "invalid", TEMPLATE("coaps://${host}:7", "i", "{'random':16}") },
		{ AT_SECURITY "/identity", "unknown-variable",
		    TEMPLATE("coaps://${host}", "${i}", "{'random':16}") },
		{ AT_SECURITY "/identity", "range",
		    TEMPLATE("coaps://${host}", "${long}${long}", "{'random':16}") },
		{ AT_SECURITY "/secret_key", "invalid",
		    TEMPLATE("coaps://${host}", "i", "{'hex':'${bad}'}") },
		{ "/config/write/0/value", "unknown-variable",
		    BESIDE("'write':[{'path':'/3/0/15','value':'${zone}'}]") },
	};

	(void)state;
	check(&unknown, NULL);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		check(&rules[i], &vars);
}

static void
unknown_key_is_answered_with_the_nearest(void **state)
{
	struct problem why = { 0 };
	struct config *config;
	struct arena arena;
	json_t *doc = js(SERVER("'lifetim':1"));

	(void)state;
	arena_init(&arena, 4096, 0);
	assert_int_equal(
	    config_parse(doc, the_objects(), NULL, "/config", &arena, &config, &why), ERR_INVALID);
	assert_string_equal(why.text, "\"lifetim\" is not known here; did you mean \"lifetime\"?");
	arena_fini(&arena);
	json_decref(doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shape_of_a_config_is_checked),
		cmocka_unit_test(servers_are_complete_and_unique),
		cmocka_unit_test(address_fits_the_mode),
		cmocka_unit_test(uri_is_limited_to_255_octets),
		cmocka_unit_test(keys_are_those_of_the_mode),
		cmocka_unit_test(binary_values_have_one_form),
		cmocka_unit_test(certificates_and_keys_are_looked_into),
		cmocka_unit_test(other_security_keys_have_types_and_ranges),
		cmocka_unit_test(server_keys_have_types_and_ranges),
		cmocka_unit_test(access_control_fits_the_servers),
		cmocka_unit_test(oscore_contexts_are_sound),
		cmocka_unit_test(writes_are_of_known_resources_and_their_types),
		cmocka_unit_test(deletes_are_objects_and_instances),
		cmocka_unit_test(variables_are_looked_at_when_they_are_known),
		cmocka_unit_test(unknown_key_is_answered_with_the_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
