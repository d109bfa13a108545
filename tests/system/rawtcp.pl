#!/usr/bin/perl
# A CoAP peer over TCP (RFC 8323) that does what it is told, frame by frame, and prints what came:
#	rawtcp.pl HOST:PORT STEP ...
#	send=HEX	these bytes, as they are
#	read		one frame; prints "code token options payload" in hex
#	answer=CODE	a response of that code (hex) with the token of the last frame
#	close		ends the connection both ways; reset: by a reset
#	eof		waits until the other side has ended it; prints "end"
# Fails when a frame does not come within ten seconds.
use strict;
use warnings;
use Socket;
use IO::Socket::INET;

my ($where, @steps) = @ARGV;
my $s = IO::Socket::INET->new(PeerAddr => $where, Proto => 'tcp') or die "rawtcp: $where: $!\n";
$s->autoflush(1);
binmode $s;
my $token = '';

sub bytes {
	my ($want) = @_;
	my $got = '';
	while (length $got < $want) {
		my $n = sysread $s, $got, $want - length $got, length $got;
		die "rawtcp: the connection ended\n" unless $n;
	}
	return $got;
}

sub frame {
	my $first = ord bytes(1);
	my ($len, $tkl) = ($first >> 4, $first & 15);
	$len = 13 + unpack 'C', bytes(1) if $len == 13;
	$len = 269 + unpack 'n', bytes(2) if $len == 14;
	$len = 65805 + unpack 'N', bytes(4) if $len == 15;
	my $code = ord bytes(1);
	$token = bytes($tkl);
	my $rest = bytes($len);
	printf "%d.%02d %s %s\n", $code >> 5, $code & 31, unpack('H*', $token), unpack 'H*', $rest;
}

$| = 1;
$SIG{ALRM} = sub { die "rawtcp: nothing came\n" };
for my $step (@steps) {
	alarm 10;
	if ($step =~ /^send=([0-9a-f]*)$/) {
		print $s pack 'H*', $1;
	} elsif ($step eq 'read') {
		frame();
	} elsif ($step =~ /^answer=([0-9a-f]{2})$/) {
		print $s pack('C', length $token) . pack('H*', $1) . $token;
	} elsif ($step eq 'close') {
		close $s;
		exit 0;
	} elsif ($step eq 'reset') {
		setsockopt $s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
		close $s;
		exit 0;
	} elsif ($step eq 'eof') {
		my $n = sysread $s, my $more, 1;
		print defined $n && $n == 0 ? "end\n" : "no end\n";
	} else {
		die "rawtcp: what is $step?\n";
	}
}
