#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/text.h"
#include "coap/frame.h"
#include "lib/fake_net.h"
#include "lib/script_msg.h"

#define LINE_LEN	4096
#define WORDS_MAX	64
#define FILES_MAX	1024
#define SHOWN_MAX	1024

struct named_peer {
	struct named_peer	*next;
	char			 name[32];
	struct fake_peer	*peer;
};

/* A datagram that later lines may speak of. */
struct saved {
	struct saved		*next;
	char			 name[64];	/* "<peer", ">peer": the last one; "x": named by as=x */
	size_t			 len;
	uint8_t			*bytes;
};

struct script {
	const struct script_runner	*runner;
	void				*env;
	struct loop			*loop;
	struct fake_net			*net;
	struct named_peer		*peers;
	struct saved			*saved;
	struct script_var		*vars;
	const char			*file;
	unsigned			 line;
	bool				 is_ready, failed;
	char				 error[4 * SHOWN_MAX];
	struct script_msg		 msg;		/* of the present line: too large for a stack */
};

struct loop *
script_loop(struct script *s)
{
	return s->loop;
}

struct fake_net *
script_net(struct script *s)
{
	return s->net;
}

bool
script_failed(const struct script *s)
{
	return s->failed;
}

void
script_fail(struct script *s, const char *fmt, ...)
{
	va_list ap;

	if (s->failed)
		return;
	s->failed = true;
	va_start(ap, fmt);
	vsnprintf(s->error, sizeof(s->error), fmt, ap);
	va_end(ap);
}

void
script_ready(struct script *s)
{
	if (s->is_ready)
		return;
	s->is_ready = true;
	if (s->runner->ready != NULL)
		s->runner->ready(s->env, s);
}

/* --- words --- */

const char *
script_value(char *const *words, const char *name)
{
	size_t len = strlen(name);

	for (; *words != NULL; words++)
		if (strncmp(*words, name, len) == 0 && (*words)[len] == '=')
			return *words + len + 1;
	return NULL;
}

bool
script_has(char *const *words, const char *name)
{
	for (; *words != NULL; words++)
		if (strcmp(*words, name) == 0)
			return true;
	return false;
}

int64_t
script_number(struct script *s, char *const *words, const char *name, int64_t missing)
{
	const char *v = script_value(words, name);
	char *end;
	long long n;

	if (v == NULL)
		return missing;
	n = strtoll(v, &end, 0);
	if (*v == '\0' || *end != '\0')
		script_fail(s, "'%s=%s' should be a number", name, v);
	return n;
}

uint64_t
script_duration(struct script *s, const char *word)
{
	uint64_t ms = 0;

	if (word == NULL || text_duration(word, &ms) != ERR_OK)
		script_fail(s, "'%s' should be a duration, such as 3s", word != NULL ? word : "");
	return ms;
}

/* Words are parted by white space; in double quotes it belongs to the word; '#' ends the line. */
static size_t
split(char *line, char *words[WORDS_MAX])
{
	size_t n = 0;
	char *out = line;
	bool quoted = false;

	while (*line != '\0' && n < WORDS_MAX - 1) {
		while (*line == ' ' || *line == '\t' || *line == '\n')
			line++;
		if (*line == '\0' || *line == '#')
			break;
		words[n++] = out;
		for (; *line != '\0' && *line != '\n' && (quoted || (*line != ' ' && *line != '\t'));
		    line++) {
			if (*line == '"')
				quoted = !quoted;
			else
				*out++ = *line;
		}
		if (*line != '\0')
			line++;
		*out++ = '\0';
	}
	words[n] = NULL;
	return n;
}

/* --- peers --- */

struct fake_peer *
script_peer(struct script *s, const char *name)
{
	struct named_peer *p;

	if (name == NULL)
		name = "default";
	for (p = s->peers; p != NULL; p = p->next)
		if (strcmp(p->name, name) == 0)
			return p->peer;
	script_fail(s, "there is no peer '%s'", name);
	return s->peers->peer;
}

static const char *
name_of(const struct script *s, const struct fake_peer *peer)
{
	const struct named_peer *p = s->peers;

	while (p != NULL && p->peer != peer)
		p = p->next;
	return p != NULL ? p->name : "?";
}

struct fake_peer *
script_peer_of(struct script *s, char **words)
{
	const char *name = NULL;

	for (; *words != NULL; words++)
		if (**words == '@') {
			name = *words + 1;
			for (char **w = words; *w != NULL; w++)
				*w = w[1];
			break;
		}
	return script_peer(s, name);
}

