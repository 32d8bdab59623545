// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The spellings of Snort 3 and Suricata, variables, groups of flowbits, lines that speak of rules:
 * what each of them means.
 */
#include "wire/rules/test-rules.h"

/* Options on one datagram: options, payload, its length (0: up to its NUL), hits. */
/* A record with a hello of two bytes; a hello and a key exchange in two records. */
#define CLIENT_HELLO   "\x16\3\1\0\6\1\0\0\2\3\3"
#define SERVER_RECORDS "\x16\3\3\0\6\2\0\0\2\3\3\x16\3\3\0\5\x0c\0\0\1\0"

static void test_payload(void **state)
{
	(void)state;
	static const struct {
		const char *options, *payload;
		size_t len, hits;
	} rows[] = {
		{"content:\"aBc\",nocase;", "xABC", 0, 1},
		{"content:\"ab\",offset 1,depth 2;", "xab", 0, 1},
		{"content:\"ab\",offset 1,depth 2;", "xxab", 0, 0},
		{"content:\"a\"; content:\"b\",distance 1,within 1;", "axb", 0, 1},
		{"content:\"a\"; content:\"b\",distance 1,within 1;", "ab", 0, 0},
		{"content:\"abcdef\",fast_pattern,fast_pattern_offset 2,fast_pattern_length 3;",
			"xabcdef", 0, 1},
		{"content:!\"ab\",depth 2;", "xab", 0, 1},
		{"content:\"ab\"; startswith;", "abc", 0, 1},
		{"content:\"ab\"; startswith;", "xab", 0, 0},
		{"content:!\"ab\"; startswith;", "xab", 0, 1},
		{"content:\"ab\"; endswith;", "abxab", 0, 1},
		{"content:\"ab\"; endswith;", "ab", 0, 1},
		{"content:\"ab\"; endswith;", "xabx", 0, 0},
		{"content:\"ab\"; endswith;", "b", 0, 0},
		{"content:!\"ab\"; endswith;", "abx", 0, 1},
		{"content:\"a\"; content:\"b\"; distance:0; endswith;", "abab", 0, 1},
		{"content:\"ab\"; startswith; endswith;", "ab", 0, 1},
		{"content:\"ab\"; startswith; endswith;", "abab", 0, 0},
		{"content:\"ab\"; offset:-3; depth:5;", "ab", 0, 1},
		/* byte_extract: the variable, and the cursor behind the number. */
		{"byte_extract:1,0,n; content:\"b\"; offset:n;",
			"\x03"
			"aab",
			0, 1},
		{"byte_extract:1,0,n; content:\"b\"; offset:n;",
			"\x03"
			"aba",
			0, 0},
		{"byte_extract:1,0,n; content:\"b\"; depth:n;",
			"\x03"
			"ab",
			0, 1},
		{"byte_extract:1,0,n; content:\"b\"; depth:n;",
			"\x02"
			"ab",
			0, 0},
		{"content:\"a\"; byte_extract:1,0,n,relative; content:\"z\"; distance:n;",
			"xa\x02..z", 0, 1},
		{"content:\"a\"; byte_extract:1,0,n,relative; content:\"z\"; distance:n;",
			"xa\x02.z", 0, 0},
		{"content:\"a\"; byte_extract:1,0,n,relative; content:!\"z\"; within:n;",
			"xa\x02..z", 0, 1},
		{"content:\"a\"; byte_extract:1,0,n,relative; content:!\"z\"; within:n;",
			"xa\x02.z.", 0, 0},
		/* The first a is not the one: a variable is of its way. */
		{"content:\"a\"; byte_extract:1,0,n,relative; byte_test:1,=,n,0,relative;",
			"a\x01\x02"
			"a\x03\x03",
			0, 1},
		{"content:\"a\"; byte_extract:1,0,n,relative; byte_test:1,=,n,0,relative;",
			"a\x01\x02"
			"a\x03\x04",
			0, 0},
		{"byte_extract:1,0,a; byte_extract:1,0,b,relative; byte_test:1,=,b,2;",
			"\x01\x02\x01", 0, 0},
		{"byte_extract:1,0,a; byte_extract:1,0,b,relative; byte_test:1,=,a,1;",
			"\x02\x02\x05", 0, 1},
		{"byte_extract:2,0,n,little,multiplier 2; isdataat:n;", "\x02\x00...", 5, 1},
		{"byte_extract:2,0,n,little,multiplier 2; isdataat:n;", "\x02\x00..", 4, 0},
		{"byte_extract:2,0,n,string,dec; content:\"z\"; offset:n;", "04..z", 0, 1},
		{"byte_extract:1,0,n,align 4; content:\"z\"; offset:n;", "\x03...z", 0, 1},
		{"byte_extract:1,0,n,bitmask 0xf0; content:\"z\"; offset:n;", "\x4f...z", 0, 1},
		{"byte_extract:1,0,n; byte_jump:1,n; isdataat:!0,relative;", "\x02.\x01.", 0, 0},
		{"byte_extract:1,0,n; byte_jump:1,n; isdataat:0,relative;", "\x02.\x01.x", 0, 1},
		{"byte_extract:8,0,n; content:\"z\"; offset:n;",
			"\xff\xff\xff\xff\xff\xff\xff\xffz", 9, 0},
		{"byte_math:bytes 1,offset 0,oper +,rvalue 2,result n; content:\"z\"; offset:n;",
			"\x01..z", 0, 1},
		{"byte_math:bytes 1,offset 0,oper -,rvalue 2,result n; content:\"z\"; offset:n;",
			"\x01..z", 0, 0},
		{"byte_math:bytes 1,offset 0,oper /,rvalue 0,result n; content:\"z\"; offset:n;",
			"\x01..z", 0, 0},
		{"byte_math:bytes 1,offset 0,oper *,rvalue 3,result n; content:\"z\"; offset:n;",
			"\x01..z", 0, 1},
		{"byte_math:bytes 1,offset 0,oper <<,rvalue 1,result n; content:\"z\"; offset:n;",
			"\x02...z", 0, 1},
		{"byte_math:bytes 2,offset 0,oper >>,rvalue 1,result n,endian little; "
		 "byte_math:bytes 1,offset 0,oper +,rvalue n,result m,relative; "
		 "byte_test:1,=,m,3;",
			"\x06\x00\x01\x04", 4, 1},
		/* 0 digits: up to the end. */
		{"byte_test:0,>,99,0,string,dec;", "100", 0, 1},
		{"byte_test:0,>,99,0,string,dec;", "99", 0, 0},
		{"byte_test:0,>,99,3,string,dec;", "100", 0, 0},
		/* "worm at a=1" is d29ybSBhdCBhPTE= */
		{"content:\"x:\"; base64_decode:relative; base64_data; content:\"worm\"; depth:4; "
		 "content:\"a=\"; distance:4; within:2;",
			"x:d29ybSBhdCBhPTE=", 0, 1},
		{"content:\"x:\"; base64_decode:relative; base64_data; content:\"1\"; endswith;",
			"x:d29ybSBhdCBhPTE=", 0, 1},
		{"content:\"x:\"; base64_decode:bytes 8,relative; base64_data; content:\"at\";",
			"x:d29ybSBhdCBhPTE=", 0, 0},
		{"content:\"x:\"; base64_decode:bytes 8,offset 1,relative; base64_data; "
		 "content:\"worm\";",
			"x: d29ybSBhdCBhPTE=", 0, 1},
		{"content:\"x:\"; base64_decode:offset 2; base64_data; content:\"worm\";",
			"x:d29y\r\n bSBhdCBhPTE=", 0, 1},
		/* A line that is not folded ends it, however its end is written. */
		{"content:\"x:\"; base64_decode:relative; base64_data; content:\"worm\"; endswith;",
			"x:d29ybQ\r\nHost", 0, 1},
		{"content:\"x:\"; base64_decode:relative; base64_data; content:\"worm\"; endswith;",
			"x:d29ybQ\nHost", 0, 1},
		{"content:\"x:\"; base64_decode:relative; base64_data; content:\"worm\"; endswith;",
			"x:d29ybQ\rHost", 0, 1},
		{"content:\"x:\"; base64_decode:relative; base64_data; content:\"worm\"; endswith;",
			"x:d29ybQ\r\n\r\n Host", 0, 1},
		{"content:\"x:\"; base64_decode:relative; base64_data; content:\"worm\";",
			"x:\r\nd29ybQ", 0, 0},
		{"content:\"x:\"; base64_decode:relative; base64_data; content:\"worm at\";",
			"x:d29y\r\n\tbSBh\n dC BhPTE=", 0, 1},
		{"content:\"x:\"; base64_decode:relative; base64_data; content:!\"at\";",
			"x:d29ybSBh!CBhPTE=", 0, 1},
		{"content:\"x:\"; base64_decode:relative; base64_data; content:!\"at\";", "x:!", 0,
			0},
		{"content:\"x:\"; base64_decode:relative; base64_data; content:!\"at\";", "x:", 0,
			0},
		{"content:\"x:\"; base64_decode:relative; base64_data; content:\"worm\"; pkt_data; "
		 "content:\"BhP\";",
			"x:d29ybSBhdCBhPTE=", 0, 1},
		/* The second place is tried, too. */
		{"content:\"x:\"; base64_decode:relative; base64_data; content:\"worm\";",
			"x:AAAA!x:d29ybSBhdCBhPTE=", 0, 1},
		{"content:\"x:\"; base64_decode:relative; content:\"T\"; base64_data; "
		 "pcre:\"/^worm/\";",
			"x:AAAA!x:d29ybSBhdCBhPTE=", 0, 1},
		/* The sender is 10.0.0.1. */
		{"content:\"PORT\"; ftpbounce;", "PORT 10,0,0,2,8,13", 0, 1},
		{"content:\"PORT\"; ftpbounce;", "PORT 10,0,0,1,8,13", 0, 0},
		{"content:\"PORT\"; ftpbounce;", "PORT  010,00,0,001,8,13", 0, 0},
		{"content:\"PORT\"; ftpbounce;", "PORT 10,0,0", 0, 0},
		{"content:\"PORT\"; ftpbounce;", "PORT 10,0,0,256,8,13", 0, 0},
		{"content:\"PORT\"; ftpbounce;", "PORT 10.0.0.2", 0, 0},
		{"content:\"PORT\"; ftpbounce;", "PORT PORT 10,9,9,9,1", 0, 1},
		/* Records of TLS. */
		{"ssl_state:client_hello;", CLIENT_HELLO, sizeof(CLIENT_HELLO) - 1, 1},
		{"ssl_state:server_hello, client_hello;", CLIENT_HELLO, sizeof(CLIENT_HELLO) - 1,
			1},
		{"ssl_state:server_hello;", CLIENT_HELLO, sizeof(CLIENT_HELLO) - 1, 0},
		{"ssl_state:!client_hello;", CLIENT_HELLO, sizeof(CLIENT_HELLO) - 1, 0},
		{"ssl_state:!server_hello, !server_keyx;", CLIENT_HELLO, sizeof(CLIENT_HELLO) - 1,
			1},
		{"ssl_state:client_hello;", CLIENT_HELLO, 6, 1},
		{"ssl_state:client_hello;", CLIENT_HELLO, 5, 0},
		{"ssl_state:unknown;", CLIENT_HELLO, 5, 0},
		{"ssl_state:unknown;", "GET / HTTP/1.0", 0, 1},
		{"ssl_state:!client_hello;", "GET / HTTP/1.0", 0, 0},
		{"ssl_state:server_keyx;", SERVER_RECORDS, sizeof(SERVER_RECORDS) - 1, 1},
		{"ssl_state:server_hello;", SERVER_RECORDS, sizeof(SERVER_RECORDS) - 1, 1},
		{"ssl_state:client_keyx;", SERVER_RECORDS, sizeof(SERVER_RECORDS) - 1, 0},
		{"ssl_version:tls1.0;", CLIENT_HELLO, sizeof(CLIENT_HELLO) - 1, 1},
		{"ssl_version:sslv3,tls1.2;", CLIENT_HELLO, sizeof(CLIENT_HELLO) - 1, 0},
		{"ssl_version:!sslv2;", CLIENT_HELLO, sizeof(CLIENT_HELLO) - 1, 1},
		{"ssl_version:tls1.2;", SERVER_RECORDS, sizeof(SERVER_RECORDS) - 1, 1},
		{"ssl_version:sslv3;", "\x15\3\0\0\2\2\x28", 7, 1},
		{"ssl_version:!sslv3;", "GET / HTTP/1.0", 0, 0},
		{"ssl_version:sslv2; ssl_state:client_hello;", "\x80\x2e\1\0\2\0\x15\0\0\0\x10", 11,
			1},
		{"ssl_version:sslv2; ssl_state:client_hello;", "\0\x2e\5\1\0\2\0\x15", 8, 1},
		{"ssl_version:tls1.0; ssl_state:client_hello;", "\x80\x2e\1\3\1\0\x15", 7, 1},
		{"ssl_version:sslv2; ssl_state:server_hello;", "\x80\x2e\4\0\1\0\2\0", 8, 1},
		{"ssl_version:sslv2;", "\x80\x2e\1\0\3\0", 6, 0},
		/* rpc, over UDP. */
		{"rpc:100000,*,*;", "\0\0\0\1\0\0\0\0\0\0\0\2\0\x01\x86\xa0\0\0\0\2\0\0\0\3", 24,
			1},
		{"rpc:100000,2,3;", "\0\0\0\1\0\0\0\0\0\0\0\2\0\x01\x86\xa0\0\0\0\2\0\0\0\3", 24,
			1},
		{"rpc:100000,2,4;", "\0\0\0\1\0\0\0\0\0\0\0\2\0\x01\x86\xa0\0\0\0\2\0\0\0\3", 24,
			0},
		{"rpc:100000,*,*;", "\0\0\0\1\0\0\0\1\0\0\0\2\0\x01\x86\xa0\0\0\0\2\0\0\0\3", 24,
			0},
		{"rpc:100000,*,*;", "\0\0\0\1\0\0\0\0\0\0\0\2\0\x01\x86\xa0\0\0\0\2\0\0\0", 23, 0},
		/* asn1: a length, inside a sequence, cut. */
		{"asn1:oversize_length 1024;", "\x04\x82\x04\x00...", 7, 1},
		{"asn1:oversize_length 1025;", "\x04\x82\x04\x00...", 7, 0},
		{"asn1:oversize_length 1024;", "\x30\x06\x04\x01.\x04\x82\x04\x00", 9, 1},
		{"asn1:oversize_length 1024;", "\x30\x80\x04\x01.\x04\x82\x04\x00", 9, 1},
		{"asn1:oversize_length 1024;", "\x30\x06\x04\x01.\x04\x82\x04", 8, 0},
		{"asn1:oversize_length 1024;", "\x04\x89\x04\x00\x00\x00\x00\x00\x00\x00\x01", 11,
			0},
		{"asn1:oversize_length 1024;", "\x04\x88\xff\xff\xff\xff\xff\xff\xff\xff", 10, 1},
		{"asn1:oversize_length 1024;", "\x1f\xff\xff\xff", 4, 0},
		{"asn1:oversize_length 1024;", "\x1f\xff\x01\x82\x04\x00", 6, 1},
		{"asn1:bitstring_overflow;", "\x03\x02\x09.", 4, 1},
		{"asn1:bitstring_overflow;", "\x03\x02\x08.", 4, 0},
		{"asn1:bitstring_overflow;", "\x03\x01\x01", 3, 1},
		{"asn1:bitstring_overflow;", "\x03\x00", 2, 0},
		{"asn1:bitstring_overflow;", "\x83\x01\x01", 3, 0},
		{"asn1:double_overflow;", "\x09\x82\x01\x02\x03", 5, 1},
		{"asn1:double_overflow;", "\x09\x82\x01\x01\x03", 5, 0},
		{"asn1:double_overflow;", "\x09\x82\x01\x02\x83", 5, 0},
		{"content:\"a\"; asn1:oversize_length 5, relative_offset 1;", "xa.\x04\x05", 5, 1},
		{"content:\"a\"; asn1:oversize_length 5, relative_offset -1;",
			"x\x04\x05"
			"a",
			0, 0},
		{"content:\"a\"; tag:session,5,packets; target:dest_ip; rem:\"x\";", "a", 0, 1},
		{"content:\"a\"; noalert;", "a", 0, 0},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		char text[256];
		snprintf(text, sizeof(text), "alert udp any any -> any any (%s sid:1;)",
			rows[i].options);
		struct stage stage;
		stage_open(&stage, text, WW_MATCHER_RUNS);
		size_t len = rows[i].len ? rows[i].len : strlen(rows[i].payload);
		size_t hits = stage_datagram(&stage, 9, rows[i].payload, len);
		if (hits != rows[i].hits)
			fail_msg("row %zu, %s: %zu hits", i, text, hits);
		stage_close(&stage);
	}
}

