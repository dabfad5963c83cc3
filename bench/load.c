/* A load for any IRC server on loopback, seen from outside the process.
 *
 *     load PORT PID connect N                           connect and register N clients, then measure memory
 *     load PORT PID fan N SENDERS MESSAGES WINDOW       N members of one room; SENDERS of them send MESSAGES each
 *     load PORT PID mixed N SENDERS MESSAGES WINDOW     as fan; every other member has asked for capabilities
 *     load PORT PID web N SENDERS MESSAGES WINDOW       as fan; everybody comes by WebSocket
 *     load PORT PID pairs N MESSAGES WINDOW             N pairs; the first of each sends MESSAGES to the second
 *
 * Closed loop: a sender has at most WINDOW messages outstanding, and a message is done when *every* other member (or the
 * other half of the pair) has read it. So no server gains by leaving deliveries in its buffers, and the figure that
 * counts, CPU of the server per delivery, is taken while the server does all of the work.
 *
 * Each phase prints one JSON object on a line of its own. The clients ask for no capabilities, so that every server sends
 * them the same plain lines; those of "mixed" that do, ask for whatever the server offers of CAPABILITIES (below), and
 * label what they say if they may. Environment: PADDING (bytes of filling in a message, 60), SOURCES (loopback addresses to
 * connect from, 1), HANDSHAKES (registrations under way at once, 200). The exit status is 0 only if every delivery
 * arrived, once and in its sender's order.
 *
 * build: cc -O2 -o load load.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  READ_SIZE = 1 << 16,
  JOINS = 50,           /* joins under way at once: each one is told to all who came before */
  MAX_LATENCIES = 20000000,
  PATIENCE_S = 30       /* without any progress for so long the run has failed */
};

enum stage { CONNECTING, SHAKING_HANDS, REGISTERING, REGISTERED, JOINED };

/* What a client of today asks for, as far as it changes what it is told about a room. */
static const char *CAPABILITIES[] = {
    "message-tags",     "server-time",   "account-tag",       "echo-message",  "batch",
    "labeled-response", "multi-prefix",  "userhost-in-names", "extended-join", "away-notify",
    "account-notify",   "invite-notify", "setname",           "chghost",       "cap-notify",
};
enum { N_CAPABILITIES = sizeof CAPABILITIES / sizeof *CAPABILITIES, LABELED_RESPONSE = 5 };
/* The key that masks what is sent by WebSocket; real ones change, which costs the server nothing. */
static const unsigned char MASK[4] = {0x5a, 0xc3, 0x17, 0x9e};

struct client {
  int fd;
  enum stage stage;
  int waits_for_write;
  int is_full;          /* it asks for capabilities */
  uint32_t offered;     /* of CAPABILITIES, by place */
  char *partial;        /* the beginning of a line whose end has not come yet */
  size_t partial_size;
  char *unsent;
  size_t unsent_size, unsent_space;
  long sent, done;      /* as a sender: messages sent, messages that everybody has read */
  uint32_t *missing;    /* as a sender: for each message, the readers who have not got it yet */
};

static struct client *clients;
static int n_clients, n_registered, n_joined;
static int poller;
static uint16_t port;
static pid_t server;
static int sources = 1, handshakes = 200;

static int n_senders, window, readers_each;
static long messages_each, messages_done, deliveries, disorders;
static int is_fan, is_mixed, is_web;
static int n_capabilities; /* that the members with capabilities were given; the last one's, all get the same */
static char padding[512];
static uint32_t *latencies;
static long n_latencies, latency_space;
static int32_t *heard; /* [reader * n_senders + sender]: the last number that this reader heard from this sender */

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

static uint64_t now_ns(void) {
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
static double server_cpu(void) {
  clockid_t clock;
  if (clock_getcpuclockid(server, &clock)) fail("no process %d", (int)server);
  return cpu_of(clock);
}

/* The server's memory in KiB: its own pages and its share of the shared ones. */
static long server_memory(void) {
  char text[256];
  long size = -1;
  snprintf(text, sizeof text, "/proc/%d/smaps_rollup", (int)server);
  FILE *file = fopen(text, "r");
  while (file && fgets(text, sizeof text, file))
    if (sscanf(text, "Pss: %ld kB", &size) == 1) break;
  if (file) fclose(file);
  return size;
}

/* --- bytes --- */

static void watch(struct client *client, int wants_write) {
  if (client->waits_for_write == wants_write) return;
  client->waits_for_write = wants_write;
  struct epoll_event event = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0), .data.ptr = client};
  epoll_ctl(poller, EPOLL_CTL_MOD, client->fd, &event);
}

