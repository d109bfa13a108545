/*
 * A bad neighbour on the network: datagrams that nobody should send, from as many addresses as
 * 127.0.0.0/8 has. Prints what test_hostile.sh looks at.
 *
 *	hostile seeds PORT DIR…		every seed of a fuzz target, and each of its prefixes
 *	hostile junk PORT N		garbage, floods, and what is wrong in one place only
 *	hostile strangers PORT N	N addresses that ask for names nobody has
 *	hostile same PORT N NAME	N addresses that ask for one name
 *	hostile replay PORT N NAME	one datagram, N times; "answers=N different=N"
 *	hostile names PORT		odd endpoint names; one line "what code" each
 *	hostile hellos PORT N		ClientHellos without a cookie
 *	hostile half PORT N		handshakes that stop after the cookie; "answered=N"
 *	hostile admin SOCKET N		N connections to the admin socket, none of them polite;
 *					holds them until its standard input ends
 *	hostile victim PORT NAME MS	a device that is slow to answer; "finished" when it gets there
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX		65536
#define WINDOW		128	/* datagrams without an answer, so that the kernel drops few */

static struct sockaddr_in to;
static int fd = -1;
static uint64_t seed = 88172645463325252u;
static unsigned waiting, answers;

static uint32_t
rnd(void)			/* the same at each run */
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16);
}

static int
open_socket(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	int s = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;

	if (s < 0 || bind(s, (struct sockaddr *)&any, sizeof(any)) != 0) {
		perror("socket");
		exit(2);
	}
	(void)setsockopt(s, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return s;
}

/* 127.1.0.0 and up: as good as any number of strangers. */
static struct in_addr
stranger(unsigned n)
{
	return (struct in_addr){ htonl(0x7f010000u + n % 0xfd0000u) };
}

static void
send_from(struct in_addr from, const void *p, size_t len)
{
	union { char buf[CMSG_SPACE(sizeof(struct in_pktinfo))]; struct cmsghdr align; } control = { { 0 } };
	struct iovec iov = { (void *)p, len };
	struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	struct in_pktinfo info = { .ipi_spec_dst = from };

	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	while (sendmsg(fd, &m, 0) < 0 && (errno == ENOBUFS || errno == EAGAIN || errno == EINTR))
		;
}

static void
send_here(const void *p, size_t len)
{
	send_from((struct in_addr){ htonl(INADDR_LOOPBACK) }, p, len);
}

/* One answer within 'ms'; 'mine' (may be NULL) is the address of ours that it came to. */
static ssize_t
receive(uint8_t *buf, int ms)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, ms) == 1 ? recv(fd, buf, MAX, 0) : -1;
}

/* Keeps the number of unanswered datagrams small; those that get none cost a moment. */
static void
pace(void)
{
	static uint8_t buf[MAX];

	waiting++;
	while (receive(buf, waiting < WINDOW ? 0 : 20) >= 0) {
		answers++;
		waiting -= waiting > 0;
	}
	if (waiting >= WINDOW)
		waiting = 0;
}

static void
drain(int ms)
{
	static uint8_t buf[MAX];

	while (receive(buf, ms) >= 0)
		answers++;
}

/* --- CoAP --- */

static size_t
option(uint8_t *p, unsigned delta, const void *value, size_t len)
{
	size_t at = 1;

	p[0] = (uint8_t)(delta << 4 | (len < 13 ? len : len < 269 ? 13 : 14));
	if (len >= 269) {
		p[at++] = (uint8_t)((len - 269) >> 8);
		p[at++] = (uint8_t)(len - 269);
	} else if (len >= 13)
		p[at++] = (uint8_t)(len - 13);
	memcpy(p + at, value, len);
	return at + len;
}

/* POST /bs?ep=NAME */
static size_t
ask(uint8_t *p, uint16_t mid, const void *name, size_t len)
{
	uint8_t query[600] = "ep=";
	size_t n = 4;

	p[0] = 0x40;
	p[1] = 0x02;
	p[2] = (uint8_t)(mid >> 8);
	p[3] = (uint8_t)mid;
	n += option(p + n, 11, "bs", 2);
	memcpy(query + 3, name, len);
	return n + option(p + n, 4, query, len + 3);
}

static void
print_code(const char *what, const uint8_t *p, ssize_t n)
{
	if (n < 4)
		printf("%s none\n", what);
	else if ((p[0] >> 4 & 3) == 3)
		printf("%s reset\n", what);
	else
		printf("%s %u.%02u\n", what, p[1] >> 5, p[1] & 31u);
}

#define ODD(text)	text, sizeof(text) - 1	/* a NUL may stand in it */

