#ifndef TEST_LWM2M_SETS_H
#define TEST_LWM2M_SETS_H

/*
 * The data sets of spec/bootstrap.md, section 4, which the vectors of every format are named
 * after. Keys and hashes are in octal so that a digit behind them cannot be taken into an escape.
 */
#include "test_lwm2m.h"

#define PSK \
	"\034\242\002\215\161\227\307\170\351\256\365\357\151\010\053\352"
#define CLIENT_SPKI \
	"\060\131\060\023\006\007\052\206\110\316\075\002\001\006\010\052\206\110\316\075" \
	"\003\001\007\003\102\000\004\240\235\313\033\307\071\347\361\232\372\232\334\261" \
	"\224\111\150\277\272\163\357\316\302\233\120\110\156\264\115\033\051\301\223\104" \
	"\231\160\243\163\150\060\313\053\325\327\354\005\322\275\037\300\173\155\365\344" \
	"\213\124\316\167\246\247\042\234\072\221\302"
#define SERVER_SPKI \
	"\060\131\060\023\006\007\052\206\110\316\075\002\001\006\010\052\206\110\316\075" \
	"\003\001\007\003\102\000\004\202\307\163\363\170\323\014\047\203\244\216\270\021" \
	"\271\154\366\251\006\224\250\126\117\036\177\155\066\141\122\361\026\230\225\017" \
	"\157\174\100\315\245\205\063\117\203\167\120\241\002\365\277\045\120\214\353\236" \
	"\125\337\300\361\052\105\121\231\244\311\140"
#define CLIENT_KEY \
	"\060\167\002\001\001\004\040\237\065\055\241\144\225\164\216\024\157\313\123\160" \
	"\270\351\155\051\054\355\125\147\250\372\345\132\042\273\147\331\026\121\270\240" \
	"\012\006\010\052\206\110\316\075\003\001\007\241\104\003\102\000\004\240\235\313" \
	"\033\307\071\347\361\232\372\232\334\261\224\111\150\277\272\163\357\316\302\233" \
	"\120\110\156\264\115\033\051\301\223\104\231\160\243\163\150\060\313\053\325\327" \
	"\354\005\322\275\037\300\173\155\365\344\213\124\316\167\246\247\042\234\072\221" \
	"\302"

static const struct node set_a[] = {
	{ AT(0, 1, 0), STR("coap://192.0.2.10:5683") },
	{ AT(0, 1, 1), BOOL(false) },
	{ AT(0, 1, 2), INT(3) },
	{ AT(0, 1, 10), INT(101) },
};

static const struct node set_a2[] = {
	{ AT(0, 1, 0), STR("coap://192.0.2.10:5683") },
	{ AT(0, 1, 1), BOOL(false) },
	{ AT(0, 1, 2), INT(3) },
	{ AT(0, 1, 3), OPQ("") },
	{ AT(0, 1, 4), OPQ("") },
	{ AT(0, 1, 5), OPQ("") },
	{ AT(0, 1, 10), INT(101) },
};

static const struct node set_b[] = {
	{ AT(0, 1, 0), STR("coaps://server1.example.com") },
	{ AT(0, 1, 1), BOOL(false) },
	{ AT(0, 1, 2), INT(0) },
	{ AT(0, 1, 3), OPQ("b313cc22-f969-42ec-ad42") },
	{ AT(0, 1, 4), OPQ("") },
	{ AT(0, 1, 5), OPQ(PSK) },
	{ AT(0, 1, 10), INT(101) },
	{ ATI(0, 1, 16, 0), UNS(49320) },
	{ ATI(0, 1, 16, 1), UNS(174) },
};

static const struct node set_c[] = {
	{ AT(0, 2, 0), STR("coap://s.example.com") },
	{ AT(0, 2, 1), BOOL(false) },
	{ AT(0, 2, 2), INT(3) },
	{ AT(0, 2, 10), INT(40000) },
	{ AT(0, 2, 17), LNK(21, 0) },
};

static const struct node set_c2[] = {
	{ AT(21, 0, 0), OPQ("\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017\020") },
	{ AT(21, 0, 1), OPQ("\001") },
	{ AT(21, 0, 2), OPQ("\002") },
	{ AT(21, 0, 3), INT(10) },
	{ AT(21, 0, 5), OPQ("\236\174\251\042\043\170\143\100") },
};

static const struct node set_d[] = {
	{ AT(0, 0, 0), STR("coaps://bs.example.com") },
	{ AT(0, 0, 1), BOOL(true) },
	{ AT(0, 0, 2), INT(0) },
	{ AT(0, 0, 3), OPQ("dev-0001") },
	{ AT(0, 0, 4), OPQ("") },
	{ AT(0, 0, 5), OPQ(PSK) },
	{ AT(0, 0, 11), INT(3600) },
	{ AT(0, 0, 12), INT(0) },
};

static const struct node set_e[] = {
	{ AT(1, 0, 0), INT(101) },
	{ AT(1, 0, 1), INT(86400) },
	{ AT(1, 0, 2), INT(300) },
	{ AT(1, 0, 3), INT(6000) },
	{ AT(1, 0, 5), INT(86400) },
	{ AT(1, 0, 6), BOOL(true) },
	{ AT(1, 0, 7), STR("U") },
	{ AT(1, 0, 13), UNS(1) },
	{ AT(1, 0, 14), UNS(0) },
	{ AT(1, 0, 15), BOOL(false) },
	{ AT(1, 0, 16), BOOL(true) },
	{ AT(1, 0, 17), UNS(5) },
	{ AT(1, 0, 18), UNS(60) },
	{ AT(1, 0, 19), UNS(86400) },
	{ AT(1, 0, 20), UNS(1) },
	{ AT(1, 0, 23), BOOL(false) },
};

