/* Messages: who says them, who has read them, and how long that took. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LATENCIES = 20000000, LABELED_RESPONSE = 5 };

int counts_echo; /* a message is done when its sender has read it himself */

static int first_sender, n_senders, window;
static long messages_each, messages_done, messages_sent, deliveries, expected, disorders;
static uint32_t *latencies;
static long n_latencies, latency_space;
static int32_t *last_heard; /* [reader * n_senders + sender]: the last number that this reader heard from this sender */

static void say(struct client *client) {
  char label[32] = "";
  client->missing[client->sent] = client->readers;
  if (client->offered >> LABELED_RESPONSE & 1) snprintf(label, sizeof label, "@label=%ld ", client->sent);
  put(client, "%sPRIVMSG %s :%d %ld %llu %s\r\n", label, client->target, (int)(client - clients), client->sent,
      (unsigned long long)now_ns(), padding);
  client->sent++;
  messages_sent++;
  expected += client->readers;
  if (!client->readers) messages_done++; /* alone in a room */
}

static void fill_window(struct client *client) {
  int is_filled = 0;
  while (client->sent - client->done < window && client->sent < messages_each) {
    say(client);
    is_filled = 1;
  }
  if (is_filled) flush(client);
}

void take_delivery(struct client *reader, const char *text) {
  char *rest;
  long id = strtol(text, &rest, 10);
  long number = strtol(rest, &rest, 10);
  uint64_t sent_at = strtoull(rest, &rest, 10);
  long place = id - first_sender;
  if (place < 0 || place >= n_senders || number < 0 || number >= clients[id].sent) fail("unknown message: %.60s", text);
  struct client *sender = &clients[id];
  if (sender == reader && !counts_echo) return; /* an echo that nobody asked for is not a delivery */
  deliveries++;
  if (n_latencies < latency_space) latencies[n_latencies++] = (uint32_t)((now_ns() - sent_at) / 1000);
  int32_t *last = &last_heard[(reader - clients) * (long)n_senders + place];
  if (number != *last + 1) disorders++;
  *last = (int32_t)number;
  if (--sender->missing[number] == 0) {
    sender->done++;
    messages_done++;
    if (window) fill_window(sender);
  }
}

static void prepare(int first, int senders, long each, int outstanding) {
  first_sender = first;
  n_senders = senders;
  messages_each = each;
  window = outstanding;
  messages_done = messages_sent = deliveries = expected = disorders = n_latencies = 0;
  size_t pairs = (size_t)n_clients * (size_t)senders;
  last_heard = realloc(last_heard, pairs * sizeof *last_heard);
  memset(last_heard, 0xff, pairs * sizeof *last_heard); /* -1: nothing heard yet */
  double most = 0;
  for (int i = 0; i < senders; i++) {
    struct client *client = &clients[first + i];
    client->sent = client->done = 0;
    client->missing = realloc(client->missing, (size_t)each * sizeof *client->missing);
    most += (double)each * client->readers;
  }
  latency_space = most < MOST_LATENCIES ? (long)most + 1 : MOST_LATENCIES;
  latencies = realloc(latencies, (size_t)latency_space * sizeof *latencies);
  memset(latencies, 0, (size_t)latency_space * sizeof *latencies); /* touched now, not while it is measured */
}

static void report(const char *phase, double seconds, double cpu, double own, struct threads *threads) {
  if (!n_latencies) fail("nothing was delivered");
  qsort(latencies, (size_t)n_latencies, sizeof *latencies, compare_numbers);
  printf("{\"phase\": \"%s\", \"clients\": %d, \"senders\": %d, \"messages\": %ld, \"window\": %d, \"padding\": %zu, "
         "\"capabilities\": %d, "
         "\"deliveries\": %ld, \"seconds\": %.4f, \"cpu_us_each\": %.4f, \"cpu_us_per_message\": %.3f, "
         "\"server_share\": %.3f, \"load_share\": %.3f, \"p50_us\": %u, \"p99_us\": %u, \"p999_us\": %u, "
         "\"max_us\": %u, \"memory_kib\": %ld",
         phase, n_clients, n_senders, messages_sent, window, strlen(padding), n_capabilities, deliveries, seconds,
         cpu * 1e6 / (double)deliveries, cpu * 1e6 / (double)messages_sent, cpu / seconds, own / seconds,
         latencies[n_latencies / 2], latencies[n_latencies * 99 / 100], latencies[n_latencies / 1000 * 999 + n_latencies % 1000 * 999 / 1000],
         latencies[n_latencies - 1], server_memory());
  print_threads(threads, (double)messages_sent);
  puts("}");
  fflush(stdout);
}

static void check(void) {
  settle();
  if (deliveries != expected || disorders)
    fail("%ld deliveries instead of %ld, %ld out of order", deliveries, expected, disorders);
}

/* Closed loop: at most `outstanding` messages of each sender on their way. */
void talk(const char *phase, int first, int senders, long each, int outstanding) {
  prepare(first, senders, each, outstanding);
  long total = senders * each;
  struct threads *threads = look_at_threads();
  double cpu = server_cpu(), own = own_cpu();
  uint64_t start = now_ns();
  for (int i = 0; i < senders; i++) fill_window(&clients[first + i]);
  wait_until_long(&messages_done, total, "messages");
  double seconds = (double)(now_ns() - start) / 1e9;
  report(phase, seconds, server_cpu() - cpu, own_cpu() - own, threads);
  check();
}

/* Open loop: `rate` messages a second of all senders together, whatever becomes of them. */
void talk_paced(const char *phase, int senders, double rate, double seconds) {
  long total = (long)(rate * seconds), late = 0;
  prepare(0, senders, total / senders + 1, 0);
  struct threads *threads = look_at_threads();
  double cpu = server_cpu(), own = own_cpu();
  uint64_t start = now_ns();
  for (long number = 0; number < total; number++) {
    uint64_t due = start + (uint64_t)((double)number * 1e9 / rate), now;
    while ((now = now_ns()) < due) poll_once((int)((due - now) / 1000000));
    if ((long)(now - due) / 1000 > late) late = (long)(now - due) / 1000;
    struct client *client = &clients[number % senders];
    say(client);
    flush(client);
    if (number % 16 == 15) poll_once(0);
  }
  wait_until_long(&messages_done, total, "messages");
  double took = (double)(now_ns() - start) / 1e9;
  fprintf(stderr, "latest message sent %ld us after its time\n", late);
  report(phase, took, server_cpu() - cpu, own_cpu() - own, threads);
  check();
}