static void
add_peer(struct script *s, const char *name, const struct fake_peer_opts *opts)
{
	struct named_peer *p;

	for (p = s->peers; p != NULL && strcmp(p->name, name) != 0;)
		p = p->next;
	if (p == NULL) {
		p = calloc(1, sizeof(*p));
		if (p == NULL)
			abort();
		p->next = s->peers;
		s->peers = p;
		snprintf(p->name, sizeof(p->name), "%s", name);
	}
	p->peer = fake_peer_new(s->net, opts);
	if (p->peer == NULL)
		script_fail(s, "'%s' should be ADDRESS:PORT", opts->address);
}

/* peer NAME ADDRESS:PORT [coap|coaps|coap+tcp|coaps+tcp] [psk=ID | cert=HEX | rpk=HEX] [mtu=N] … */
static void
do_peer(struct script *s, char **words)
{
	static uint8_t identity[SCRIPT_BYTES_MAX];
	struct fake_peer_opts o = { .mtu = (size_t)script_number(s, words, "mtu", 0),
		.local = script_value(words, "local"), .identity = identity };
	const char *psk = script_value(words, "psk"), *cert = script_value(words, "cert"),
	    *rpk = script_value(words, "rpk");

	if (words[1] == NULL || words[2] == NULL) {
		script_fail(s, "peer NAME ADDRESS:PORT [SCHEME] [psk=ID] [mtu=N] [local=ADDRESS:PORT]");
		return;
	}
	o.address = words[2];
	for (o.scheme = LINK_COAPS_TCP; o.scheme > LINK_COAP; o.scheme--)
		if (script_has(words, link_scheme_name(o.scheme)))
			break;
	if (psk != NULL) {
		o.kind = IDENTITY_PSK;
		o.identity = psk;
		o.identity_len = strlen(psk);
	} else if (cert != NULL || rpk != NULL) {
		o.kind = cert != NULL ? IDENTITY_CERTIFICATE : IDENTITY_PUBLIC_KEY;
		o.identity_len = script_bytes(s, cert != NULL ? cert : rpk, identity);
	}
	add_peer(s, words[1], &o);
}

/* --- saved datagrams and variables --- */

static struct saved *
find_saved(struct script *s, const char *name)
{
	struct saved *d = s->saved;

	while (d != NULL && strcmp(d->name, name) != 0)
		d = d->next;
	return d;
}

static void
save(struct script *s, const char *name, const uint8_t *p, size_t len)
{
	struct saved *d = find_saved(s, name);

	if (d == NULL) {
		d = calloc(1, sizeof(*d));
		if (d == NULL)
			abort();
		snprintf(d->name, sizeof(d->name), "%s", name);
		d->next = s->saved;
		s->saved = d;
	}
	free(d->bytes);
	d->bytes = malloc(len + 1);
	if (d->bytes == NULL)
		abort();
	memcpy(d->bytes, p, len);
	d->len = len;
}

/* Under its name, and as the last one of that direction ('<' in, '>' out). */
static void
save_both(struct script *s, char direction, struct fake_peer *peer, const uint8_t *p, size_t len)
{
	char last[64];

	snprintf(last, sizeof(last), "%c%s", direction, name_of(s, peer));
	save(s, last, p, len);
	if (s->msg.as != NULL)
		save(s, s->msg.as, p, len);
}

/* What "same-as=NAME" or "same-as-before" means; fails when there is none. */
static struct saved *
same_as(struct script *s, char direction, struct fake_peer *peer)
{
	char last[64];
	struct saved *d;

	snprintf(last, sizeof(last), "%c%s", direction, name_of(s, peer));
	d = find_saved(s, s->msg.same_as[0] != '\0' ? s->msg.same_as : last);
	if (d == NULL)
		script_fail(s, "there was no such datagram before");
	return d;
}

static struct script_var *
variable(struct script *s, const char *name)
{
	struct script_var *v = s->vars;

	while (v != NULL && strcmp(v->name, name) != 0)
		v = v->next;
	if (v == NULL) {
		v = calloc(1, sizeof(*v));
		if (v == NULL)
			abort();
		snprintf(v->name, sizeof(v->name), "%s", name);
		v->len = UINT8_MAX;	/* not bound */
		v->next = s->vars;
		s->vars = v;
	}
	return v;
}

static void
bind(struct script_var *v, const uint8_t *p, size_t len)
{
	memcpy(v->value, p, len);
	v->len = (uint8_t)len;
}

/* --- recv: a peer's message arrives --- */