/* Whole rules on one request to this port. */
static void test_headers(void **state)
{
	(void)state;
	static const struct {
		const char *rule;
		uint16_t port;
		size_t hits;
	} rows[] = {
		{"alert http any any -> any any (content:\"GET\"; sid:1;)", 80, 1},
		/* Known by its bytes, at any port. */
		{"alert http any any -> any any (content:\"GET\"; sid:1;)", 81, 1},
		{"alert http any any -> any any (content:\"GET\"; sid:1;)", 6, 1},
		{"alert http any any -> any any (flow:to_client; content:\"GET\"; sid:1;)", 6, 0},
		{"alert http any any -> any 7 (content:\"GET\"; sid:1;)", 6, 0},
		{"alert http any any -> any 6 (content:\"GET\"; sid:1;)", 6, 1},
		/* A parser's buffer: wherever it is found. */
		{"alert http any any -> any any (http.uri; content:\"/a\"; sid:1;)", 6, 1},
		{"alert http (content:\"GET\"; sid:1;)", 80, 1},
		{"alert http\n(\n  content:\"GET\";\n  sid:1;\n)\n", 80, 1},
		{"alert tcp any -> any (content:\"GET\"; sid:1;)", 6, 1},
		/* Known for something else, at its own port. */
		{"alert ftp any any -> any any (content:\"GET\"; sid:1;)", 21, 0},
		{"alert tls any any -> any any (content:\"GET\"; sid:1;)", 443, 0},
		{"alert smb any any -> any 6 (content:\"GET\"; sid:1;)", 6, 0},
		/* No parser of ours: by its usual ports. */
		{"alert imap any any -> any any (content:\"GET\"; sid:1;)", 143, 1},
		{"alert imap any any -> any any (content:\"GET\"; sid:1;)", 80, 0},
		{"alert ssh any any -> any any (content:\"GET\"; sid:1;)", 22, 0},
		{"alert tls any any -> any any (content:\"GET\"; sid:1;)", 80, 0},
		{"alert dns any any -> any any (content:\"GET\"; sid:1;)", 80, 0},
		{"alert tcp-pkt any any -> any any (content:\"GET\"; depth:3; sid:1;)", 6, 1},
		{"alert tcp-stream any any -> any any (content:\"GET\"; sid:1;)", 6, 1},
		{"alert tcp any any -> any !5,!7 (content:\"GET\"; sid:1;)", 6, 1},
		{"alert tcp any any -> any !5,!7 (content:\"GET\"; sid:1;)", 7, 0},
		{"alert tcp any any -> any any (urilen:2; content:\"GET\"; sid:1;)", 80, 1},
		{"alert tcp any any -> any any (urilen:>2; content:\"GET\"; sid:1;)", 80, 0},
		{"alert tcp any any -> any any (urilen:2<>5; content:\"GET\"; sid:1;)", 80, 1},
		{"alert tcp any any -> any any (urilen:!2; content:\"GET\"; sid:1;)", 80, 0},
		{"alert tcp any any -> any any (urilen:2; sid:1;)", 80, 1},
		{"alert tcp any any -> any any (http.uri; bsize:2; content:\"/\"; sid:1;)", 80, 1},
		{"alert tcp any any -> any any (http.uri; bsize:2<>5; content:\"/\"; sid:1;)", 80,
			0},
		{"alert tcp any any -> any any (http_uri; bufferlen:2<=>5; content:\"/\"; "
		 "sid:1;)",
			80, 1},
		{"alert tcp any any -> any any (http.uri; bsize:<3; content:\"/\"; sid:1;)", 80, 1},
		{"alert tcp any any -> any any (http.uri; content:\"a\"; endswith; sid:1;)", 80, 1},
		{"alert tcp any any -> any any (http.uri; content:\"a\"; startswith; sid:1;)", 80,
			0},
	};
	static const char request[] = "GET /a HTTP/1.0\r\n\r\n";
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct stage stage;
		stage_open(&stage, rows[i].rule, WW_MATCHER_RUNS);
		size_t hits = stage_stream(&stage, rows[i].port, request, strlen(request));
		if (hits != rows[i].hits)
			fail_msg("row %zu, %s: %zu hits", i, rows[i].rule, hits);
		stage_close(&stage);
	}
}