static void flush(struct client *client) {
  size_t gone = 0;
  while (gone < client->unsent_size) {
    ssize_t size = send(client->fd, client->unsent + gone, client->unsent_size - gone, MSG_NOSIGNAL);
    if (size < 0 && errno == EAGAIN) break;
    if (size < 0) fail("client %ld cannot send: %s", (long)(client - clients), strerror(errno));
    gone += (size_t)size;
  }
  client->unsent_size -= gone;
  memmove(client->unsent, client->unsent + gone, client->unsent_size);
  watch(client, client->unsent_size > 0);
}

static void put_bytes(struct client *client, const char *text, size_t size) {
  if (client->unsent_size + size > client->unsent_space) {
    client->unsent_space = 2 * (client->unsent_size + size);
    client->unsent = realloc(client->unsent, client->unsent_space);
  }
  memcpy(client->unsent + client->unsent_size, text, size);
  client->unsent_size += size;
}

static void put_frame(struct client *client, unsigned char kind, const char *text, size_t size) {
  char frame[1024 + 8];
  size_t head = size < 126 ? 2 : 4;
  frame[0] = (char)(0x80 | kind);
  frame[1] = (char)(0x80 | (size < 126 ? size : 126));
  if (head == 4) {
    frame[2] = (char)(size >> 8);
    frame[3] = (char)size;
  }
  memcpy(frame + head, MASK, sizeof MASK);
  head += sizeof MASK;
  for (size_t i = 0; i < size; i++) frame[head + i] = (char)((unsigned char)text[i] ^ MASK[i % sizeof MASK]);
  put_bytes(client, frame, head + size);
}

/* Lines, each with its CR LF. */
static void put(struct client *client, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  size_t size = (size_t)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (!is_web) {
    put_bytes(client, text, size);
    return;
  }
  for (char *line = text, *end; (end = strstr(line, "\r\n")); line = end + 2)
    put_frame(client, 1, line, (size_t)(end - line));
}

/* --- messages --- */

static void fill_window(struct client *client) {
  int id = (int)(client - clients);
  int is_filled = 0;
  while (client->sent - client->done < window && client->sent < messages_each) {
    char target[32] = "#bench";
    if (!is_fan) snprintf(target, sizeof target, "n%06d", id + n_senders);
    client->missing[client->sent] = (uint32_t)readers_each;
    char label[32] = "";
    if (client->offered >> LABELED_RESPONSE & 1) snprintf(label, sizeof label, "@label=%ld ", client->sent);
    put(client, "%sPRIVMSG %s :%d %ld %llu %s\r\n", label, target, id, client->sent, (unsigned long long)now_ns(),
        padding);
    client->sent++;
    is_filled = 1;
  }
  if (is_filled) flush(client);
}

static void take_delivery(struct client *reader, const char *text) {
  char *rest;
  long id = strtol(text, &rest, 10);
  long number = strtol(rest, &rest, 10);
  uint64_t sent_at = strtoull(rest, &rest, 10);
  if (id < 0 || id >= n_senders || number < 0 || number >= clients[id].sent) fail("unknown message: %.60s", text);
  struct client *sender = &clients[id];
  if (sender == reader) return; /* an echo that nobody asked for is not a delivery */
  deliveries++;
  if (n_latencies < latency_space) latencies[n_latencies++] = (uint32_t)((now_ns() - sent_at) / 1000);
  int32_t *last = &heard[(reader - clients) * (long)n_senders + id];
  if (number != *last + 1) disorders++;
  *last = (int32_t)number;
  if (--sender->missing[number] == 0) {
    sender->done++;
    messages_done++;
    fill_window(sender);
  }
}

/* ":server CAP nick LS * :words" (more to come), "... LS :words", "... ACK :words". */
static void take_capabilities(struct client *client, const char *words) {
  int is_last = !strstr(words, " LS * :");
  if (strstr(words, " ACK ")) {
    put(client, "CAP END\r\n");
  } else if (strstr(words, " LS ")) {
    char text[512] = "";
    n_capabilities = 0;
    for (int i = 0; i < N_CAPABILITIES; i++) {
      size_t size = strlen(CAPABILITIES[i]);
      for (const char *at = words; (at = strstr(at, CAPABILITIES[i])); at += size)
        if ((at[-1] == ' ' || at[-1] == ':') && (!at[size] || strchr(" =", at[size]))) client->offered |= 1u << i;
      if (client->offered >> i & 1) {
        if (n_capabilities++) strcat(text, " ");
        strcat(text, CAPABILITIES[i]);
      }
    }
    if (is_last && !n_capabilities) fail("this server offers no capabilities");
    if (is_last) put(client, "CAP REQ :%s\r\n", text);
  } else {
    fail("client %ld asked for capabilities: %s", (long)(client - clients), words);
  }
  flush(client);
}