static bool
is_framed(const struct fake_peer *peer)
{
	return fake_peer_scheme(peer) == LINK_COAP_TCP || fake_peer_scheme(peer) == LINK_COAPS_TCP;
}

static void
resolve(struct script *s, struct script_msg *m)
{
	const struct script_var *mid = m->mid_var != NULL ? variable(s, m->mid_var) : NULL;
	const struct script_var *tok = m->token_var != NULL ? variable(s, m->token_var) : NULL;

	if ((mid != NULL && mid->len == UINT8_MAX) || (tok != NULL && tok->len == UINT8_MAX)) {
		script_fail(s, "'%s' has no value yet",
		    mid != NULL && mid->len == UINT8_MAX ? m->mid_var : m->token_var);
		return;
	}
	if (mid != NULL)
		m->m.mid = (uint16_t)(mid->value[0] << 8 | mid->value[1]);
	if (tok != NULL) {
		memcpy(m->m.token, tok->value, tok->len);
		m->m.token_len = tok->len;
	}
}

static void
do_recv(struct script *s, char **words)
{
	static uint8_t bytes[SCRIPT_BYTES_MAX];
	struct fake_peer *peer = script_peer_of(s, words);
	bool bytewise = words[1] != NULL && strcmp(words[1], "bytewise") == 0;
	const struct saved *again = NULL;
	size_t len = 0;

	script_msg_read(s, words + (bytewise ? 2 : 1), &s->msg);
	if (!s->failed && s->msg.same_as != NULL)
		again = same_as(s, '<', peer);
	else if (!s->failed && s->msg.hex != NULL)
		len = script_bytes(s, s->msg.hex, bytes);
	else if (!s->failed)
		resolve(s, &s->msg);
	if (s->failed)
		return;
	if (again != NULL) {
		len = again->len;
		memcpy(bytes, again->bytes, len);
	} else if (s->msg.hex == NULL &&
	    (is_framed(peer) ? frame_encode : msg_encode)(&s->msg.m, bytes, sizeof(bytes), &len) !=
	    ERR_OK) {
		script_fail(s, "the message does not fit");
		return;
	}
	save_both(s, '<', peer, bytes, len);
	for (size_t i = 0; bytewise && i < len; i++)
		fake_peer_sends(peer, bytes + i, 1);
	if (!bytewise)
		fake_peer_sends(peer, bytes, len);
}

/* --- send: what must be sent next --- */

/*
 * What the sender chose binds the variable, again at each line: the message id of a CON or NON,
 * the token of a request. All else must be equal to what it was.
 */
static void
check_var(struct script *s, const char *name, bool chosen, const uint8_t *p, size_t len)
{
	struct script_var *v = variable(s, name);
	char a[2 * MSG_TOKEN_MAX + 1], b[2 * MSG_TOKEN_MAX + 1];

	if (chosen || v->len == UINT8_MAX) {
		bind(v, p, len);
	} else if (v->len != len || memcmp(v->value, p, len) != 0) {
		text_hex(v->value, v->len, a);
		text_hex(p, len, b);
		script_fail(s, "%s is %s, it should be %s", name, b, a);
	}
}

static void
check_numbers(struct script *s, const struct script_msg *want, const struct msg *got)
{
	uint8_t mid[2] = { (uint8_t)(got->mid >> 8), (uint8_t)got->mid };
	bool starts = got->type == MSG_CON || got->type == MSG_NON;
	char tok[2 * MSG_TOKEN_MAX + 1];

	if (want->mid_var != NULL)
		check_var(s, want->mid_var, starts, mid, 2);
	else if (want->has_mid && want->m.mid != got->mid)
		script_fail(s, "mid is %u, it should be %u", got->mid, want->m.mid);
	if (want->token_var != NULL) {
		check_var(s, want->token_var, msg_is_request(got->code), got->token, got->token_len);
	} else if (want->has_token && (want->m.token_len != got->token_len ||
	    memcmp(want->m.token, got->token, got->token_len) != 0)) {
		text_hex(want->m.token, want->m.token_len, tok);
		script_fail(s, "tok should be %s", tok);
	}
}