/* A protocol's usual ports are those of the server, whichever way the rule looks. */
static void test_service_ports(void **state)
{
	(void)state;
	static const struct {
		const char *rule;
		uint16_t port;
		size_t up, down; /* hits */
	} rows[] = {
		{"alert http any any -> any any (content:\"x\"; sid:1;)", 80, 1, 1},
		{"alert http any any -> any any (content:\"x\"; sid:1;)", 6, 0, 0},
		{"alert http any any -> any any (flow:to_client; content:\"x\"; sid:1;)", 80, 0, 1},
		{"alert http any any -> any any (flow:to_client; content:\"x\"; sid:1;)", 6, 0, 0},
		{"alert http any any -> any any (flow:to_server; content:\"x\"; sid:1;)", 80, 1, 0},
		{"alert http any 6 -> any any (flow:to_client; content:\"x\"; sid:1;)", 6, 0, 1},
		/* 40000 is the client's. */
		{"alert dnp3 any any -> any any (content:\"x\"; sid:1;)", 20000, 1, 1},
		{"portvar DNP3_PORTS 40000\n"
		 "alert dnp3 any any -> any any (content:\"x\"; sid:1;)",
			6, 0, 0},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		struct stage stage;
		stage_open(&stage, rows[i].rule, WW_MATCHER_RUNS);
		for (int d = 0; d < 2; d++) {
			stage_begin_flow(&stage, WW_PROTO_TCP, rows[i].port);
			stage_segment(&stage, (enum ww_dir)d, "x", 1, false);
			if (stage.hits != (d ? rows[i].down : rows[i].up))
				fail_msg("row %zu, dir %d: %zu hits", i, d, stage.hits);
		}
		stage_close(&stage);
	}
}