static void take_line(struct client *client, char *line, size_t size) {
  if (size && line[size - 1] == '\r') size--;
  line[size] = 0; /* the line end stood here, so there is room */
  if (!strncmp(line, "PING ", 5)) {
    put(client, "PONG %s\r\n", line + 5);
    flush(client);
    return;
  }
  if (!strncmp(line, "ERROR", 5)) fail("client %ld: %s", (long)(client - clients), line);
  if (*line == '@') {
    line = strchr(line, ' ');
    if (!line) return;
    line++;
  }
  if (*line != ':') return;
  char *command = strchr(line, ' ');
  if (!command) return;
  command++;
  if (!strncmp(command, "PRIVMSG ", 8)) {
    char *text = strchr(command, ':');
    if (text) take_delivery(client, text + 1);
  } else if (!strncmp(command, "CAP ", 4)) {
    if (client->stage == REGISTERING) take_capabilities(client, command);
  } else if (!strncmp(command, "376 ", 4) || !strncmp(command, "422 ", 4)) {
    if (client->stage == REGISTERING) {
      client->stage = REGISTERED;
      n_registered++;
    }
  } else if (!strncmp(command, "366 ", 4)) {
    if (client->stage == REGISTERED) {
      client->stage = JOINED;
      n_joined++;
    }
  } else if (*command == '4' && command[3] == ' ') {
    fail("client %ld is refused: %s", (long)(client - clients), line);
  }
}

static void enter(struct client *client) {
  client->stage = REGISTERING;
  put(client, "%sNICK n%06d\r\nUSER bench 0 * :bench\r\n", client->is_full ? "CAP LS 302\r\n" : "",
      (int)(client - clients));
}

/* Frames of a server, each one line; returns how many bytes were whole. There is room for one more byte at the end. */
static size_t take_frames(struct client *client, char *start, size_t size) {
  size_t at = 0;
  if (client->stage == SHAKING_HANDS) {
    start[size] = 0;
    char *end = strstr(start, "\r\n\r\n");
    if (!end) return 0;
    if (strncmp(start, "HTTP/1.1 101 ", 13)) fail("no WebSocket: %.60s", start);
    at = (size_t)(end + 4 - start);
    enter(client);
    flush(client);
  }
  for (;;) {
    const unsigned char *frame = (const unsigned char *)start + at;
    if (size - at < 2) return at;
    size_t length = frame[1], head = 2;
    if (length == 126 && size - at < 4) return at;
    if (length == 126) length = (size_t)frame[2] << 8 | frame[3], head = 4;
    if (frame[1] > 126) fail("a frame of unknown length");
    if (size - at < head + length) return at;
    char *line = start + at + head, next = line[length];
    if ((frame[0] & 0x0f) == 9) {
      put_frame(client, 10, line, length);
      flush(client);
    } else if ((frame[0] & 0x0f) > 2) {
      fail("client %ld: a frame of kind %d", (long)(client - clients), frame[0] & 0x0f);
    } else {
      take_line(client, line, length);
    }
    line[length] = next; /* take_line has put its end there */
    at += head + length;
  }
}

static void keep(struct client *client, const char *bytes, size_t size) {
  client->partial = realloc(client->partial, client->partial_size + size + 1);
  memcpy(client->partial + client->partial_size, bytes, size);
  client->partial_size += size;
}

static void readable(struct client *client) {
  static char buffer[READ_SIZE + 1];
  ssize_t size = recv(client->fd, buffer, READ_SIZE, 0);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0) fail("client %ld: closed: %s", (long)(client - clients), size ? strerror(errno) : "end of stream");
  if (is_web) {
    size_t used;
    if (client->partial_size) {
      keep(client, buffer, (size_t)size);
      used = take_frames(client, client->partial, client->partial_size);
      client->partial_size -= used;
      memmove(client->partial, client->partial + used, client->partial_size);
    } else {
      used = take_frames(client, buffer, (size_t)size);
      if (used < (size_t)size) keep(client, buffer + used, (size_t)size - used);
    }
    return;
  }
  char *start = buffer, *end = buffer + size, *line_end;
  while ((line_end = memchr(start, '\n', (size_t)(end - start)))) {
    size_t length = (size_t)(line_end - start);
    if (client->partial_size) {
      keep(client, start, length);
      length = client->partial_size;
      client->partial_size = 0;
      take_line(client, client->partial, length);
    } else {
      take_line(client, start, length);
    }
    start = line_end + 1;
  }
  if (start < end) keep(client, start, (size_t)(end - start));
}

