/* Clients: what each line means to them, registering, joining. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a client of today asks for, as far as it changes what it is told about a room. */
static const char *CAPABILITIES[] = {
    "message-tags",     "server-time",   "account-tag",       "echo-message",  "batch",
    "labeled-response", "multi-prefix",  "userhost-in-names", "extended-join", "away-notify",
    "account-notify",   "invite-notify", "setname",           "chghost",       "cap-notify",
};
enum { N_CAPABILITIES = sizeof CAPABILITIES / sizeof *CAPABILITIES, ECHO_MESSAGE = 3 };

struct heard heard;
int n_capabilities;
uint32_t *registering_us;

/* ":server CAP nick LS * :words" (more to come), "... LS :words", "... ACK :words". */
static void take_capabilities(struct client *client, const char *words) {
  int is_last = !strstr(words, " LS * :");
  if (strstr(words, " ACK ")) {
    if (*sasl)
      begin_proof(client);
    else
      put(client, "CAP END\r\n");
  } else if (strstr(words, " LS ")) {
    char text[512] = "";
    n_capabilities = 0;
    for (int i = 0; i < N_CAPABILITIES; i++) {
      size_t size = strlen(CAPABILITIES[i]);
      if (!client->is_full || (!strcmp(capabilities, "echo") && i != ECHO_MESSAGE)) continue;
      for (const char *at = words; (at = strstr(at, CAPABILITIES[i])); at += size)
        if ((at[-1] == ' ' || at[-1] == ':') && (!at[size] || strchr(" =", at[size]))) client->offered |= 1u << i;
      if (client->offered >> i & 1) {
        if (n_capabilities++) strcat(text, " ");
        strcat(text, CAPABILITIES[i]);
      }
    }
    if (is_last && client->is_full && !n_capabilities) fail("this server offers no capabilities");
    if (is_last) put(client, "CAP REQ :%s%s\r\n", text, *sasl ? " sasl" : "");
  } else {
    fail("client %ld asked for capabilities: %s", (long)(client - clients), words);
  }
  flush(client);
}

static long count_words(const char *text) {
  long count = 0;
  for (; *text; text++) count += *text != ' ' && (!text[1] || text[1] == ' ');
  return count;
}

static void take_numeric(struct client *client, const char *line, const char *numeric) {
  int number = atoi(numeric);
  if (number == 376 || number == 422) {
    if (client->stage == REGISTERING) {
      client->stage = REGISTERED;
      if (registering_us) registering_us[heard.registered] = (uint32_t)((now_ns() - client->opened) / 1000);
      heard.registered++;
    }
  } else if (number == 366) {
    heard.ends_of_names++;
    if (client->stage == REGISTERED) {
      client->stage = JOINED;
      heard.joined++;
    }
  } else if (number == 353) {
    const char *names = strstr(numeric, " :");
    if (names) heard.names += count_words(names + 2);
  } else if (number == 352) {
    heard.who++;
  } else if (number == 315) {
    heard.ends_of_who++;
  } else if (number == 903) {
    put(client, "CAP END\r\n");
    flush(client);
  } else if ((number >= 400 && number < 500) || (number >= 902 && number <= 908)) {
    fail("client %ld is refused: %s", (long)(client - clients), line);
  }
}

void take_line(struct client *client, char *line, size_t size) {
  if (size && line[size - 1] == '\r') size--;
  line[size] = 0; /* the line end stood here, so there is room */
  if (client->stage == LEAVING) return;
  if (!strncmp(line, "PING ", 5)) {
    put(client, "PONG %s\r\n", line + 5);
    flush(client);
    return;
  }
  if (!strncmp(line, "AUTHENTICATE ", 13)) {
    go_on_proving(client, line + 13);
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
  } else if (!strncmp(command, "JOIN ", 5)) {
    heard.joins++;
  } else if (!strncmp(command, "QUIT ", 5)) {
    heard.quits++;
  } else if (!strncmp(command, "NICK ", 5)) {
    heard.nicks++;
  } else if (!strncmp(command, "CAP ", 4)) {
    if (client->stage == REGISTERING) take_capabilities(client, command);
  } else if (!strncmp(command, "AUTHENTICATE ", 13)) {
    go_on_proving(client, command + 13);
  } else if (*command >= '0' && *command <= '9') {
    take_numeric(client, line, command);
  }
}

