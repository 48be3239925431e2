/* Many GB/T 28181 devices in one process: the load of bench/sip_keepalive.py and bench/sip_register.py.
 *
 *   sip_load register  PORT DEVICES WINDOW PASSWORD            every device once: REGISTER, 401, digest, 200; eight of
 *                                                              those that are in send keepalives meanwhile
 *   sip_load keepalive PORT DEVICES WINDOW SECONDS             closed loop: MESSAGE with a keepalive, 200
 *   sip_load once      PORT DEVICES WINDOW                     a keepalive of every device, once
 *   sip_load bounce    PORT DEVICES WINDOW SECONDS             the same against an echo: any datagram is the answer
 *   sip_load echo      PORT                                    a UDP echo: what the machine gives in C
 *
 * WINDOW requests are outstanding at any time. What is not answered within a second is sent again and counted. Requests
 * of the platform are answered 200. Prints one line of JSON. SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_SLOTS 4096
#define LIFE_SIGNS 8
#define BATCH 64
#define DATAGRAM 4096
#define RESEND_SECONDS 1.0
#define LIFE_SIGN_PAUSE 0.01

static const char *PLATFORM = "34020000002000000001", *DOMAIN = "3402000000";

/* -- MD5 (RFC 1321) ------------------------------------------------------------------------------------------------ */

static const uint32_t K[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8,
    0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
    0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87,
    0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
    0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039,
    0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
    0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
    0xeb86d391};