static void
names(void)
{
	static char long252[252], long253[253];
	static const struct { const char *what, *name; size_t len; } odd[] = {
		{ "252", long252, 252 }, { "253", long253, 253 }, { "nul", ODD("a\0b") },
		{ "ampersand", ODD("a&ep=b") }, { "equals", ODD("=a=b") },
		{ "percent", ODD("%s%n%00%zz") },
		{ "utf8", ODD("m\xc3\xa9tro-\xe2\x82\xac-\xf0\x9f\x9a\x87") },
		{ "invalid", ODD("a\xff\xfe") }, { "overlong", ODD("a\xc0\xaf") },
		{ "surrogate", ODD("\xed\xa0\x80") }, { "quotes", ODD("\"}],\"x\":\"'`\\") },
		{ "newline", ODD("n\n2026-01-01T00:00:00.000Z info forged") },
		{ "escape", ODD("\x1b[2J\x1b]0;own\x07") }, { "c1", ODD("\xc2\x9b" "31m") },
		{ "bidi", ODD("\xe2\x80\xae" "gpj.exe") },
		{ "fields", ODD("x peer=192.0.2.1:1 result=finished") },
		{ "backslash", ODD("a\\x0ab") }, { "path", ODD("../../etc/passwd") },
		{ "sql", ODD("'; DROP TABLE endpoint;--") }, { "glob", ODD("*") },
		{ "variable", ODD("${endpoint}") }, { "empty", ODD("") },
	};
	uint8_t p[1024], in[MAX];

	memset(long252, 'L', sizeof(long252));
	memset(long253, 'l', sizeof(long253));
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		send_from(stranger((unsigned)i), p, ask(p, (uint16_t)(100 + i), odd[i].name, odd[i].len));
		print_code(odd[i].what, in, receive(in, 2000));
	}
}

static void
strangers(unsigned n, const char *name)
{
	uint8_t p[256];
	char own[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(own, sizeof(own), "nobody-%u", i);
		send_from(stranger(i), p, ask(p, (uint16_t)i, name != NULL ? name : own,
		    strlen(name != NULL ? name : own)));
		pace();
	}
	drain(50);
	printf("answers=%u\n", answers);
}

static void
replay(unsigned n, const char *name)
{
	uint8_t p[256], in[MAX], first[MAX];
	size_t len = ask(p, 4711, name, strlen(name));
	unsigned got = 0, different = 0;
	ssize_t first_len = -1;

	for (unsigned i = 0; i < n; i++) {
		send_here(p, len);
		for (ssize_t l; (l = receive(in, 1000)) >= 0;) {
			if (l < 4 || (in[0] >> 4 & 3) != 2)
				continue;	/* a request of the daemon, not an answer */
			if (first_len < 0)
				memcpy(first, in, (size_t)(first_len = l));
			different += l != first_len || memcmp(first, in, (size_t)l) != 0;
			got++;
			break;
		}
	}
	printf("answers=%u different=%u\n", got, different);
}

/* --- what is wrong in one place only --- */

