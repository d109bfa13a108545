#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admin/admin_priv.h"
#include "admin/change.h"
#include "admin/check.h"
#include "base/log.h"
#include "base/loop.h"

enum rpc_error
change_store_failed(struct call *call, enum err e, struct rpc_fault *f)
{
	const char *words = store_error(call->admin->opts.store);

	if (e == ERR_NOTFOUND)
		return rpc_refuse(f, RPC_NOT_FOUND, "not-found", "", "There is no such record.");
	log_error("admin: the store failed: %s: %s", err_text(e), words);
	return rpc_refuse(f, RPC_UNAVAILABLE, "store", "", "The store failed: %s.",
	    words[0] != '\0' ? words : err_text(e));
}

enum rpc_error
change_begin(struct call *call, struct rpc_fault *f)
{
	enum err e = store_mark(call->admin->opts.store);

	return e == ERR_OK ? RPC_OK : change_store_failed(call, e, f);
}

enum rpc_error
change_end(struct call *call, enum rpc_error so_far, struct rpc_fault *f)
{
	struct store *st = call->admin->opts.store;
	enum err e = so_far == RPC_OK ? store_release_mark(st) : store_undo_to_mark(st);

	if (e == ERR_OK)
		return so_far;
	json_decref(f->errors);
	return change_store_failed(call, e, f);
}

enum rpc_error
change_event(struct call *call, const char *type, const char *endpoint, json_t *body,
    struct rpc_fault *f)
{
	struct admin *a = call->admin;
	json_t *b = body != NULL ? body : json_object();
	int64_t seq;
	enum err e = ERR_NOMEM;

	if (b != NULL && json_object_set_new(b, "uid", json_integer((json_int_t)call->conn->uid)) == 0 &&
	    json_object_set_new(b, "pid", json_integer(call->conn->pid)) == 0)
		e = store_event_add(a->opts.store, type, endpoint, loop_wall_ms(a->opts.loop), b, &seq);
	json_decref(b);
	return e == ERR_OK ? RPC_OK : change_store_failed(call, e, f);
}

static enum rpc_error
identity_taken(const char *identity, const char *other, struct rpc_fault *f)
{
	rpc_refuse(f, RPC_CONFLICT, "exists", "/auth/psk/identity",
	    "The PSK identity \"%.128s\" belongs to the endpoint \"%.140s\" already.", identity, other);
	rpc_hint(f, "one identity stands for one device");
	return f->code;
}

static enum rpc_error
context_taken(const char *other, struct rpc_fault *f)
{
	rpc_refuse(f, RPC_CONFLICT, "exists", "/auth/oscore/sender_id",
	    "The sender id and ID Context belong to the endpoint \"%.140s\" already.", other);
	rpc_hint(f, "requests are told apart by them: each device needs one of its own");
	return f->code;
}

enum rpc_error
change_put_endpoint(struct call *call, const struct check *c, json_t *doc, bool *created,
    struct rpc_fault *f)
{
	struct store *st = call->admin->opts.store;
	const struct endpoint_record *rec = &c->record;
	const struct auth *psk = rec->auth != NULL && rec->auth->kind == AUTH_PSK ? rec->auth : NULL;
	struct endpoint_keys keys = {
		.endpoint = rec->endpoint, .profile = rec->profile, .enabled = rec->enabled,
	};
	json_t *before = NULL;
	uint8_t pinned[AUTH_PINNED_LEN];
	char other[256] = "";

	/* Only its own: a profile's identity and key are looked up through the profile. */
	if (psk != NULL) {
		keys.psk_identity = (const uint8_t *)psk->psk_identity;
		keys.psk_identity_len = strlen(psk->psk_identity);
		keys.psk_key = psk->psk_key;
		keys.psk_key_len = psk->psk_key_len;
	}
	if (rec->auth != NULL && rec->auth->kind == AUTH_OSCORE) {
		keys.oscore_id = rec->auth->oscore->key.p;
		keys.oscore_id_len = rec->auth->oscore->key.len;
	}
	if (rec->auth != NULL && auth_pinned(rec->auth, pinned))
		keys.pinned = pinned;
	enum err e = store_endpoint_get(st, rec->endpoint, &before);
	if (e != ERR_OK && e != ERR_NOTFOUND)
		return change_store_failed(call, e, f);
	*created = e == ERR_NOTFOUND;
	json_decref(before);
	e = store_endpoint_put(st, &keys, doc, other);
	if (e == ERR_EXISTS && psk != NULL)
		return identity_taken(psk->psk_identity, other, f);
	if (e == ERR_EXISTS && keys.oscore_id != NULL)
		return context_taken(other, f);
	return e == ERR_OK ? RPC_OK : change_store_failed(call, e, f);
}

void
change_log(const struct call *call, const char *fmt, ...)
{
	char what[2 * LOG_WORD_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	log_info("admin: uid=%lu pid=%ld %s", call->conn->uid, call->conn->pid, what);
}
