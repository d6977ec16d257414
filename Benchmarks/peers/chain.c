// The chain in C, as little as does the work: the floor. One program, four roles, one epoll loop, no threads, no heap
// after a connection is made, no timeouts, and of HTTP only what the other three services speak.
//
//   chain ROLE PORT CALLEE_PORT DATA_FOLDER LEDGER
//
// ROLE is gateway, user-service, order-service or payment-service; the databases are those of a running chain.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 16384, ORDERS = 64 };

struct order {
  sqlite3_int64 id, cents;
  char item[64];
};

// A connection from a caller, or one to the callee. While a call is under way, `peer` joins the two.
struct connection {
  int descriptor, is_callee;
  struct connection *peer, *next;
  size_t used;
  char buffer[ROOM];
  // What the caller's request has found in the store.
  sqlite3_int64 user;
  char name[128];
  int order_count;
  struct order orders[ORDERS];
};

static enum { GATEWAY, USER, ORDER, PAYMENT } role;
static int poller, ledger = -1;
static uint16_t callee_port;
static sqlite3_stmt *statement;
static struct connection *idle;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void forget(struct connection *connection) {
  close(connection->descriptor);
  for (struct connection **each = &idle; *each; each = &(*each)->next)
    if (*each == connection) {
      *each = connection->next;
      break;
    }
  if (connection->peer) connection->peer->peer = NULL;
  free(connection);
}

static struct connection *watch(int descriptor, int is_callee) {
  struct connection *connection = calloc(1, sizeof *connection);
  if (!connection) fail("calloc");
  connection->descriptor = descriptor;
  connection->is_callee = is_callee;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event)) fail("epoll_ctl");
  return connection;
}

static void send_all(int descriptor, const char *bytes, size_t count) {
  while (count) {
    ssize_t sent = send(descriptor, bytes, count, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return;  // the read side sees that the connection is gone
    if (sent > 0) bytes += sent, count -= (size_t)sent;
  }
}

static void answer(struct connection *caller, int status, const char *body, size_t length) {
  char out[ROOM + 256];
  int head = snprintf(
      out, sizeof out, "HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n", status,
      status == 200 ? "OK" : "Error", length);
  memcpy(out + head, body, length);
  send_all(caller->descriptor, out, (size_t)head + length);
}

static void refuse(struct connection *caller, int status) { answer(caller, status, "{}", 2); }

static void call(struct connection *caller, const char *path) {
  struct connection *callee = idle;
  if (callee) {
    idle = callee->next;
    callee->next = NULL;
  } else {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(callee_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address)) {
      if (descriptor >= 0) close(descriptor);
      return refuse(caller, 502);
    }
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    callee = watch(descriptor, 1);
  }
  callee->peer = caller;
  caller->peer = callee;
  char out[ROOM];
  int length = snprintf(out, sizeof out, "GET %s HTTP/1.1\r\nhost: 127.0.0.1:%u\r\n\r\n", path, callee_port);
  send_all(callee->descriptor, out, (size_t)length);
}

static void ask_user(struct connection *caller, char *name) {
  snprintf(caller->name, sizeof caller->name, "%s", name);
  sqlite3_bind_text(statement, 1, caller->name, -1, SQLITE_STATIC);
  int found = sqlite3_step(statement) == SQLITE_ROW;
  if (found) caller->user = sqlite3_column_int64(statement, 0);
  sqlite3_reset(statement);
  if (!found) return refuse(caller, 404);
  char path[64];
  snprintf(path, sizeof path, "/users/%lld/orders/payment-status", caller->user);
  call(caller, path);
}

static void ask_orders(struct connection *caller, sqlite3_int64 user) {
  char path[ORDERS * 21 + 32] = "/payments?order_ids=";
  size_t length = strlen(path);
  caller->order_count = 0;
  sqlite3_bind_int64(statement, 1, user);
  while (sqlite3_step(statement) == SQLITE_ROW && caller->order_count < ORDERS) {
    struct order *order = &caller->orders[caller->order_count++];
    order->id = sqlite3_column_int64(statement, 0);
    snprintf(order->item, sizeof order->item, "%s", (const char *)sqlite3_column_text(statement, 1));
    order->cents = sqlite3_column_int64(statement, 2);
    length += (size_t)sprintf(path + length, caller->order_count > 1 ? ",%lld" : "%lld", order->id);
  }
  sqlite3_reset(statement);
  call(caller, path);
}

static void pay(struct connection *caller, char *ids) {
  char body[ROOM], line[64];
  size_t length = 0;
  int count = 0;
  uint64_t hash = 0xcbf29ce484222325;
  body[length++] = '[';
  for (char *rest = ids; *rest >= '0' && *rest <= '9';) {
    sqlite3_bind_int64(statement, 1, strtoll(rest, &rest, 10));
    if (sqlite3_step(statement) == SQLITE_ROW) {
      const char *state = (const char *)sqlite3_column_text(statement, 1);
      for (const char *each = state; *each; each++) hash = (hash ^ (uint8_t)*each) * 0x100000001b3;
      length += (size_t)sprintf(
          body + length, "%s{\"order_id\":%lld,\"state\":\"%s\"}", count++ ? "," : "",
          sqlite3_column_int64(statement, 0), state);
    }
    sqlite3_reset(statement);
    if (*rest == ',') rest++;
  }
  body[length++] = ']';
  int written = snprintf(line, sizeof line, ",%d,%" PRIu64 "\n", count, hash);
  if (write(ledger, line, (size_t)written) != written) return refuse(caller, 500);
  answer(caller, 200, body, length);
}

