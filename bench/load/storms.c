/* What happens to many at once, and answers of many lines. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void report(const char *phase, long count, uint64_t start, double cpu, const char *more, double value) {
  double seconds = (double)(now_ns() - start) / 1e9;
  settle();
  printf("{\"phase\": \"%s\", \"clients\": %d, \"deliveries\": %ld, \"seconds\": %.4f, \"cpu_us_each\": %.4f, "
         "\"%s\": %.3f, \"memory_kib\": %ld}\n",
         phase, n_clients, count, seconds, (server_cpu() - cpu) * 1e6 / (double)count, more, value, server_memory());
  fflush(stdout);
}

/* All join at once. */
void join_storm(void) {
  double cpu = server_cpu();
  uint64_t start = now_ns();
  for (int i = 0; i < n_clients; i++) {
    put(&clients[i], "JOIN #bench\r\n");
    flush(&clients[i]);
  }
  wait_until(&heard.joined, n_clients, "join");
  long told = (long)n_clients * (n_clients + 1) / 2;
  wait_until_long(&heard.joins, told, "joins told");
  report("join-storm", told, start, cpu, "joins_a_second", n_clients / ((double)(now_ns() - start) / 1e9));
  if (heard.joins != told) fail("%ld joins were told instead of %ld", heard.joins, told);
}

/* Every other one quits at once; those who stay are told. Who goes hears nothing more. */
void quit_storm(void) {
  int going = n_clients / 2;
  long told = (long)going * (n_clients - going);
  for (int i = 1; i < n_clients; i += 2) clients[i].stage = LEAVING;
  double cpu = server_cpu();
  uint64_t start = now_ns();
  for (int i = 1; i < n_clients; i += 2) {
    put(&clients[i], "QUIT :bye\r\n");
    flush(&clients[i]);
  }
  wait_until_long(&heard.quits, told, "quits told");
  wait_until(&heard.gone, going, "connections closed");
  report("quit-storm", told, start, cpu, "quits_a_second", going / ((double)(now_ns() - start) / 1e9));
  if (heard.quits != told) fail("%ld quits were told instead of %ld", heard.quits, told);
}

/* One after the other takes another nick; the next when everybody has seen it. */
void change_nicks(int changes) {
  double cpu = server_cpu();
  uint64_t start = now_ns();
  for (int i = 0; i < changes; i++) {
    struct client *client = &clients[(long)i * n_clients / changes];
    put(client, "NICK m%06d\r\n", (int)(client - clients));
    flush(client);
    wait_until_long(&heard.nicks, (long)(i + 1) * n_clients, "nicks told");
  }
  double each = (double)(now_ns() - start) / 1e6 / changes;
  report("nick", (long)changes * n_clients, start, cpu, "ms_until_all_know", each);
}

static void ask_one(const char *phase, const char *command, int times, const int *ends, const long *entries) {
  double cpu = server_cpu(), most = 0;
  uint64_t start = now_ns();
  long before = *entries;
  for (int i = 0; i < times; i++) {
    struct client *client = &clients[(long)i * n_clients / times];
    uint64_t asked = now_ns();
    put(client, "%s #bench\r\n", command);
    flush(client);
    wait_until(ends, *ends + 1, command);
    double took = (double)(now_ns() - asked) / 1e6;
    if (took > most) most = took;
  }
  long count = *entries - before;
  if (count != (long)times * n_clients) fail("%s: %ld entries instead of %ld", command, count, (long)times * n_clients);
  report(phase, count, start, cpu, "ms_at_most", most);
}

/* NAMES and WHO of a room, by several who ask one after the other. */
void ask(int times) {
  ask_one("names", "NAMES", times, &heard.ends_of_names, &heard.names);
  ask_one("who", "WHO", times, &heard.ends_of_who, &heard.who);
}

/* Deterministic; good enough for choosing rooms. */
static double chance(void) {
  static uint64_t state = 88172645463325252ull;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (double)(state >> 11) / 9007199254740992.0;
}

static int zipf(const double *sums, int count) {
  double at = chance() * sums[count - 1];
  int low = 0, high = count - 1;
  while (low < high) {
    int middle = (low + high) / 2;
    if (sums[middle] < at)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Everybody is in three rooms, the n-th of them 1/n as much liked as the first; one in ten speaks once a minute. */
void live(int rooms, double seconds) {
  enum { EACH = 3, OF = 10 };
  double *sums = calloc((size_t)rooms, sizeof *sums);
  uint32_t *members = calloc((size_t)rooms, sizeof *members);
  int *homes = calloc((size_t)n_clients, sizeof *homes);
  for (int i = 0; i < rooms; i++) sums[i] = (i ? sums[i - 1] : 0) + 1.0 / (i + 1);
  for (int i = 0; i < n_clients; i++) {
    int chosen[EACH];
    for (int k = 0; k < EACH;) {
      int room = zipf(sums, rooms), is_new = 1;
      for (int j = 0; j < k; j++) is_new &= chosen[j] != room;
      if (!is_new) continue;
      chosen[k++] = room;
      members[room]++;
      put(&clients[i], "JOIN #room%d\r\n", room);
    }
    homes[i] = chosen[i % EACH];
    flush(&clients[i]);
    if (i % JOINS == JOINS - 1) wait_until(&heard.ends_of_names, EACH * (i + 1 - JOINS), "join");
  }
  wait_until(&heard.ends_of_names, EACH * n_clients, "join");
  settle();
  int speakers = n_clients / OF;
  for (int i = 0; i < speakers; i++) {
    snprintf(clients[i].target, sizeof clients[i].target, "#room%d", homes[i]);
    clients[i].readers = members[homes[i]] - 1;
  }
  free(homes);
  free(members);
  free(sums);
  talk_paced("life", speakers, speakers / 60.0, seconds);
}