static const int TURN[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static void md5_block(uint32_t *state, const uint8_t *block) {
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], word[16];
    memcpy(word, block, 64);
    for (int i = 0; i < 64; i++) {
        uint32_t f;
        int g;
        if (i < 16) f = (b & c) | (~b & d), g = i;
        else if (i < 32) f = (d & b) | (~d & c), g = (5 * i + 1) & 15;
        else if (i < 48) f = b ^ c ^ d, g = (3 * i + 5) & 15;
        else f = c ^ (b | ~d), g = (7 * i) & 15;
        uint32_t sum = a + f + K[i] + word[g];
        int turn = TURN[i >> 4][i & 3];
        a = d, d = c, c = b, b += (sum << turn) | (sum >> (32 - turn));
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

static void md5_hex(const char *text, char *hex) {
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    size_t length = strlen(text), at = 0;
    for (; at + 64 <= length; at += 64) md5_block(state, (const uint8_t *)text + at);
    uint8_t tail[128] = {0};
    size_t left = length - at, size = left < 56 ? 64 : 128;
    memcpy(tail, text + at, left);
    tail[left] = 0x80;
    uint64_t bits = (uint64_t)length * 8;
    memcpy(tail + size - 8, &bits, 8);
    for (size_t i = 0; i < size; i += 64) md5_block(state, tail + i);
    for (int i = 0; i < 16; i++) sprintf(hex + 2 * i, "%02x", ((uint8_t *)state)[i]);
}

/* -- what is outstanding ------------------------------------------------------------------------------------------- */

enum step { IDLE, FIRST, PROOF, KEEPALIVE };
struct slot {
    enum step step;
    int device, length;
    unsigned generation;
    double began, sent;
    char wire[DATAGRAM];
};

static struct slot slots[MOST_SLOTS + LIFE_SIGNS];
static int sock, devices, window, own_port, bouncing;
static struct sockaddr_in server;
static const char *password = "";
static long done, refused, resent, life_signs, asked, turned_away;
static float *waits, *life_waits;
static long n_waits, n_life_waits, most_waits;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static struct mmsghdr out[BATCH];
static struct iovec out_iov[BATCH];
static char out_wire[BATCH][DATAGRAM];
static int n_out;

static void flush(void) {
    for (int at = 0; at < n_out;) {
        int sent = sendmmsg(sock, out + at, n_out - at, 0);
        if (sent <= 0) {
            struct pollfd ready = {sock, POLLOUT, 0};
            poll(&ready, 1, 10);
            continue;
        }
        at += sent;
    }
    n_out = 0;
}

static void put(const char *wire, int length) {
    memcpy(out_wire[n_out], wire, length);
    out_iov[n_out] = (struct iovec){out_wire[n_out], length};
    out[n_out].msg_hdr = (struct msghdr){&server, sizeof server, &out_iov[n_out], 1, NULL, 0, 0};
    if (++n_out == BATCH) flush();
}

static void name_device(int device, char *id) { sprintf(id, "3402000000132%07d", device); }

static void send_slot(int number, double at) {
    struct slot *slot = &slots[number];
    slot->sent = at;
    put(slot->wire, slot->length);
}

static int head(char *wire, const char *method, const char *target, int number, int cseq, const char *to) {
    struct slot *slot = &slots[number];
    char id[24];
    name_device(slot->device, id);
    return sprintf(wire,
                   "%s sip:%s@%s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;rport;branch=z9hG4bK%d.%u.%d\r\n"
                   "From: <sip:%s@%s>;tag=t%u\r\nTo: <sip:%s@%s>\r\nCall-ID: s%d.%u.%d@127.0.0.1\r\nCSeq: %d %s\r\n"
                   "Max-Forwards: 70\r\n",
                   method, target, DOMAIN, own_port, number, slot->generation, cseq, id, DOMAIN, slot->generation, to,
                   DOMAIN, number, slot->generation, (int)getpid(), cseq, method);
}

static void write_register(int number, const char *proof) {
    struct slot *slot = &slots[number];
    char id[24];
    name_device(slot->device, id);
    slot->length = head(slot->wire, "REGISTER", PLATFORM, number, proof ? 2 : 1, id);
    slot->length += sprintf(slot->wire + slot->length,
                            "Contact: <sip:%s@127.0.0.1:%d>\r\nExpires: 3600\r\n%sContent-Length: 0\r\n\r\n", id,
                            own_port, proof ? proof : "");
}

static void write_keepalive(int number) {
    struct slot *slot = &slots[number];
    char id[24], body[256];
    name_device(slot->device, id);
    int size = sprintf(body,
                       "<?xml version=\"1.0\" encoding=\"GB2312\"?>\r\n<Notify>\r\n<CmdType>Keepalive</CmdType>\r\n"
                       "<SN>%06u</SN>\r\n<DeviceID>%s</DeviceID>\r\n<Status>OK</Status>\r\n</Notify>\r\n",
                       slot->generation % 1000000, id);
    slot->length = head(slot->wire, "MESSAGE", PLATFORM, number, 20, PLATFORM);
    slot->length += sprintf(slot->wire + slot->length,
                            "Content-Type: Application/MANSCDP+xml\r\nContent-Length: %d\r\n\r\n%s", size, body);
}

static void begin(int number, enum step step, int device, double at) {
    struct slot *slot = &slots[number];
    slot->step = step, slot->device = device, slot->generation++, slot->began = at;
    if (step == KEEPALIVE) write_keepalive(number);
    else write_register(number, NULL);
    send_slot(number, at);
}

/* -- what comes back ----------------------------------------------------------------------------------------------- */

static void quoted(const char *wire, const char *name, char *value, size_t room) {
    value[0] = 0;
    const char *from = strstr(wire, name);
    if (!from) return;
    from += strlen(name);
    const char *end = strchr(from, '"');
    if (!end || (size_t)(end - from) >= room) return;
    memcpy(value, from, end - from);
    value[end - from] = 0;
}

static void prove(int number, const char *challenge, double at) {
    struct slot *slot = &slots[number];
    char id[24], realm[64], nonce[256], text[600], a1[33], a2[33], answer[33], proof[1200];
    name_device(slot->device, id);
    quoted(challenge, "realm=\"", realm, sizeof realm);
    quoted(challenge, "nonce=\"", nonce, sizeof nonce);
    sprintf(text, "%s:%s:%s", id, realm, password);
    md5_hex(text, a1);
    sprintf(text, "REGISTER:sip:%s@%s", PLATFORM, DOMAIN);
    md5_hex(text, a2);
    sprintf(text, "%s:%s:%s", a1, nonce, a2);
    md5_hex(text, answer);
    sprintf(proof,
            "Authorization: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"sip:%s@%s\", response=\"%s\", "
            "algorithm=MD5\r\n",
            id, realm, nonce, PLATFORM, DOMAIN, answer);
    slot->step = PROOF;
    write_register(number, proof);
    send_slot(number, at);
}

static void answer_request(const char *wire) {
    char reply[DATAGRAM];
    int length = sprintf(reply, "SIP/2.0 200 OK\r\n");
    for (const char *line = strstr(wire, "\r\n"); line && strncmp(line, "\r\n\r\n", 4); line = strstr(line + 2, "\r\n")) {
        const char *end = strstr(line + 2, "\r\n");
        if (!end) return;
        if (!strncasecmp(line + 2, "via:", 4) || !strncasecmp(line + 2, "from:", 5) ||
            !strncasecmp(line + 2, "to:", 3) || !strncasecmp(line + 2, "call-id:", 8) ||
            !strncasecmp(line + 2, "cseq:", 5))
            length += sprintf(reply + length, "%.*s\r\n", (int)(end - line - 2), line + 2);
    }
    length += sprintf(reply + length, "Content-Length: 0\r\n\r\n");
    put(reply, length);
    asked++;
}

/* The slot that this answers, or -1 for a repeat of something that is over. */
static int slot_of(const char *wire) {
    const char *call = strstr(wire, "\nCall-ID: s");
    int number;
    unsigned generation;
    if (!call || sscanf(call + 11, "%d.%u.", &number, &generation) != 2) return -1;
    if (number < 0 || number >= MOST_SLOTS + LIFE_SIGNS) return -1;
    return slots[number].generation == generation ? number : -1;
}

static void finished(int number, double at) {
    struct slot *slot = &slots[number];
    int is_life_sign = number >= MOST_SLOTS;
    float wait = (at - slot->began) * 1e3;
    slot->step = IDLE;
    if (is_life_sign) {
        life_signs++;
        if (n_life_waits < most_waits) life_waits[n_life_waits++] = wait;
        slot->sent = at;
    } else {
        done++;
        if (n_waits < most_waits) waits[n_waits++] = wait;
    }
}

/* Take one datagram; answers the slot that is free now, or -1. */
static int take(char *wire, double at) {
    int is_response = !strncmp(wire, "SIP/2.0 ", 8);
    if (!is_response && !bouncing) {
        answer_request(wire);
        return -1;
    }
    int number = slot_of(wire);
    if (number < 0 || slots[number].step == IDLE) return -1;
    int status = is_response ? atoi(wire + 8) : 200;
    const char *cseq = strstr(wire, "\nCSeq: ");
    if (slots[number].step == PROOF && cseq && cseq[7] == '1') return -1; /* a repeat of the challenge */
    if (status == 401 && slots[number].step == FIRST) {
        prove(number, wire, at);
        return -1;
    }
    if (status == 503 && slots[number].step != KEEPALIVE) {
        turned_away++; /* sent again after a second, as what is not answered */
        return -1;
    }
    if (status != 200) refused++;
    finished(number, at);
    return number < MOST_SLOTS ? number : -1;
}

static int compare(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double quantile(float *values, long count, double share) {
    if (!count) return 0;
    qsort(values, count, sizeof *values, compare);
    return values[(long)((count - 1) * share)];
}

static struct mmsghdr in[BATCH];
static struct iovec in_iov[BATCH];
static char in_wire[BATCH][DATAGRAM];

static void echo(int port) {
    struct sockaddr_in from[BATCH], own = {.sin_family = AF_INET, .sin_port = htons(port)};
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(sock, (struct sockaddr *)&own, sizeof own)) perror("bind"), exit(1);
    puts("ready"), fflush(stdout);
    for (;;) {
        char wire[DATAGRAM];
        socklen_t size = sizeof *from;
        ssize_t length = recvfrom(sock, wire, sizeof wire, 0, (struct sockaddr *)from, &size);
        if (length > 0) sendto(sock, wire, length, 0, (struct sockaddr *)from, size);
    }
}

int main(int count, char **words) {
    if (count < 3) return 2;
    sock = socket(AF_INET, SOCK_DGRAM, 0);
    int room = 8 << 20;
    setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (!strcmp(words[1], "echo")) echo(atoi(words[2]));
    if (count < 5) return 2;
    int registering = !strcmp(words[1], "register"), once = registering || !strcmp(words[1], "once");
    bouncing = !strcmp(words[1], "bounce");
    devices = atoi(words[3]), window = atoi(words[4]);
    if (window > MOST_SLOTS) window = MOST_SLOTS;
    if (window > devices) window = devices;
    if (count < 6 && strcmp(words[1], "once")) return 2;
    password = registering ? words[5] : "";
    double seconds = once ? 180 : atof(words[5]);
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(words[2]))};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct sockaddr_in own = {.sin_family = AF_INET};
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof own;
    bind(sock, (struct sockaddr *)&own, sizeof own);
    getsockname(sock, (struct sockaddr *)&own, &size);
    own_port = ntohs(own.sin_port);
    most_waits = 4000000;
    waits = malloc(most_waits * sizeof *waits), life_waits = malloc(most_waits * sizeof *waits);
    for (int i = 0; i < BATCH; i++) {
        in_iov[i] = (struct iovec){in_wire[i], DATAGRAM - 1};
        in[i].msg_hdr = (struct msghdr){.msg_iov = &in_iov[i], .msg_iovlen = 1};
    }
    double start = now(), until = start + seconds, swept = start;
    int next = 0;
    for (int i = 0; i < window; i++, next++) begin(i, registering ? FIRST : KEEPALIVE, next % devices, start);
    flush();
    while (once ? done < devices : now() < until) {
        struct pollfd ready = {sock, POLLIN, 0};
        poll(&ready, 1, 5);
        int got = recvmmsg(sock, in, BATCH, MSG_DONTWAIT, NULL);
        double at = now();
        for (int i = 0; i < got; i++) {
            in_wire[i][in[i].msg_len] = 0;
            int free_slot = take(in_wire[i], at);
            if (free_slot >= 0 && (!once || next < devices))
                begin(free_slot, registering ? FIRST : KEEPALIVE, next++ % devices, at);
        }
        if (registering && done > LIFE_SIGNS)
            for (int i = MOST_SLOTS; i < MOST_SLOTS + LIFE_SIGNS; i++)
                if (slots[i].step == IDLE && at - slots[i].sent > LIFE_SIGN_PAUSE)
                    begin(i, KEEPALIVE, rand() % (int)(done > window ? done - window : 1), at);
        if (at - swept > 0.1) {
            swept = at;
            for (int i = 0; i < MOST_SLOTS + LIFE_SIGNS; i++)
                if (slots[i].step != IDLE && at - slots[i].sent > RESEND_SECONDS) send_slot(i, at), resent++;
        }
        flush();
        if (at > until) break;
    }
    double took = now() - start;
    printf("{\"done\": %ld, \"seconds\": %.3f, \"resent\": %ld, \"refused\": %ld, \"turned_away\": %ld, "
           "\"asked\": %ld, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"life_signs\": %ld, \"life_signs_p99_ms\": %.2f}\n",
           done, took, resent, refused, turned_away, asked, quantile(waits, n_waits, .5), quantile(waits, n_waits, .99),
           life_signs, quantile(life_waits, n_life_waits, .99));
    return 0;
}