/* What a side has sent, a SYN being one byte. */
static void test_stream_size(void **state)
{
	(void)state;
	static const struct {
		const char *option;
		size_t hits;
	} rows[] = {{"client,=,11", 1}, {"client, <, 11", 0}, {"client,<=11", 1},
		{"server,=, 1", 1}, {"server,>,1", 0}, {"both,>=,1", 1}, {"both,>,1", 0},
		{"either,>,1", 1}, {"client,!=,11", 0}};
	for (size_t i = 0; i < WW_N(rows); i++) {
		char text[128];
		snprintf(text, sizeof(text),
			"alert tcp any any -> any any (content:\"x\"; stream_size:%s; sid:1;)",
			rows[i].option);
		struct stage stage;
		stage_open(&stage, text, WW_MATCHER_RUNS);
		stage_begin_flow(&stage, WW_PROTO_TCP, 80);
		stage.flow.bytes[WW_DIR_TO_SERVER] = 10;
		stage_segment(&stage, WW_DIR_TO_SERVER, "x", 1, false);
		if (stage.hits != rows[i].hits)
			fail_msg("%s: %zu hits", text, stage.hits);
		stage_close(&stage);
	}
}

static void test_ipopts(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint8_t header[28];
		size_t len, hits;
	} rows[] = {
		{"rr", {0x47, [20] = 7, 3, 4, 0}, 28, 1},
		{"lsrr", {0x47, [20] = 7, 3, 4, 0}, 28, 0},
		{"lsrr", {0x47, [20] = 1, 131, 3, 4}, 28, 1},
		{"lsrre", {0x47, [20] = 1, 131, 3, 4}, 28, 1},
		{"any", {0x46, [20] = 1}, 24, 1},
		{"rr", {0x45}, 20, 0},
		/* Cut, and a length that leads nowhere. */
		{"ssrr", {0x47, [20] = 7}, 21, 0},
		{"ssrr", {0x47, [20] = 7, 0, 137, 3}, 28, 0},
		{"ssrr", {0x47, [20] = 7, 200, 137, 3}, 28, 0},
		{"ssrr", {0x47, [20] = 0, 137, 3, 4}, 28, 0},
		{"ssrr", {0x47, [20] = 137}, 21, 1},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		char text[128];
		snprintf(text, sizeof(text), "alert ip any any -> any any (ipopts:%s; sid:1;)",
			rows[i].name);
		struct stage stage;
		stage_open(&stage, text, WW_MATCHER_PLAIN);
		stage_begin_flow(&stage, WW_PROTO_UDP, 9);
		struct ww_packet packet = stage_packet(&stage, WW_DIR_TO_SERVER, "x", 1);
		/* Exactly its size, so that one byte too far is found. */
		uint8_t *header = malloc(rows[i].len);
		assert_non_null(header);
		memcpy(header, rows[i].header, rows[i].len);
		packet.network = header;
		packet.network_len = (uint32_t)rows[i].len;
		stage_lone(&stage, &packet);
		if (stage.hits != rows[i].hits)
			fail_msg("row %zu, %s: %zu hits", i, text, stage.hits);
		free(header);
		stage_close(&stage);
	}
}