static int poll_once(int milliseconds) {
  struct epoll_event events[512];
  int count = epoll_wait(poller, events, 512, milliseconds);
  for (int i = 0; i < count; i++) {
    struct client *client = events[i].data.ptr;
    if (events[i].events & EPOLLOUT) {
      if (client->stage == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) fail("cannot connect: %s", strerror(error));
        if (is_web) {
          static const char request[] =
              "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Protocol: text.ircv3.net\r\n\r\n";
          client->stage = SHAKING_HANDS;
          put_bytes(client, request, sizeof request - 1);
        } else {
          enter(client);
        }
      }
      flush(client);
    }
    if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(client);
  }
  return count;
}

static void wait_until(const int *value, int target, const char *what) {
  uint64_t last_progress = now_ns();
  int last_value = *value;
  while (*value < target) {
    poll_once(100);
    if (*value != last_value) last_progress = now_ns();
    last_value = *value;
    if (now_ns() - last_progress > PATIENCE_S * 1000000000ull) fail("stuck: %s: %d of %d", what, *value, target);
  }
}

/* Until nothing has arrived for half a second: what the last phase caused is not charged to the next. */
static void settle(void) {
  uint64_t last = now_ns();
  while (now_ns() - last < 500000000u)
    if (poll_once(50) > 0) last = now_ns();
}

static void open_client(struct client *client) {
  int one = 1;
  client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (client->fd < 0) fail("no socket: %s", strerror(errno));
  setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (sources > 1) {
    /* One address has 28,000 ports; and the port is chosen at connect, when it is known to be free for that peer. */
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)((client - clients) % sources));
    setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(client->fd, (struct sockaddr *)&from, sizeof from)) fail("cannot bind: %s", strerror(errno));
  }
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(client->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)
    fail("cannot connect: %s", strerror(errno));
  client->waits_for_write = 1;
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = client};
  epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event);
}

/* --- phases --- */

static void connect_all(void) {
  long memory = server_memory();
  double cpu = server_cpu();
  uint64_t start = now_ns();
  for (int opened = 0; n_registered < n_clients;) {
    while (opened < n_clients && opened - n_registered < handshakes) open_client(&clients[opened++]);
    int target = opened < n_clients ? n_registered + 1 : n_clients;
    wait_until(&n_registered, target, "register");
  }
  double seconds = (double)(now_ns() - start) / 1e9;
  settle();
  printf("{\"phase\": \"connect\", \"clients\": %d, \"seconds\": %.4f, \"cpu_us_each\": %.3f, \"memory_kib\": %ld, "
         "\"memory_kib_each\": %.3f}\n",
         n_clients, seconds, (server_cpu() - cpu) * 1e6 / n_clients, server_memory(),
         (double)(server_memory() - memory) / n_clients);
  fflush(stdout);
}

static void join_all(void) {
  double cpu = server_cpu();
  uint64_t start = now_ns();
  for (int i = 0; i < n_clients; i++) {
    put(&clients[i], "JOIN #bench\r\n");
    flush(&clients[i]);
    if (i % JOINS == JOINS - 1) wait_until(&n_joined, i + 1 - JOINS, "join");
  }
  wait_until(&n_joined, n_clients, "join");
  double seconds = (double)(now_ns() - start) / 1e9;
  settle();
  /* The member who comes as number k is announced to k members, itself among them. */
  double announcements = (double)n_clients * (n_clients + 1) / 2;
  printf("{\"phase\": \"join\", \"clients\": %d, \"seconds\": %.4f, \"cpu_us_each\": %.4f}\n", n_clients, seconds,
         (server_cpu() - cpu) * 1e6 / announcements);
  fflush(stdout);
}

