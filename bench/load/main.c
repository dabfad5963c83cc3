/* A load for any IRC server on loopback, seen from outside the process.
 *
 *     load PORT PID connect N                        connect and register N clients, then measure memory
 *     load PORT PID idle N MESSAGES                  the same, then pairs talk among the first and the last thousand
 *     load PORT PID fan N SENDERS MESSAGES WINDOW    N members of one room; SENDERS of them send MESSAGES each
 *     load PORT PID pairs N MESSAGES WINDOW          N pairs; the first of each sends MESSAGES to the second
 *     load PORT PID ack N MESSAGES WINDOW            N senders, each alone in a room, wait for their messages' echo
 *     load PORT PID steady N RATE SECONDS            N members of one room; RATE messages a second, come what may
 *     load PORT PID rate N RATE SECONDS              N pairs; RATE messages a second of all together, come what may
 *     load PORT PID life N ROOMS SECONDS             N in three rooms each, one in ten speaks once a minute
 *     load PORT PID joins N                          N join one room at once
 *     load PORT PID quits N                          half of the N members of one room quit at once
 *     load PORT PID nicks N CHANGES                  N members of one room see CHANGES of nicks
 *     load PORT PID ask N TIMES                      NAMES and WHO of a room of N
 *
 * Where there is a WINDOW it is a closed loop: a sender has at most WINDOW messages outstanding, and a message is done when
 * *every* other member (or the other half of the pair) has read it. So no server gains by leaving deliveries in its buffers,
 * and the figure that counts, CPU of the server per delivery, is taken while the server does all of the work.
 *
 * Each phase prints one JSON object on a line of its own. The clients ask for no capabilities, so that every server sends
 * them the same plain lines, unless CAPABILITIES says so. The exit status is 0 only if every delivery arrived, once and in
 * its sender's order. Environment:
 *
 *     PADDING        bytes of filling in a message, 60
 *     SOURCES        loopback addresses to connect from, 1
 *     HANDSHAKES     registrations under way at once, 200
 *     TRANSPORT      plain, tls, web (WebSocket) or wss (both)
 *     CAPABILITIES   half (every other client asks for what a client of today wants, and labels what it says if it may),
 *                    all, or echo (all clients, echo-message alone)
 *     SASL           PLAIN or SCRAM-SHA-256: clients log in, each to the account of its nick, with the password "bench"
 *
 * build: cc -O2 -o load main.c bytes.c clients.c sasl.c talk.c storms.c threads.c -lssl -lcrypto
 *        (with -DWITHOUT_OPENSSL instead of the libraries: no TLS, no SASL)
 */