void enter(struct client *client) {
  client->stage = REGISTERING;
  put(client, "%sNICK n%06d\r\nUSER bench 0 * :bench\r\n", client->is_full || *sasl ? "CAP LS 302\r\n" : "",
      (int)(client - clients));
}

/* The server's CPU (s) when so many thousands had registered, as near as it was seen. */
static struct mark {
  int registered;
  double cpu;
} marks[64];
static int n_marks;

static void mark_thousands(double cpu) {
  enum { EACH = 1000, MOST = sizeof marks / sizeof *marks };
  if (heard.registered >= n_marks * EACH && n_marks < MOST)
    marks[n_marks++] = (struct mark){heard.registered, cpu};
}

static double between(const struct mark *from, const struct mark *to) {
  return (to->cpu - from->cpu) * 1e6 / (to->registered - from->registered);
}

static void print_thousands(void) {
  if (n_marks < 4) return; /* the last mark is where the last of them begins: nothing follows that could share its turns */
  printf(", \"first_us_each\": %.3f, \"last_us_each\": %.3f, \"thousands_us_each\": [", between(marks, marks + 1),
         between(marks + n_marks - 2, marks + n_marks - 1));
  for (int i = 1; i < n_marks; i++) printf("%s%.1f", i > 1 ? ", " : "", between(marks + i - 1, marks + i));
  printf("]");
}

void connect_all(void) {
  registering_us = calloc((size_t)n_clients, sizeof *registering_us);
  long memory = server_memory();
  double cpu = server_cpu();
  uint64_t start = now_ns();
  for (int opened = 0; heard.registered < n_clients;) {
    mark_thousands(server_cpu());
    while (opened < n_clients && opened - heard.registered < handshakes) open_client(&clients[opened++]);
    wait_until(&heard.registered, opened < n_clients ? heard.registered + 1 : n_clients, "register");
  }
  mark_thousands(server_cpu());
  double seconds = (double)(now_ns() - start) / 1e9;
  settle();
  qsort(registering_us, (size_t)n_clients, sizeof *registering_us, compare_numbers);
  printf("{\"phase\": \"connect\", \"clients\": %d, \"seconds\": %.4f, \"cpu_us_each\": %.3f, \"memory_kib\": %ld, "
         "\"memory_kib_each\": %.3f, \"p50_us\": %u, \"p99_us\": %u",
         n_clients, seconds, (server_cpu() - cpu) * 1e6 / n_clients, server_memory(),
         (double)(server_memory() - memory) / n_clients, registering_us[n_clients / 2],
         registering_us[(long)n_clients * 99 / 100]);
  print_thousands();
  puts("}");
  fflush(stdout);
}

void join_all(const char *room) {
  double cpu = server_cpu();
  uint64_t start = now_ns();
  for (int i = 0; i < n_clients; i++) {
    put(&clients[i], "JOIN %s\r\n", room);
    flush(&clients[i]);
    if (i % JOINS == JOINS - 1) wait_until(&heard.joined, i + 1 - JOINS, "join");
  }
  wait_until(&heard.joined, n_clients, "join");
  double seconds = (double)(now_ns() - start) / 1e9;
  settle();
  /* The member who comes as number k is announced to k members, itself among them. */
  double announcements = (double)n_clients * (n_clients + 1) / 2;
  printf("{\"phase\": \"join\", \"clients\": %d, \"seconds\": %.4f, \"cpu_us_each\": %.4f}\n", n_clients, seconds,
         (server_cpu() - cpu) * 1e6 / announcements);
  fflush(stdout);
}