static int compare(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

static void talk(void) {
  long total = n_senders * messages_each;
  latency_space = total * readers_each < MAX_LATENCIES ? total * readers_each : MAX_LATENCIES;
  latencies = malloc((size_t)latency_space * sizeof *latencies);
  heard = malloc((size_t)n_clients * (size_t)n_senders * sizeof *heard);
  memset(heard, 0xff, (size_t)n_clients * (size_t)n_senders * sizeof *heard); /* -1: nothing heard yet */
  memset(latencies, 0, (size_t)latency_space * sizeof *latencies); /* touched now, not while it is measured */
  for (int i = 0; i < n_senders; i++) clients[i].missing = calloc((size_t)messages_each, sizeof(uint32_t));
  double cpu = server_cpu(), own_cpu = cpu_of(CLOCK_PROCESS_CPUTIME_ID);
  uint64_t start = now_ns(), last_progress = start;
  for (int i = 0; i < n_senders; i++) fill_window(&clients[i]);
  for (long last_done = 0; messages_done < total; last_done = messages_done) {
    poll_once(100);
    if (messages_done != last_done) last_progress = now_ns();
    if (now_ns() - last_progress > PATIENCE_S * 1000000000ull)
      fail("stuck: %ld of %ld messages, %ld deliveries", messages_done, total, deliveries);
  }
  double seconds = (double)(now_ns() - start) / 1e9;
  cpu = server_cpu() - cpu;
  own_cpu = cpu_of(CLOCK_PROCESS_CPUTIME_ID) - own_cpu;
  qsort(latencies, (size_t)n_latencies, sizeof *latencies, compare);
  printf("{\"phase\": \"%s\", \"clients\": %d, \"senders\": %d, \"messages\": %ld, \"window\": %d, \"padding\": %zu, "
         "\"capabilities\": %d, "
         "\"deliveries\": %ld, \"seconds\": %.4f, \"cpu_us_each\": %.4f, \"cpu_us_per_message\": %.3f, "
         "\"server_share\": %.3f, \"load_share\": %.3f, \"p50_us\": %u, \"p99_us\": %u, \"max_us\": %u, "
         "\"memory_kib\": %ld}\n",
         is_fan ? "fan" : "pairs", n_clients, n_senders, total, window, strlen(padding),
         n_capabilities, deliveries, seconds,
         cpu * 1e6 / (double)deliveries, cpu * 1e6 / (double)total, cpu / seconds, own_cpu / seconds,
         latencies[n_latencies / 2], latencies[n_latencies * 99 / 100], latencies[n_latencies - 1], server_memory());
  fflush(stdout);
  settle();
  if (deliveries != total * readers_each || disorders)
    fail("%ld deliveries instead of %ld, %ld out of order", deliveries, total * readers_each, disorders);
}

static long number(const char *text) {
  char *end;
  long value = strtol(text, &end, 10);
  if (*end || value <= 0) fail("not a positive number: %s", text);
  return value;
}

int main(int count, char **words) {
  if (count < 5) {
    fputs("load PORT PID connect N | (fan | mixed | web) N SENDERS MESSAGES WINDOW | pairs N MESSAGES WINDOW\n", stderr);
    return 2;
  }
  port = (uint16_t)number(words[1]);
  server = (pid_t)number(words[2]);
  is_mixed = !strcmp(words[3], "mixed");
  is_web = !strcmp(words[3], "web");
  is_fan = is_mixed || is_web || !strcmp(words[3], "fan");
  int is_pairs = !strcmp(words[3], "pairs");
  n_clients = (int)number(words[4]);
  if ((is_fan && count != 8) || (is_pairs && count != 7)) fail("wrong number of words after %s", words[3]);
  if (is_fan || is_pairs) {
    n_senders = is_fan ? (int)number(words[5]) : n_clients;
    if (is_pairs) n_clients *= 2;
    messages_each = number(words[count - 2]);
    window = (int)number(words[count - 1]);
    readers_each = is_fan ? n_clients - 1 : 1;
  }
  if (n_senders > n_clients) fail("more senders than members");
  const char *wanted = getenv("PADDING");
  memset(padding, 'x', wanted ? (size_t)number(wanted) % 400 : 60);
  if (getenv("SOURCES")) sources = (int)number(getenv("SOURCES"));
  if (getenv("HANDSHAKES")) handshakes = (int)number(getenv("HANDSHAKES"));

  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  clients = calloc((size_t)n_clients, sizeof *clients);
  for (int i = 0; i < n_clients; i++) clients[i].is_full = is_mixed && i % 2;
  poller = epoll_create1(0);

  connect_all();
  if (is_fan) join_all();
  if (is_fan || is_pairs) talk();
  return 0;
}