#include "load.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct client *clients;
int n_clients;
pid_t server;
uint16_t port;
int sources = 1, handshakes = 200, is_web, is_tls;
const char *capabilities = "", *sasl = "";
char padding[512];

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static double cpu_of(clockid_t clock) {
  struct timespec time;
  if (clock_gettime(clock, &time)) fail("no CPU clock: %s", strerror(errno));
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* What the scheduler charged to all threads of the server, in seconds: the sum that /proc/PID/task/x/schedstat gives,
 * with the threads that have ended meanwhile. */
double server_cpu(void) {
  clockid_t clock;
  if (clock_getcpuclockid(server, &clock)) fail("no process %d", (int)server);
  return cpu_of(clock);
}

double own_cpu(void) { return cpu_of(CLOCK_PROCESS_CPUTIME_ID); }

/* The server's memory in KiB: its own pages and its share of the shared ones. */
long server_memory(void) {
  char text[256];
  long size = -1;
  snprintf(text, sizeof text, "/proc/%d/smaps_rollup", (int)server);
  FILE *file = fopen(text, "r");
  while (file && fgets(text, sizeof text, file))
    if (sscanf(text, "Pss: %ld kB", &size) == 1) break;
  if (file) fclose(file);
  return size;
}

int compare_numbers(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

static double number(const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (*end || !(value > 0)) fail("not a positive number: %s", text);
  return value;
}

/* Each of a kind of load: how many numbers it takes, and what it does with them. */
static double given[4];

static void load_connect(void) { connect_all(); }

static void pair(int first, int count, int distance) {
  for (int i = first; i < first + count; i++) {
    snprintf(clients[i].target, sizeof clients[i].target, "n%06d", i + distance);
    clients[i].readers = 1;
  }
}

static void load_idle(void) {
  enum { EDGE = 1000, PAIRS = 100, WINDOW = 4 };
  connect_all();
  if (n_clients < 2 * EDGE) fail("idle needs at least %d", 2 * EDGE);
  pair(0, PAIRS, PAIRS);
  pair(n_clients - EDGE, PAIRS, PAIRS);
  talk("warm-up", 0, PAIRS, 20, WINDOW);
  talk("first", 0, PAIRS, (long)given[1], WINDOW);
  talk("last", n_clients - EDGE, PAIRS, (long)given[1], WINDOW);
}

static void join_one_room(void) {
  connect_all();
  join_all("#bench");
  for (int i = 0; i < n_clients; i++) {
    strcpy(clients[i].target, "#bench");
    clients[i].readers = (uint32_t)n_clients - 1;
  }
}

static void load_fan(void) {
  if (given[1] > n_clients) fail("more senders than members");
  join_one_room();
  talk("fan", 0, (int)given[1], (long)given[2], (int)given[3]);
}

static void load_steady(void) {
  join_one_room();
  talk_paced("steady", n_clients < 100 ? n_clients : 100, given[1], given[2]);
}

static void load_pairs(void) {
  connect_all();
  pair(0, n_clients / 2, n_clients / 2);
  talk("pairs", 0, n_clients / 2, (long)given[1], (int)given[2]);
}

static void load_rate(void) {
  connect_all();
  pair(0, n_clients / 2, n_clients / 2);
  talk("warm-up", 0, n_clients / 2, 2, 1);
  talk_paced("rate", n_clients / 2, given[1], given[2]);
}

static void load_ack(void) {
  connect_all();
  for (int i = 0; i < n_clients; i++) {
    snprintf(clients[i].target, sizeof clients[i].target, "#own%d", i);
    clients[i].readers = 1;
    put(&clients[i], "JOIN %s\r\n", clients[i].target);
    flush(&clients[i]);
  }
  wait_until(&heard.joined, n_clients, "join");
  counts_echo = 1;
  talk("warm-up", 0, n_clients, 2, 1);
  talk("ack", 0, n_clients, (long)given[1], (int)given[2]);
}

static void load_life(void) {
  connect_all();
  live((int)given[1], given[2]);
}

static void load_joins(void) {
  connect_all();
  join_storm();
}

static void load_quits(void) {
  join_one_room();
  quit_storm();
}

static void load_nicks(void) {
  join_one_room();
  change_nicks((int)given[1]);
}

static void load_ask(void) {
  join_one_room();
  ask((int)given[1]);
}

static const struct {
  const char *name;
  int numbers, is_doubled;
  void (*play)(void);
} LOADS[] = {
    {"connect", 1, 0, load_connect}, {"idle", 2, 0, load_idle},   {"fan", 4, 0, load_fan},
    {"pairs", 3, 1, load_pairs},     {"ack", 3, 0, load_ack},     {"steady", 3, 0, load_steady},
    {"rate", 3, 1, load_rate},       {"life", 3, 0, load_life},   {"joins", 1, 0, load_joins},
    {"quits", 1, 0, load_quits},     {"nicks", 2, 0, load_nicks}, {"ask", 2, 0, load_ask},
};
enum { N_LOADS = sizeof LOADS / sizeof *LOADS };

static void read_environment(void) {
  const char *wanted = getenv("PADDING");
  memset(padding, 'x', wanted ? (size_t)number(wanted) % 400 : 60);
  if (getenv("SOURCES")) sources = (int)number(getenv("SOURCES"));
  if (getenv("HANDSHAKES")) handshakes = (int)number(getenv("HANDSHAKES"));
  if (getenv("CAPABILITIES")) capabilities = getenv("CAPABILITIES");
  if (getenv("SASL")) sasl = getenv("SASL");
  const char *transport = getenv("TRANSPORT") ? getenv("TRANSPORT") : "plain";
  is_tls = !strcmp(transport, "tls") || !strcmp(transport, "wss");
  is_web = !strcmp(transport, "web") || !strcmp(transport, "wss");
  if (!is_tls && !is_web && strcmp(transport, "plain")) fail("unknown transport: %s", transport);
#if defined WITHOUT_OPENSSL
  if (is_tls || *sasl) fail("built without OpenSSL");
#endif
}

int main(int count, char **words) {
  int kind = 0;
  while (count > 3 && kind < N_LOADS && strcmp(words[3], LOADS[kind].name)) kind++;
  if (count < 4 || kind == N_LOADS || count != 4 + LOADS[kind].numbers) {
    fputs("load PORT PID KIND NUMBER...: the head of main.c tells which\n", stderr);
    return 2;
  }
  port = (uint16_t)number(words[1]);
  server = (pid_t)number(words[2]);
  for (int i = 0; i < LOADS[kind].numbers; i++) given[i] = number(words[4 + i]);
  n_clients = (int)given[0] * (LOADS[kind].is_doubled ? 2 : 1);
  read_environment();

  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  clients = calloc((size_t)n_clients, sizeof *clients);
  for (int i = 0; i < n_clients; i++)
    clients[i].is_full = *capabilities && (strcmp(capabilities, "half") || i % 2);
  prepare_poller();
  signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL: whose connection is gone shall be said instead */
  LOADS[kind].play();
  return 0;
}