static void
junk(unsigned n)
{
	static uint8_t p[65507];
	static const struct { const char *p; size_t len; } odd[] = {
		/* shorter than a header */
		{ ODD("") }, { ODD("\x40") }, { ODD("\x40\x02\x00") },
		{ ODD("\x00\x02\x12\x34") }, { ODD("\x80\x02\x12\x34") },
		{ ODD("\xc0\x02\x12\x34") },	/* other versions */
		/* token length 15; a token cut short */
		{ ODD("\x4f\x02\x12\x34") }, { ODD("\x48\x02\x12\x34\x01") },
		{ ODD("\x40\x02\x12\x34\xff") },	/* a marker, and nothing behind it */
		{ ODD("\x40\x02\x12\x34\xdd") }, { ODD("\x40\x02\x12\x34\xee\x01") },
		{ ODD("\x40\x02\x12\x34\xf1\x01") },
		{ ODD("\x40\x02\x12\x34\xb2" "bs\x10\x20\x30\x40\x50\x60\x70") },
		/* an unknown critical option */
		{ ODD("\x40\x02\x12\x34\xb2" "bs\xd2\x30zz") },
		{ ODD("\x50\x02\x12\x34\xb2" "bs\xd2\x30zz") },	/* the same, non-confirmable */
		/* Block1 with the reserved size */
		{ ODD("\x40\x02\x12\x34\xb2" "bs\xd3\x03\xff\xff\xff") },
		{ ODD("\x40\x02\x12\x34\xb2" "bs\xd4\x03\xff\xff\xff\xff") },
		{ ODD("\x40\x00\x12\x34") }, { ODD("\x50\x00\x12\x34") },	/* pings */
		/* ACK and RST of nothing */
		{ ODD("\x60\x00\x12\x34") }, { ODD("\x70\x00\x12\x34") },
		{ ODD("\x60\x44\x12\x34") }, { ODD("\x44\x45\x12\x34tokn") },
		{ ODD("\x54\x45\x12\x34tokn") },	/* answers nobody asked */
		{ ODD("\x40\x1f\x12\x34") }, { ODD("\x40\x20\x12\x34") },
		{ ODD("\x40\xe1\x12\x34") }, { ODD("\x70\x02\x12\x34") },
		{ ODD("\x40\x01\x12\x34\xb6" "bspack") }, { ODD("\x40\x04\x12\x34\xb2" "bs") },
		{ ODD("\x40\x02\x12\x34\x31" "h\x82" "bs") },
		{ ODD("\x40\x02\x12\x34\xd0\x16") }, { ODD("\x40\x02\x12\x34\xd0\x1a") },
	};

	for (unsigned i = 0; i < n; i++) {
		size_t len = rnd() % 1500;

		for (size_t k = 0; k < len; k++)
			p[k] = (uint8_t)rnd();
		if (i % 4 == 1 && len > 4)	/* a good header before it */
			memcpy(p, "\x40\x02\x12\x34", 4);
		if (i % 4 == 2 && len > 13)	/* and of DTLS */
			memcpy(p, "\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00", 11);
		send_from(stranger(i % 500), p, len);
		if (i % 2 == 0) {
			size_t k = i / 2 % (sizeof(odd) / sizeof(odd[0]));
			send_from(stranger(i % 500), odd[k].p, odd[k].len);
		}
		pace();
	}
	for (unsigned kind = 0x50; kind <= 0x70; kind += 0x10)
		for (unsigned mid = 0; mid < 3000; mid++) {
			send_here((uint8_t[]){ (uint8_t)kind, 0, (uint8_t)(mid >> 8), (uint8_t)mid }, 4);
			pace();
		}
	memset(p, 0x41, sizeof(p));
	memcpy(p, "\x40\x02\x12\x34\xb2" "bs\xff", 8);
	for (size_t len = 1200; len < sizeof(p); len = len * 2) {
		send_here(p, len);
		pace();
	}
	send_here(p, sizeof(p));	/* the most that fits UDP over IPv4 */
	drain(50);
	printf("answers=%u\n", answers);
}

/* --- seeds --- */

static int
hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Annotated hex, as tests/fuzz/driver.c reads it. */
static size_t
read_seed(const char *path, uint8_t *out, size_t cap)
{
	FILE *f = fopen(path, "r");
	size_t n = 0;
	int c, high = -1;

	while (f != NULL && (c = fgetc(f)) != EOF && n < cap) {
		while (c == '#' && (c = fgetc(f)) != '\n' && c != EOF)
			c = '#';
		int d = hex_digit(c);
		if (d >= 0 && high >= 0)
			out[n++] = (uint8_t)(high << 4 | d);
		if (d >= 0)
			high = high >= 0 ? -1 : d;
	}
	if (f != NULL)
		fclose(f);
	return n;
}

static unsigned
seeds_of(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned count = 0;
	uint8_t p[4096];
	char path[1024];

	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		size_t len = read_seed(path, p, sizeof(p));
		for (size_t n = len; n > 0 && n + 64 > len; n--) {
			send_from(stranger((unsigned)n), p, n);
			pace();
		}
		count++;
	}
	if (d != NULL)
		closedir(d);
	return count;
}

/* --- DTLS --- */

/* RFC 6347, 4.1 and 4.2: a ClientHello in one record, with the one suite that all have. */
static size_t
hello(uint8_t *p, uint32_t random, unsigned seq, const uint8_t *cookie, size_t cookie_len)
{
	static const uint8_t suites[] = { 0x00, 0x04, 0xc0, 0xa8, 0x00, 0xae, 0x01, 0x00 };
	size_t body = 2 + 32 + 1 + 1 + cookie_len + sizeof(suites), n = 25;

	memset(p, 0, n);
	memcpy(p, "\x16\xfe\xfd", 3);
	p[10] = (uint8_t)seq;
	p[11] = (uint8_t)((body + 12) >> 8);
	p[12] = (uint8_t)(body + 12);
	p[13] = 1;
	p[15] = p[23] = (uint8_t)(body >> 8);
	p[16] = p[24] = (uint8_t)body;
	p[18] = (uint8_t)seq;
	memcpy(p + n, "\xfe\xfd", 2);
	for (size_t i = 0; i < 32; i++)
		p[n + 2 + i] = (uint8_t)(random >> (i % 4 * 8));
	n += 34;
	p[n++] = 0;
	p[n++] = (uint8_t)cookie_len;
	if (cookie_len > 0)
		memcpy(p + n, cookie, cookie_len);
	n += cookie_len;
	memcpy(p + n, suites, sizeof(suites));
	return n + sizeof(suites);
}

