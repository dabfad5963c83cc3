/* Bytes: connecting, reading and writing, plain, through TLS, in WebSocket frames. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_SIZE = 1 << 16 };

/* The key that masks what is sent by WebSocket; real ones change, which costs the server nothing. */
static const unsigned char MASK[4] = {0x5a, 0xc3, 0x17, 0x9e};

static int poller;

#if !defined WITHOUT_OPENSSL
#include <openssl/err.h>
static SSL_CTX *tls;

static void begin_tls(struct client *client) {
  client->ssl = SSL_new(tls);
  SSL_set_fd(client->ssl, client->fd);
  SSL_set_connect_state(client->ssl);
}

static int is_unready(struct client *client, int result) {
  int error = SSL_get_error(client->ssl, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

/* 1 when the handshake is done, 0 when it waits for the server. */
static int shake_tls(struct client *client) {
  int result = SSL_do_handshake(client->ssl);
  if (result == 1) return 1;
  if (!is_unready(client, result))
    fail("client %ld: no TLS: %s", (long)(client - clients), ERR_error_string(ERR_get_error(), NULL));
  return 0;
}

static ssize_t send_some(struct client *client, const char *bytes, size_t size) {
  if (!client->ssl) return send(client->fd, bytes, size, MSG_NOSIGNAL);
  int result = SSL_write(client->ssl, bytes, size < 1 << 14 ? (int)size : 1 << 14);
  if (result > 0) return result;
  errno = is_unready(client, result) ? EAGAIN : EPIPE;
  return -1;
}

static ssize_t receive_some(struct client *client, char *bytes, size_t size) {
  if (!client->ssl) return recv(client->fd, bytes, size, 0);
  ERR_clear_error();
  int result = SSL_read(client->ssl, bytes, (int)size);
  if (result > 0) return result;
  errno = is_unready(client, result) ? EAGAIN : EPIPE;
  return errno == EAGAIN ? -1 : 0;
}
#else
static void begin_tls(struct client *client) { fail("client %ld: built without OpenSSL", (long)(client - clients)); }
static int shake_tls(struct client *client) { return client != NULL; }
static ssize_t send_some(struct client *client, const char *bytes, size_t size) {
  return send(client->fd, bytes, size, MSG_NOSIGNAL);
}
static ssize_t receive_some(struct client *client, char *bytes, size_t size) {
  return recv(client->fd, bytes, size, 0);
}
#endif

void prepare_poller(void) {
  poller = epoll_create1(0);
#if !defined WITHOUT_OPENSSL
  if (!is_tls) return;
  tls = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL); /* the certificate was made a moment ago, by the server itself */
  SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
#endif
}

static void watch(struct client *client, int wants_write) {
  if (client->waits_for_write == wants_write) return;
  client->waits_for_write = wants_write;
  struct epoll_event event = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0), .data.ptr = client};
  epoll_ctl(poller, EPOLL_CTL_MOD, client->fd, &event);
}

void flush(struct client *client) {
  size_t gone = 0;
  while (gone < client->unsent_size) {
    ssize_t size = send_some(client, client->unsent + gone, client->unsent_size - gone);
    if (size < 0 && errno == EAGAIN) break;
    if (size < 0 && client->stage == LEAVING) return;
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
void put(struct client *client, const char *format, ...) {
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

/* Frames of a server, each one line; returns how many bytes were whole. There is room for one more byte at the end. */
static size_t take_frames(struct client *client, char *start, size_t size) {
  size_t at = 0;
  if (client->stage == SHAKING_WEB) {
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
    } else if ((frame[0] & 0x0f) == 8 && client->stage == LEAVING) {
      return size;
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

static void take_web(struct client *client, char *buffer, size_t size) {
  size_t used;
  if (client->partial_size) {
    keep(client, buffer, size);
    used = take_frames(client, client->partial, client->partial_size);
    client->partial_size -= used;
    memmove(client->partial, client->partial + used, client->partial_size);
  } else {
    used = take_frames(client, buffer, size);
    if (used < size) keep(client, buffer + used, size - used);
  }
}

static void take_lines(struct client *client, char *start, size_t size) {
  char *end = start + size, *line_end;
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

static void lose(struct client *client, ssize_t size) {
  if (client->stage != LEAVING)
    fail("client %ld: closed: %s", (long)(client - clients), size ? strerror(errno) : "end of stream");
  close(client->fd); /* which takes it from the poller as well */
  client->stage = GONE;
  heard.gone++;
}

static void readable(struct client *client) {
  static char buffer[READ_SIZE + 1];
  for (;;) {
    ssize_t size = receive_some(client, buffer, READ_SIZE);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      lose(client, size);
      return;
    }
    if (is_web)
      take_web(client, buffer, (size_t)size);
    else
      take_lines(client, buffer, (size_t)size);
    if (!client->ssl) return; /* epoll tells of the rest; what TLS has in its own buffer it does not know */
  }
}

/* The connection is there: what comes next on the way to the first line. */
static void advance(struct client *client) {
  if (client->stage == CONNECTING) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) fail("cannot connect: %s", strerror(error));
    client->stage = SHAKING_TLS;
    if (is_tls) begin_tls(client);
  }
  if (is_tls && !shake_tls(client)) {
    watch(client, 0);
    return;
  }
  if (is_web) {
    static const char request[] =
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: text.ircv3.net\r\n\r\n";
    client->stage = SHAKING_WEB;
    put_bytes(client, request, sizeof request - 1);
  } else {
    enter(client);
  }
  flush(client);
}

int poll_once(int milliseconds) {
  struct epoll_event events[512];
  int count = epoll_wait(poller, events, 512, milliseconds);
  for (int i = 0; i < count; i++) {
    struct client *client = events[i].data.ptr;
    if (client->stage <= SHAKING_TLS) {
      advance(client);
      continue;
    }
    if (events[i].events & EPOLLOUT) flush(client);
    if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(client);
  }
  return count;
}

void wait_until(const int *value, int target, const char *what) {
  uint64_t last_progress = now_ns();
  int last_value = *value;
  while (*value < target) {
    poll_once(100);
    if (*value != last_value) last_progress = now_ns();
    last_value = *value;
    if (now_ns() - last_progress > PATIENCE_S * 1000000000ull) fail("stuck: %s: %d of %d", what, *value, target);
  }
}

void wait_until_long(const long *value, long target, const char *what) {
  uint64_t last_progress = now_ns();
  long last_value = *value;
  while (*value < target) {
    poll_once(100);
    if (*value != last_value) last_progress = now_ns();
    last_value = *value;
    if (now_ns() - last_progress > PATIENCE_S * 1000000000ull) fail("stuck: %s: %ld of %ld", what, *value, target);
  }
}

/* Until nothing has arrived for half a second: what the last phase caused is not charged to the next. */
void settle(void) {
  uint64_t last = now_ns();
  while (now_ns() - last < 500000000u)
    if (poll_once(50) > 0) last = now_ns();
}

void open_client(struct client *client) {
  int one = 1;
  client->opened = now_ns();
  client->stage = CONNECTING;
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