static void
check_datagram(struct script *s, struct fake_peer *peer, const struct fake_datagram *d)
{
	const struct saved *same = NULL;
	static uint8_t bytes[SCRIPT_BYTES_MAX];
	char why[SHOWN_MAX];
	struct msg got;
	size_t len;

	if (d->to != peer)
		script_fail(s, "to another peer: @%s", name_of(s, d->to));
	if (!s->failed && s->msg.same_as != NULL)
		same = same_as(s, '>', peer);
	if (!s->failed && same != NULL &&
	    (same->len != d->len || memcmp(same->bytes, d->p, d->len) != 0))
		script_fail(s, "not the same bytes");
	if (!s->failed && s->msg.hex != NULL) {
		len = script_bytes(s, s->msg.hex, bytes);
		if (len != d->len || memcmp(bytes, d->p, len) != 0)
			script_fail(s, "other bytes");
		return;
	}
	if (s->failed)
		return;
	if ((is_framed(peer) ? frame_decode : msg_decode)(d->p, d->len, &got) != ERR_OK)
		script_fail(s, "not a CoAP message");
	else if (script_msg_differs(&s->msg, &got, why, sizeof(why)))
		script_fail(s, "%s", why);
	else
		check_numbers(s, &s->msg, &got);
}

/* Says what came, after the line that failed. */
static void
tell_sent(struct script *s, const struct fake_datagram *d)
{
	size_t len = strlen(s->error);
	char shown[SHOWN_MAX];

	script_describe(d->p, d->len, is_framed(d->to), shown, sizeof(shown));
	snprintf(s->error + len, sizeof(s->error) - len, "\n#   sent at %llu ms: @%s %s",
	    (unsigned long long)d->at_ms, name_of(s, d->to), shown);
}

static void
do_send(struct script *s, char **words)
{
	struct fake_peer *peer = script_peer_of(s, words);
	struct fake_datagram d;

	script_msg_read(s, words + 1, &s->msg);
	if (s->failed)
		return;
	if (!fake_net_take(s->net, &d)) {
		script_fail(s, "nothing was sent");
		return;
	}
	check_datagram(s, peer, &d);
	if (s->failed)
		tell_sent(s, &d);
	else
		save_both(s, '>', peer, d.p, d.len);
}

static void
check_nothing(struct script *s)
{
	struct fake_datagram d;

	if (!s->failed && fake_net_take(s->net, &d)) {
		script_fail(s, "nothing should have been sent");
		tell_sent(s, &d);
	}
}

/* --- the other directives --- */

static void
do_time(struct script *s, char **words)
{
	if (words[1] == NULL || words[1][0] != '+') {
		script_fail(s, "time +DURATION");
		return;
	}
	uint64_t ms = script_duration(s, words[1] + 1);

	if (!s->failed)
		fake_loop_advance(s->loop, ms);
}

/* close [@peer] closed|replaced|timeout|cancelled */
static void
do_close(struct script *s, char **words)
{
	static const struct { const char *name; enum err e; } whys[] = { { "closed", ERR_CLOSED },
		{ "replaced", ERR_REPLACED }, { "timeout", ERR_TIMEOUT }, { "limit", ERR_LIMIT },
		{ "cancelled", ERR_CANCELLED } };
	struct fake_peer *peer = script_peer_of(s, words);

	for (size_t i = 0; words[1] != NULL && i < sizeof(whys) / sizeof(whys[0]); i++)
		if (strcmp(words[1], whys[i].name) == 0) {
			fake_peer_close(peer, whys[i].e);
			return;
		}
	script_fail(s, "close [@peer] closed|replaced|timeout|limit|cancelled");
}

/* link [@peer] kept|gone|closed */
static void
do_link(struct script *s, char **words)
{
	struct fake_peer *peer = script_peer_of(s, words);
	const struct link *l = fake_peer_link(peer);
	bool kept = l != NULL && link_user(l) != NULL;

	if (words[1] != NULL && strcmp(words[1], "kept") == 0) {
		if (!kept)
			script_fail(s, "there is no conversation with the peer");
	} else if (words[1] != NULL && strcmp(words[1], "gone") == 0) {
		if (kept)
			script_fail(s, "there is a conversation with the peer still");
	} else if (words[1] != NULL && strcmp(words[1], "closed") == 0) {
		if (!fake_peer_closed_by_us(peer))
			script_fail(s, "we did not close the link");
	} else {
		script_fail(s, "link [@peer] kept|gone|closed");
	}
}

static void
do_random(struct script *s, char **words)
{
	char *end;
	unsigned long v = words[1] != NULL ? strtoul(words[1], &end, 10) : 0;

	if (words[1] == NULL || (*end != '\0' && strcmp(words[1], "max") != 0))
		script_fail(s, "random N|max");
	else
		fake_random_below(strcmp(words[1], "max") == 0 ? UINT32_MAX : (uint32_t)v);
}

static void
do_nothing(struct script *s, char **words)
{
	(void)words;
	check_nothing(s);
}

static void
do_connect(struct script *s, char **words)
{
	(void)fake_peer_connect(script_peer_of(s, words));
}