static void
hellos(unsigned n)
{
	uint8_t p[512];

	for (unsigned i = 0; i < n; i++) {
		size_t len = hello(p, rnd(), 0, (const uint8_t *)"not the cookie", i % 2 ? 14 : 0);
		send_from(stranger(i), p, len);
		pace();
	}
	drain(50);
	printf("answers=%u\n", answers);
}

/* Each its own address; the cookie comes with the HelloVerifyRequest (RFC 6347, 4.2.1). */
static void
half(unsigned n)
{
	uint8_t p[512], in[MAX];
	unsigned answered = 0;

	for (unsigned i = 0; i < n; i++) {
		struct in_addr me = stranger(i);
		uint32_t random = rnd();
		ssize_t len;

		send_from(me, p, hello(p, random, 0, NULL, 0));
		/* late flights of others end up here, too */
		while ((len = receive(in, 500)) >= 0 && !(len > 28 && in[13] == 3))
			answered++;
		if (len < 0)
			continue;
		size_t cookie_len = in[27];
		send_from(me, p, hello(p, random, 1, in + 28, cookie_len));
	}
	while (receive(in, 100) >= 0)
		answered++;
	printf("answered=%u\n", answered);
}

/* --- a device --- */

static void
victim(const char *name, int ms)
{
	uint8_t p[256], in[MAX];
	ssize_t len;

	send_here(p, ask(p, (uint16_t)rnd(), name, strlen(name)));
	while ((len = receive(in, 10000)) >= 4) {
		bool finish = in[1] == 2;		/* POST /bs */
		if ((in[0] >> 4 & 3) != 0)
			continue;
		usleep((useconds_t)ms * 1000);
		in[0] = (uint8_t)(0x60 | (in[0] & 15));
		in[1] = in[1] == 4 ? 0x42 : in[1] == 1 ? 0x84 : 0x44;
		send_here(in, 4 + (in[0] & 15u));
		if (finish) {
			puts("finished");
			return;
		}
	}
	puts("lost");
}

/* --- the admin socket --- */

/* Half a line; bytes that are no text; questions whose answers nobody reads; nothing at all. */
static void
be_rude(int s, unsigned n)
{
	static const char question[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"methods\"}\n";
	uint8_t noise[512];
	ssize_t sent = 1;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)rnd();
	if (n % 4 == 1)
		sent = send(s, question, 20, MSG_NOSIGNAL | MSG_DONTWAIT);
	else if (n % 4 == 2)
		sent = send(s, noise, sizeof(noise), MSG_NOSIGNAL | MSG_DONTWAIT);
	for (unsigned i = 0; n % 4 == 3 && sent > 0 && i < 20000; i++)
		sent = send(s, question, sizeof(question) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
admin(const char *path, unsigned n)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	unsigned connected = 0;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	for (unsigned i = 0; i < n; i++) {
		int s = socket(AF_UNIX, SOCK_STREAM, 0);	/* closed by the end of this program */
		if (s < 0 || connect(s, (struct sockaddr *)&sun, sizeof(sun)) != 0)
			break;
		connected++;
		be_rude(s, i);
	}
	printf("connected=%u\n", connected);
	fflush(stdout);
	while (getchar() != EOF)
		;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	unsigned n = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;

	to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	to.sin_port = htons((uint16_t)(argc > 2 ? strtoul(argv[2], NULL, 10) : 0));
	fd = open_socket();
	if (strcmp(what, "seeds") == 0) {
		unsigned count = 0;
		for (int i = 3; i < argc; i++)
			count += seeds_of(argv[i]);
		drain(50);
		printf("seeds=%u\n", count);
	} else if (strcmp(what, "junk") == 0) {
		junk(n);
	} else if (strcmp(what, "strangers") == 0) {
		strangers(n, NULL);
	} else if (strcmp(what, "same") == 0 && argc > 4) {
		strangers(n, argv[4]);
	} else if (strcmp(what, "replay") == 0 && argc > 4) {
		replay(n, argv[4]);
	} else if (strcmp(what, "names") == 0) {
		names();
	} else if (strcmp(what, "hellos") == 0) {
		hellos(n);
	} else if (strcmp(what, "half") == 0) {
		half(n);
	} else if (strcmp(what, "admin") == 0) {
		admin(argv[2], n);
	} else if (strcmp(what, "victim") == 0 && argc > 4) {
		victim(argv[3], atoi(argv[4]));
	} else {
		fputs("see the top of hostile.c\n", stderr);
		return 2;
	}
	return 0;
}