static const struct node set_f[] = {
	{ AT(1, 1, 0), INT(40000) },
	{ AT(1, 1, 1), INT(300) },
	{ AT(1, 1, 6), BOOL(false) },
	{ AT(1, 1, 7), STR("U") },
};

static const struct node set_g1[] = {
	{ AT(1, 0, 0), INT(101) },
	{ AT(1, 0, 1), INT(86400) },
	{ AT(1, 0, 6), BOOL(true) },
	{ AT(1, 0, 7), STR("U") },
	{ AT(1, 1, 0), INT(102) },
	{ AT(1, 1, 1), INT(300) },
	{ AT(1, 1, 6), BOOL(false) },
	{ AT(1, 1, 7), STR("UT") },
};

static const struct node set_g2[] = {
	{ AT(0, 1, 0), STR("coap://a.example") },
	{ AT(0, 1, 1), BOOL(false) },
	{ AT(0, 1, 2), INT(3) },
	{ AT(0, 1, 10), INT(101) },
	{ AT(0, 2, 0), STR("coap://b.example") },
	{ AT(0, 2, 1), BOOL(false) },
	{ AT(0, 2, 2), INT(3) },
	{ AT(0, 2, 10), INT(102) },
};

static const struct node set_h1[] = {
	{ AT(2, 0, 0), INT(3) },
	{ AT(2, 0, 1), INT(0) },
	{ ATI(2, 0, 2, 101), INT(15) },
	{ ATI(2, 0, 2, 102), INT(1) },
	{ ATI(2, 0, 2, 0), INT(1) },
	{ AT(2, 0, 3), INT(101) },
};

static const struct node set_h2[] = {
	{ AT(2, 4, 0), INT(5) },
	{ AT(2, 4, 1), INT(65535) },
	{ ATI(2, 4, 2, 101), INT(16) },
	{ AT(2, 4, 3), INT(65535) },
};

static const struct node set_j[] = {
	{ AT(0, 1, 0), STR("coaps://server2.example.com") },
	{ AT(0, 1, 1), BOOL(false) },
	{ AT(0, 1, 2), INT(1) },
	{ AT(0, 1, 3), OPQ(CLIENT_SPKI) },
	{ AT(0, 1, 4), OPQ(SERVER_SPKI) },
	{ AT(0, 1, 5), OPQ(CLIENT_KEY) },
	{ AT(0, 1, 10), INT(102) },
};

static const struct node set_p[] = {
	{ AT(0, 1, 0), STR("coap://s.example.com") },
	{ AT(0, 1, 1), BOOL(false) },
	{ AT(0, 1, 2), INT(3) },
	{ AT(0, 1, 10), INT(101) },
	{ AT(1, 0, 0), INT(101) },
	{ AT(1, 0, 1), INT(86400) },
	{ AT(1, 0, 6), BOOL(true) },
	{ AT(1, 0, 7), STR("U") },
};

/* The example of the Device object that OMA prints in every format. */
static const struct node device[] = {
	{ AT(3, 0, 0), STR("Open Mobile Alliance") },
	{ AT(3, 0, 1), STR("Lightweight M2M Client") },
	{ AT(3, 0, 2), STR("345000123") },
	{ AT(3, 0, 3), STR("1.0") },
	{ ATI(3, 0, 6, 0), INT(1) },
	{ ATI(3, 0, 6, 1), INT(5) },
	{ ATI(3, 0, 7, 0), INT(3800) },
	{ ATI(3, 0, 7, 1), INT(5000) },
	{ ATI(3, 0, 8, 0), INT(125) },
	{ ATI(3, 0, 8, 1), INT(900) },
	{ AT(3, 0, 9), INT(100) },
	{ AT(3, 0, 10), INT(15) },
	{ ATI(3, 0, 11, 0), INT(0) },
	{ AT(3, 0, 13), TIME(1367491215) },
	{ AT(3, 0, 14), STR("+02:00") },
	{ AT(3, 0, 16), STR("U") },
};

enum set { A, A2, B, C, C2, D, E, F, G1, G2, H1, H2, J, P, NSETS };

static const struct {
	const char		*target;
	const struct node	*nodes;
	size_t			 n;
} sets[NSETS] = {
	[A] = { "/0/1", set_a, COUNT(set_a) },
	[A2] = { "/0/1", set_a2, COUNT(set_a2) },
	[B] = { "/0/1", set_b, COUNT(set_b) },
	[C] = { "/0/2", set_c, COUNT(set_c) },
	[C2] = { "/21/0", set_c2, COUNT(set_c2) },
	[D] = { "/0/0", set_d, COUNT(set_d) },
	[E] = { "/1/0", set_e, COUNT(set_e) },
	[F] = { "/1/1", set_f, COUNT(set_f) },
	[G1] = { "/1", set_g1, COUNT(set_g1) },
	[G2] = { "/0", set_g2, COUNT(set_g2) },
	[H1] = { "/2/0", set_h1, COUNT(set_h1) },
	[H2] = { "/2/4", set_h2, COUNT(set_h2) },
	[J] = { "/0/1", set_j, COUNT(set_j) },
	[P] = { "/", set_p, COUNT(set_p) },
};

#endif