// The body of the callee's answer, joined with what the store has said.
static void respond(struct connection *caller, char *body, size_t length) {
  char out[ROOM];
  size_t used = 0;
  if (role == GATEWAY) return answer(caller, 200, body, length);
  if (role == USER) {
    used = (size_t)snprintf(
        out, sizeof out, "{\"orders\":%.*s,\"user\":{\"id\":%lld,\"username\":\"%s\"}}", (int)length, body, caller->user,
        caller->name);
    return answer(caller, 200, out, used);
  }
  out[used++] = '[';
  for (int index = 0; index < caller->order_count; index++) {
    struct order *order = &caller->orders[index];
    char key[48], state[32] = "unknown";
    snprintf(key, sizeof key, "\"order_id\":%lld,\"state\":\"", order->id);
    char *found = strstr(body, key);
    if (found) sscanf(found + strlen(key), "%31[a-z]", state);
    used += (size_t)snprintf(
        out + used, sizeof out - used,
        "%s{\"order\":{\"amount_cents\":%lld,\"id\":%lld,\"item\":\"%s\"},\"payment\":\"%s\"}", index ? "," : "",
        order->cents, order->id, order->item, state);
  }
  out[used++] = ']';
  answer(caller, 200, out, used);
}

static void serve(struct connection *caller) {
  char path[1024] = "", name[128] = "", ids[1024] = "";
  sscanf(caller->buffer, "GET %1023s", path);
  sqlite3_int64 user = 0;
  int end = 0;
  if (role == GATEWAY && sscanf(path, "/users/%*[^/]/payment-status%n", &end) == 0 && path[end] == 0 && end) {
    call(caller, path);
  } else if (role == USER && sscanf(path, "/users/%127[^/]/payment-status%n", name, &end) == 1 && end) {
    ask_user(caller, name);
  } else if (role == ORDER && sscanf(path, "/users/%lld/orders/payment-status%n", &user, &end) == 1 && end) {
    ask_orders(caller, user);
  } else if (role == PAYMENT && sscanf(path, "/payments?order_ids=%1023s", ids) == 1) {
    pay(caller, ids);
  } else {
    refuse(caller, 404);
  }
}

static void received(struct connection *connection) {
  ssize_t count = recv(
      connection->descriptor, connection->buffer + connection->used, ROOM - 1 - connection->used, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) {
    if (connection->is_callee && connection->peer) refuse(connection->peer, 502);
    return forget(connection);
  }
  connection->used += (size_t)count;
  connection->buffer[connection->used] = 0;
  char *end = strstr(connection->buffer, "\r\n\r\n");
  if (!end) return;
  if (!connection->is_callee) {
    connection->used = 0;
    return serve(connection);
  }
  char *field = strcasestr(connection->buffer, "content-length:");
  size_t length = field ? strtoul(field + 15, NULL, 10) : 0;
  char *body = end + 4;
  if ((size_t)(connection->buffer + connection->used - body) < length) return;
  struct connection *caller = connection->peer;
  connection->used = 0;
  connection->peer = NULL;
  connection->next = idle;
  idle = connection;
  if (!caller) return;
  caller->peer = NULL;
  int status = atoi(connection->buffer + 9);
  if (status == 200) respond(caller, body, length); else refuse(caller, 502);
}

static void open_store(const char *folder, const char *service, const char *query) {
  char name[1024];
  snprintf(name, sizeof name, "file:%s/%s.sqlite?immutable=1", folder, service);
  sqlite3 *database;
  if (sqlite3_open_v2(name, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL) ||
      sqlite3_exec(database, "PRAGMA mmap_size = 16777216", NULL, NULL, NULL) ||
      sqlite3_prepare_v3(database, query, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL)) {
    fprintf(stderr, "%s: %s\n", name, sqlite3_errmsg(database));
    exit(1);
  }
}

static void set_up(char **arguments) {
  static const char *names[] = {"gateway", "user-service", "order-service", "payment-service"};
  static const char *queries[] = {
      NULL, "SELECT id, username FROM users WHERE username = ?",
      "SELECT id, item, amount_cents FROM orders WHERE user_id = ? ORDER BY id",
      "SELECT order_id, state FROM payments WHERE order_id = ?"};
  for (role = GATEWAY; strcmp(arguments[1], names[role]);)
    if (++role > PAYMENT) {
      fprintf(stderr, "ROLE: found '%s'\n", arguments[1]);
      exit(2);
    }
  callee_port = (uint16_t)atoi(arguments[3]);
  if (queries[role]) open_store(arguments[4], names[role], queries[role]);
  if (role == PAYMENT && (ledger = open(arguments[5], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) < 0)
    fail(arguments[5]);
}

int main(int count, char **arguments) {
  if (count != 6) return fprintf(stderr, "usage: chain ROLE PORT CALLEE_PORT DATA_FOLDER LEDGER\n"), 2;
  set_up(arguments);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[2])),
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) fail("listen");
  poller = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  while (1) {
    int ready = epoll_wait(poller, events, 256, -1);
    for (int index = 0; index < ready; index++) {
      if (events[index].data.ptr) {
        received(events[index].data.ptr);
        continue;
      }
      int descriptor;
      while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) watch(descriptor, 0);
    }
  }
}
