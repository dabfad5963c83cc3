/* Proving a password: SASL PLAIN (RFC 4616) and SCRAM-SHA-256 (RFC 5802, RFC 7677).
 *
 * Everybody has the password "bench". The dear part of SCRAM, many rounds of HMAC over password and salt, is worked out once for
 * each salt, since it is the client's to pay and not what is measured: give all accounts one salt.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if !defined WITHOUT_OPENSSL
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { SIZE = 32 };
static const char PASSWORD[] = "bench";

struct proof {
  char first[64]; /* what the client said first, without its header */
};

static void answer(struct client *client, const unsigned char *bytes, size_t size) {
  unsigned char text[512];
  EVP_EncodeBlock(text, bytes, (int)size);
  put(client, "AUTHENTICATE %s\r\n", text);
  flush(client);
}

void begin_proof(struct client *client) {
  client->proof = calloc(1, sizeof *client->proof);
  put(client, "AUTHENTICATE %s\r\n", sasl);
}

static void hmac(const unsigned char *key, int key_size, const void *text, size_t size, unsigned char *to) {
  HMAC(EVP_sha256(), key, key_size, text, size, to, NULL);
}

/* The salted password; kept for the salt that was asked about last. */
static const unsigned char *salted(const unsigned char *salt, int salt_size, int iterations) {
  static unsigned char known[64], key[SIZE];
  static int known_size, known_iterations;
  if (salt_size != known_size || iterations != known_iterations || memcmp(salt, known, (size_t)salt_size)) {
    PKCS5_PBKDF2_HMAC(PASSWORD, sizeof PASSWORD - 1, salt, salt_size, iterations, EVP_sha256(), SIZE, key);
    memcpy(known, salt, (size_t)salt_size);
    known_size = salt_size;
    known_iterations = iterations;
  }
  return key;
}

static void prove(struct client *client, const char *server_first) {
  char nonce[128], salt_text[128], last[256], all[768];
  int iterations;
  if (sscanf(server_first, "r=%127[^,],s=%127[^,],i=%d", nonce, salt_text, &iterations) != 3)
    fail("no SCRAM: %s", server_first);
  unsigned char salt[128], key[SIZE], stored[SIZE], signature[SIZE], proof[SIZE], proof_text[64];
  int salt_size = EVP_DecodeBlock(salt, (unsigned char *)salt_text, (int)strlen(salt_text));
  for (size_t at = strlen(salt_text); at && salt_text[at - 1] == '='; at--) salt_size--;
  const unsigned char *password = salted(salt, salt_size, iterations);
  hmac(password, SIZE, "Client Key", 10, key);
  EVP_Digest(key, SIZE, stored, NULL, EVP_sha256(), NULL);
  snprintf(last, sizeof last, "c=biws,r=%s", nonce);
  int size = snprintf(all, sizeof all, "%s,%s,%s", client->proof->first, server_first, last);
  hmac(stored, SIZE, all, (size_t)size, signature);
  for (int i = 0; i < SIZE; i++) proof[i] = key[i] ^ signature[i];
  EVP_EncodeBlock(proof_text, proof, SIZE);
  size = snprintf(all, sizeof all, "%s,p=%s", last, proof_text);
  answer(client, (unsigned char *)all, (size_t)size);
}

void go_on_proving(struct client *client, const char *challenge) {
  char text[512];
  int id = (int)(client - clients);
  if (!client->proof) fail("client %d is asked for a proof", id);
  if (!strcmp(sasl, "PLAIN")) {
    int size = snprintf(text, sizeof text, "%cn%06d%c%s", 0, id, 0, PASSWORD);
    answer(client, (unsigned char *)text, (size_t)size);
    return;
  }
  if (!strcmp(challenge, "+")) {
    snprintf(client->proof->first, sizeof client->proof->first, "n=n%06d,r=nonce%06d", id, id);
    int size = snprintf(text, sizeof text, "n,,%s", client->proof->first);
    answer(client, (unsigned char *)text, (size_t)size);
    return;
  }
  size_t size = strlen(challenge);
  if (size > sizeof text) fail("a challenge of %zu bytes", size);
  int length = EVP_DecodeBlock((unsigned char *)text, (const unsigned char *)challenge, (int)size);
  while (size && challenge[--size] == '=') length--;
  text[length < 0 ? 0 : length] = 0;
  if (!strncmp(text, "v=", 2)) {
    put(client, "AUTHENTICATE +\r\n");
    flush(client);
  } else {
    prove(client, text);
  }
}
#else
void begin_proof(struct client *client) { fail("client %ld: built without OpenSSL", (long)(client - clients)); }
void go_on_proving(struct client *client, const char *challenge) { fail("%p %s", (void *)client, challenge); }
#endif
