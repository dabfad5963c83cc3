/* What each thread of the server is charged: the first one (the loop, in most servers) and the others by their names. */
#include "load.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64 };

struct threads {
  int count;
  struct {
    char name[32];
    double seconds;
  } each[MOST];
};

static int read_text(const char *task, const char *file, char *text, size_t size) {
  char path[128];
  snprintf(path, sizeof path, "/proc/%d/task/%.20s/%s", (int)server, task, file);
  FILE *opened = fopen(path, "r");
  if (!opened) return 0;
  char *line = fgets(text, (int)size, opened);
  fclose(opened);
  if (line) line[strcspn(line, "\n")] = 0;
  return line != NULL;
}

struct threads *look_at_threads(void) {
  struct threads *found = calloc(1, sizeof *found);
  char path[64], name[32], text[128];
  snprintf(path, sizeof path, "/proc/%d/task", (int)server);
  DIR *tasks = opendir(path);
  for (struct dirent *task; tasks && (task = readdir(tasks));) {
    unsigned long long ns;
    if (*task->d_name == '.' || !read_text(task->d_name, "comm", name, sizeof name)) continue;
    if (!read_text(task->d_name, "schedstat", text, sizeof text) || sscanf(text, "%llu", &ns) != 1) continue;
    if (atoi(task->d_name) == server) strcpy(name, "first");
    int at = 0;
    while (at < found->count && strcmp(found->each[at].name, name)) at++;
    if (at == MOST) continue;
    if (at == found->count) strcpy(found->each[found->count++].name, name);
    found->each[at].seconds += (double)ns / 1e9;
  }
  if (tasks) closedir(tasks);
  return found;
}

/* ", \"cpu_us_NAME\": ..." for each thread, for one message of `each` of them. */
void print_threads(struct threads *before, double each) {
  struct threads *after = look_at_threads();
  for (int i = 0; i < after->count; i++) {
    double seconds = after->each[i].seconds;
    for (int j = 0; j < before->count; j++)
      if (!strcmp(before->each[j].name, after->each[i].name)) seconds -= before->each[j].seconds;
    printf(", \"cpu_us_%s\": %.3f", after->each[i].name, seconds * 1e6 / each);
  }
  free(after);
  free(before);
}
