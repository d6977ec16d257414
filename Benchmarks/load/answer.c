// A server whose response times are known: one epoll loop that answers each GET after a time that it draws at random,
// each between FROM and TO microseconds alike; at once if both are 0. What load generators say of it can be compared.
//
//   answer PORT FROM TO
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 4096, DESCRIPTORS = 65536, EVENTS = 256 };

// One request at a time on each: `turn` tells a connection from an earlier one with the same descriptor.
static struct connection {
  uint64_t turn;
  size_t used;
  char buffer[ROOM];
} *connections[DESCRIPTORS];

struct answer {
  uint64_t at, turn;
  int descriptor;
};

static struct answer *heap;
static size_t waiting, room;
static int poller, alarm_clock;
static uint64_t from, span, turns, state = 1;

static const char ANSWER[] = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\nok\n";

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void push(struct answer answer) {
  if (waiting == room && !(heap = realloc(heap, (room = 2 * room + 64) * sizeof *heap))) fail("realloc");
  size_t place = waiting++;
  for (; place > 0 && heap[(place - 1) / 2].at > answer.at; place = (place - 1) / 2) heap[place] = heap[(place - 1) / 2];
  heap[place] = answer;
}

static struct answer pop(void) {
  struct answer first = heap[0], last = heap[--waiting];
  size_t place = 0;
  for (size_t child; (child = 2 * place + 1) < waiting; place = child) {
    if (child + 1 < waiting && heap[child + 1].at < heap[child].at) child++;
    if (heap[child].at >= last.at) break;
    heap[place] = heap[child];
  }
  heap[place] = last;
  return first;
}

static void forget(int descriptor) {
  close(descriptor);
  free(connections[descriptor]);
  connections[descriptor] = NULL;
}

static void answer(int descriptor) {
  if (send(descriptor, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL) < 0) forget(descriptor);
}

static void take(int descriptor) {
  struct connection *connection = connections[descriptor];
  ssize_t count = recv(descriptor, connection->buffer + connection->used, ROOM - connection->used, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) return forget(descriptor);
  connection->used += (size_t)count;
  if (connection->used < 4 || memcmp(connection->buffer + connection->used - 4, "\r\n\r\n", 4) != 0) return;
  connection->used = 0;
  if (from + span == 0) return answer(descriptor);
  state = state * 6364136223846793005u + 1442695040888963407u;
  uint64_t delay = from + (span ? (state >> 33) % span : 0);
  push((struct answer){now() + delay, connection->turn, descriptor});
}

static void greet(int listener) {
  int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
  if (descriptor < 0) return;
  if (descriptor >= DESCRIPTORS || !(connections[descriptor] = calloc(1, sizeof **connections))) {
    close(descriptor);
    return;
  }
  connections[descriptor]->turn = ++turns;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event)) fail("epoll_ctl");
}

int main(int count, char **words) {
  if (count != 4) {
    fprintf(stderr, "usage: answer PORT FROM TO\n");
    return 2;
  }
  from = strtoull(words[2], NULL, 10) * 1000;
  span = strtoull(words[3], NULL, 10) * 1000 - from;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) fail(words[1]);
  poller = epoll_create1(EPOLL_CLOEXEC);
  alarm_clock = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  int watched[] = {listener, alarm_clock};
  for (int each = 0; each < 2; each++) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = watched[each]};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, watched[each], &event)) fail("epoll_ctl");
  }
  while (1) {
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(poller, events, EVENTS, -1);
    for (int each = 0; each < ready; each++) {
      int descriptor = events[each].data.fd;
      uint64_t rings;
      if (descriptor == listener) greet(listener);
      else if (descriptor == alarm_clock) { if (read(alarm_clock, &rings, sizeof rings) < 0) continue; }
      else if (connections[descriptor]) take(descriptor);
    }
    while (waiting && heap[0].at <= now()) {
      struct answer due = pop();
      if (connections[due.descriptor] && connections[due.descriptor]->turn == due.turn) answer(due.descriptor);
    }
    if (waiting) {
      struct itimerspec time = {
          .it_value = {(time_t)(heap[0].at / 1000000000), (long)(heap[0].at % 1000000000)}};
      timerfd_settime(alarm_clock, TFD_TIMER_ABSTIME, &time, NULL);
    }
  }
}