/* A fragment has a size before it is whole: tiny ones are looked for by it. */
static void test_fragment_size(void **state)
{
	(void)state;
	struct stage stage;
	stage_open(&stage, "alert ip any any -> any any (dsize:< 25; fragbits:M; sid:1;)",
		WW_MATCHER_PLAIN);
	stage_begin_flow(&stage, WW_PROTO_UDP, 9);
	struct ww_packet packet = stage_packet(&stage, WW_DIR_TO_SERVER, "12345678", 8);
	uint8_t header[20] = {0x45, [6] = 0x20};
	packet.network = header;
	packet.network_len = sizeof(header);
	packet.has_transport = false;
	packet.is_fragment = packet.more_fragments = true;
	stage_lone(&stage, &packet);
	assert_int_equal(stage.hits, 1);
	packet.payload_wire = 25;
	stage_lone(&stage, &packet);
	assert_int_equal(stage.hits, 1);
	/* Neither a fragment nor decoded: it has no size. */
	packet.payload_wire = 8;
	packet.is_fragment = packet.more_fragments = false;
	stage_lone(&stage, &packet);
	assert_int_equal(stage.hits, 1);
	stage_close(&stage);
}

static void test_flowbit_groups(void **state)
{
	(void)state;
	struct stage stage;
	stage_open(&stage,
		"alert tcp any any -> any any (content:\"ANY\"; flowbits:isset,any,os; sid:1;)\n"
		"alert tcp any any -> any any (content:\"ALL\"; flowbits:isset,all,os; sid:2;)\n"
		"alert tcp any any -> any any (content:\"LINUX\"; flowbits:set,linux,os; noalert; "
		"sid:3;)\n"
		"alert tcp any any -> any any (content:\"WINDOWS\"; flowbits:set,windows,os; "
		"noalert; sid:4;)\n"
		"alert tcp any any -> any any (content:\"ONLY\"; flowbits:setx,windows,os; "
		"noalert; sid:5;)\n"
		"alert tcp any any -> any any (content:\"FLIP\"; flowbits:toggle,all,os; noalert; "
		"sid:6;)\n"
		"alert tcp any any -> any any (content:\"NONE\"; flowbits:reset,os; noalert; "
		"sid:7;)\n"
		"alert tcp any any -> any any (content:\"OTHER\"; flowbits:set,other; noalert; "
		"sid:8;)\n"
		"alert tcp any any -> any any (content:\"LEFT\"; flowbits:isset,other; sid:9;)\n"
		"alert tcp any any -> any any (content:\"DROP\"; flowbits:unset,all,os; noalert; "
		"sid:10;)\n"
		"alert tcp any any -> any any (content:\"FREE\"; flowbits:isnotset,any,os; "
		"sid:11;)\n",
		WW_MATCHER_RUNS);
	static const struct {
		const char *line;
		size_t hits; /* so far */
	} rows[] = {{"OTHER", 0}, {"ANY", 0}, {"LINUX", 0}, {"ANY", 1}, {"ALL", 1}, {"FREE", 2},
		{"WINDOWS", 2}, {"ALL", 3}, {"FREE", 3}, {"ONLY", 3}, {"ALL", 3}, {"ANY", 4},
		{"FLIP", 4}, {"ANY", 5}, {"ALL", 5}, {"NONE", 5}, {"ANY", 5}, {"LEFT", 6},
		{"LINUX", 6}, {"DROP", 6}, {"ANY", 6}, {"LEFT", 7}};
	stage_begin_flow(&stage, WW_PROTO_TCP, 21);
	for (size_t i = 0; i < WW_N(rows); i++) {
		stage_segment(&stage, WW_DIR_TO_SERVER, rows[i].line, strlen(rows[i].line), false);
		if (stage.hits != rows[i].hits)
			fail_msg("line %zu, %s: %zu hits", i, rows[i].line, stage.hits);
	}
	stage_close(&stage);
}