static const struct {
	const char	*name;
	bool		 traffic;	/* the layers under test must be there */
	void		(*run)(struct script *, char **words);
} directives[] = {
	{ "peer",    false, do_peer },
	{ "random",  false, do_random },
	{ "recv",    true,  do_recv },
	{ "send",    true,  do_send },
	{ "nothing", true,  do_nothing },
	{ "time",    true,  do_time },
	{ "connect", true,  do_connect },
	{ "close",   true,  do_close },
	{ "link",    true,  do_link },
};

static void
run_line(struct script *s, char *line)
{
	char *words[WORDS_MAX];

	if (split(line, words) == 0)
		return;
	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
		if (strcmp(words[0], directives[i].name) == 0) {
			if (directives[i].traffic)
				script_ready(s);
			directives[i].run(s, words);
			return;
		}
	if (!s->runner->directive(s->env, s, words))
		script_fail(s, "'%s' is no directive of this runner", words[0]);
}

/* --- files --- */

static void
free_script(struct script *s)
{
	struct named_peer *p;
	struct saved *d;
	struct script_var *v;

	while ((p = s->peers) != NULL) {
		s->peers = p->next;
		free(p);
	}
	while ((d = s->saved) != NULL) {
		s->saved = d->next;
		free(d->bytes);
		free(d);
	}
	while ((v = s->vars) != NULL) {
		s->vars = v->next;
		free(v);
	}
	free(s);
}

static void
run_lines(struct script *s, FILE *f)
{
	char line[LINE_LEN], shown[LINE_LEN];
	size_t len;

	while (!s->failed && fgets(line, sizeof(line), f) != NULL) {
		s->line++;
		memcpy(shown, line, sizeof(shown));
		shown[strcspn(shown, "#\n")] = '\0';
		run_line(s, line);
		len = strlen(s->error);
		if (s->failed)
			snprintf(s->error + len, sizeof(s->error) - len, "\n#   line:      %s", shown);
	}
	if (s->failed)
		return;
	s->line++;
	script_ready(s);
	check_nothing(s);
}

static bool
run_file(const char *path, const struct script_runner *runner, unsigned number)
{
	struct script *s = calloc(1, sizeof(*s));
	const char *base = strrchr(path, '/');
	FILE *f = fopen(path, "r");
	bool ok;

	if (s == NULL || loop_new(&s->loop) != ERR_OK)
		abort();
	fake_random_seed(1);
	s->runner = runner;
	s->file = base != NULL ? base + 1 : path;
	s->net = fake_net_new(s->loop);
	add_peer(s, "default", &(struct fake_peer_opts){ .address = "127.0.0.1:1000" });
	s->env = runner->setup(s);
	if (f == NULL)
		script_fail(s, "cannot be opened");
	else
		run_lines(s, f);
	if (runner->finish != NULL)
		runner->finish(s->env, s);
	fake_net_free(s->net);
	if (runner->teardown != NULL)
		runner->teardown(s->env);
	loop_free(s->loop);
	ok = !s->failed;
	printf("%s %u - %s\n", ok ? "ok" : "not ok", number, s->file);
	if (!ok)
		printf("# %s:%u: %s\n", path, s->line, s->error);
	fflush(stdout);
	free_script(s);
	if (f != NULL)
		fclose(f);
	return ok;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The scripts of a directory, in order; paths are the caller's to free. */
static size_t
list(const char *dir, char *paths[FILES_MAX])
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	size_t n = 0;

	while (d != NULL && n < FILES_MAX && (entry = readdir(d)) != NULL) {
		size_t len = strlen(entry->d_name);
		if (len < 4 || strcmp(entry->d_name + len - 4, ".txt") != 0)
			continue;
		if (asprintf(&paths[n], "%s/%s", dir, entry->d_name) < 0)
			abort();
		n++;
	}
	if (d == NULL && (paths[n++] = strdup(dir)) == NULL)	/* a file */
		abort();
	if (d != NULL)
		closedir(d);
	qsort(paths, n, sizeof(paths[0]), by_name);
	return n;
}

int
script_main(int argc, char **argv, const struct script_runner *runner)
{
	static char *paths[FILES_MAX];
	unsigned number = 0, bad = 0;

	for (int i = 1; i < argc; i++) {
		size_t n = list(argv[i], paths);
		for (size_t j = 0; j < n; j++) {
			bad += !run_file(paths[j], runner, ++number);
			free(paths[j]);
		}
	}
	printf("1..%u\n", number);
	return number == 0 || bad > 0;
}
