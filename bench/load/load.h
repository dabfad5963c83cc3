/* What the parts of the load generator share; main.c tells what it is for.
 *
 * One thread, one epoll. Whatever goes wrong ends the run with exit status 1: a load in which something is missing
 * measures nothing.
 */
#ifndef LOAD_H
#define LOAD_H
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#if !defined WITHOUT_OPENSSL
#include <openssl/ssl.h>
#else
typedef void SSL;
#endif

enum {
  PATIENCE_S = 60, /* without any progress for so long the run has failed */
  JOINS = 50       /* joins under way at once: each one is told to all who came before */
};

enum stage { CONNECTING, SHAKING_TLS, SHAKING_WEB, REGISTERING, REGISTERED, JOINED, LEAVING, GONE };

struct client {
  int fd;
  enum stage stage;
  int waits_for_write;
  int is_full;             /* it asks for capabilities */
  uint32_t offered;        /* of CAPABILITIES, by place: those that it was offered and wants */
  SSL *ssl;
  struct proof *proof;     /* of its password, while it is asked for one */
  uint64_t opened;         /* ns: when it began to connect */
  char *partial;           /* the beginning of a line whose end has not come yet */
  size_t partial_size;
  char *unsent;
  size_t unsent_size, unsent_space;
  char target[24];         /* as a sender: where it speaks, and how many read it there */
  uint32_t readers;
  long sent, done;         /* messages sent, messages that everybody has read */
  uint32_t *missing;       /* for each message, the readers who have not got it yet */
};

extern struct client *clients;
extern int n_clients;
extern pid_t server;
extern char padding[512];

/* Options, from the environment. */
extern uint16_t port;
extern int sources, handshakes, is_web, is_tls;
extern const char *capabilities; /* "", "half", "all", "echo" */
extern const char *sasl;         /* "", "PLAIN", "SCRAM-SHA-256" */

/* What was heard, of everybody together. */
struct heard {
  int registered, joined, gone;
  long joins, quits, nicks;
  int ends_of_names, ends_of_who;
  long names, who;
};
extern struct heard heard;
extern int n_capabilities; /* that those with capabilities were given; the last one's, all get the same */
extern uint32_t *registering_us;

/* main.c */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
uint64_t now_ns(void);
double server_cpu(void);
double own_cpu(void);
long server_memory(void);
int compare_numbers(const void *left, const void *right);

/* bytes.c */
void put(struct client *client, const char *format, ...) __attribute__((format(printf, 2, 3)));
void flush(struct client *client);
void open_client(struct client *client);
int poll_once(int milliseconds);
void wait_until(const int *value, int target, const char *what);
void wait_until_long(const long *value, long target, const char *what);
void settle(void);
void prepare_poller(void);

/* clients.c */
void take_line(struct client *client, char *line, size_t size);
void enter(struct client *client);
void connect_all(void);
void join_all(const char *room);

/* sasl.c */
void begin_proof(struct client *client);
void go_on_proving(struct client *client, const char *challenge);

/* threads.c */
struct threads;
struct threads *look_at_threads(void);
void print_threads(struct threads *before, double each);

/* talk.c */
void take_delivery(struct client *reader, const char *text);
void talk(const char *phase, int first, int senders, long messages_each, int window);
void talk_paced(const char *phase, int senders, double rate, double seconds);
extern int counts_echo;

/* storms.c */
void join_storm(void);
void quit_storm(void);
void change_nicks(int changes);
void ask(int times);
void live(int rooms, double seconds);

#endif