/* A rule without content that asks for a bit sees what a content of the same segment set. */
static void test_bits_within_a_segment(void **state)
{
	(void)state;
	struct stage stage;
	stage_open(&stage,
		"alert tcp any any -> any any (flowbits:isset,seen; sid:1;)\n"
		"alert tcp any any -> any any (flowbits:isnotset,seen; sid:2;)\n"
		"alert tcp any any -> any any (content:\"GET \"; flowbits:set,seen; noalert; "
		"sid:3;)\n",
		WW_MATCHER_RUNS);
	stage_begin_flow(&stage, WW_PROTO_TCP, 80);
	stage_segment(&stage, WW_DIR_TO_SERVER, "GET /", 5, false);
	assert_int_equal(stage.hits, 1);
	assert_int_equal(stage.sids[0], 1);
	/* Once for each arrival of bytes, not for the end of them. */
	stage_segment(&stage, WW_DIR_TO_SERVER, "more", 4, false);
	assert_int_equal(stage.hits, 2);
	stage_segment(&stage, WW_DIR_TO_SERVER, "", 0, true);
	assert_int_equal(stage.hits, 2);
	stage_close(&stage);
}

/* Lines that speak of rules. Eight packets a second apart, the last 100 s later. */
static void test_filters(void **state)
{
	(void)state;
	static const struct {
		const char *lines;
		size_t hits;
	} rows[] = {
		{"", 8},
		{"event_filter gen_id 1, sig_id 1, type limit, track by_src, count 1, seconds 60",
			2},
		{"threshold gen_id 1, sig_id 1, type both, track by_dst, count 3, seconds 60", 1},
		{"event_filter gen_id 1, sig_id 2, type limit, track by_src, count 1, seconds 60",
			8},
		{"event_filter gen_id 1, sig_id 0, type limit, track by_src, count 1, seconds 60",
			2},
		{"event_filter gen_id 0, sig_id 0, type limit, track by_rule, count 3, seconds 60",
			4},
		{"event_filter gen_id 1, sig_id 1, type limit, track by_both, count 3, seconds 60",
			4},
		/* The one that names the rule wins, wherever it stands. */
		{"event_filter gen_id 1, sig_id 1, type limit, track by_src, count 2, seconds 60\n"
		 "event_filter gen_id 1, sig_id 0, type limit, track by_src, count 1, seconds 60",
			3},
		{"event_filter gen_id 1, sig_id 0, type limit, track by_src, count 1, seconds 60\n"
		 "event_filter gen_id 1, sig_id 1, type limit, track by_src, count -1, seconds 60",
			8},
		{"suppress gen_id 1, sig_id 1", 0},
		{"suppress gen_id 1, sig_id 0", 0},
		{"suppress gen_id 0, sig_id 0", 0},
		{"suppress gen_id 1, sig_id 2", 8},
		{"suppress gen_id 2, sig_id 1", 8},
		{"suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.1", 0},
		{"suppress gen_id 1, sig_id 1, track by_src, ip [1.2.3.4,10.0.0.0/24]", 0},
		{"suppress gen_id 1, sig_id 1, track by_dst, ip 10.0.0.1", 8},
		{"suppress gen_id 1, sig_id 1, track by_either, ip 10.0.0.2", 0},
		{"suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.9\n"
		 "suppress gen_id 1, sig_id 1, track by_dst, ip 10.0.0.2",
			0},
		{"rate_filter gen_id 1, sig_id 1, track by_src, count 3, seconds 60, "
		 "new_action pass, timeout 10",
			4},
		{"rate_filter gen_id 1, sig_id 1, track by_src, count 3, seconds 60, "
		 "new_action pass, timeout 200",
			3},
		{"rate_filter gen_id 1, sig_id 1, track by_src, count 3, seconds 60, "
		 "new_action drop, timeout 10",
			8},
		{"rate_filter gen_id 1, sig_id 1, track by_src, count 3, seconds 60, "
		 "new_action pass, timeout 10, apply_to [10.0.0.9]",
			8},
	};
	for (size_t i = 0; i < WW_N(rows); i++) {
		char text[512];
		snprintf(text, sizeof(text), "%s\nalert udp any any -> any any (sid:1;)\n",
			rows[i].lines);
		struct stage stage;
		stage_open(&stage, text, WW_MATCHER_PLAIN);
		stage_begin_flow(&stage, WW_PROTO_UDP, 9);
		struct ww_packet packet = stage_packet(&stage, WW_DIR_TO_SERVER, "x", 1);
		for (size_t k = 0; k < 8; k++) {
			packet.time_us = (int64_t)(k < 7 ? k : 107) * 1000000;
			stage_lone(&stage, &packet);
		}
		if (stage.hits != rows[i].hits)
			fail_msg("row %zu, %s: %zu hits", i, rows[i].lines, stage.hits);
		stage_close(&stage);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_payload),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_service_ports),
		cmocka_unit_test(test_bits_within_a_segment),
		cmocka_unit_test(test_stream_size),
		cmocka_unit_test(test_ipopts),
		cmocka_unit_test(test_fragment_size),
		cmocka_unit_test(test_flowbit_groups),
		cmocka_unit_test(test_filters),
	};
	return cmocka_run_group_tests_name("language", tests, NULL, NULL);
}
