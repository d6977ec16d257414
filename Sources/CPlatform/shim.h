#pragma once
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

// What Swift's Glibc module does not show: GNU extensions, variadic calls and macros.

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef SEEK_DATA
#define SEEK_DATA 3
#endif
#ifndef SEEK_HOLE
#define SEEK_HOLE 4
#endif

static inline uint32_t chain_thread_id(void) { return (uint32_t)syscall(SYS_gettid); }
static inline void chain_set_thread_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
/// 0, or an errno: pages of a full file system are reported here instead of as SIGBUS at the first write.
static inline int chain_populate(void *address, size_t length) {
  return madvise(address, length, MADV_POPULATE_WRITE) == 0 ? 0 : errno;
}
static inline void chain_release_fence(void) { __atomic_thread_fence(__ATOMIC_RELEASE); }
static inline void chain_acquire_fence(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); }
static inline int chain_wait_exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
static inline int chain_wait_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
static inline int chain_open(const char *path, int flags, unsigned mode) { return open(path, flags, mode); }
static inline void chain_limit_malloc_arenas(int count) { mallopt(M_ARENA_MAX, count); }
/// Sets how many file descriptors a process may have, from now on. 0, or an errno.
static inline int chain_limit_descriptors(pid_t process, uint64_t count) {
  // The layout of struct rlimit64, which the GNU headers show to some compilations only.
  uint64_t limit[2];
  if (syscall(SYS_prlimit64, process, RLIMIT_NOFILE, (void *)0, limit) != 0) return errno;
  limit[0] = count;
  return syscall(SYS_prlimit64, process, RLIMIT_NOFILE, limit, (void *)0) == 0 ? 0 : errno;
}

// An event loop's system calls. `object` comes back with each event.
static inline int chain_epoll_control(int epoll, int operation, int descriptor, uint32_t events, void *object) {
  struct epoll_event event;
  memset(&event, 0, sizeof event);
  event.events = events;
  event.data.ptr = object;
  return epoll_ctl(epoll, operation, descriptor, &event);
}
static inline void *chain_event_object(const struct epoll_event *event) { return event->data.ptr; }
/// Rings at a moment of CLOCK_MONOTONIC. 0, or -1 with errno.
static inline int chain_timer_set(int timer, uint64_t nanoseconds) {
  struct itimerspec at = {{0, 0}, {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)}};
  return timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, 0);
}
static inline int chain_accept(int listener) { return accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC); }

/// A netlink socket for `chain_peer_is_held`, or -1.
static inline int chain_peer_diagnosis(void) {
  return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
}
static inline void chain_peer_address(const struct sockaddr_storage *from, uint32_t address[4], uint16_t *port) {
  if (from->ss_family == AF_INET6) {
    memcpy(address, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
    *port = ((const struct sockaddr_in6 *)from)->sin6_port;
  } else {
    memcpy(address, &((const struct sockaddr_in *)from)->sin_addr, 4);
    *port = ((const struct sockaddr_in *)from)->sin_port;
  }
}
/// Whether any process of this host still has the socket at the other end of a TCP connection open: 1 or 0; -1 when the
/// kernel does not say. A FIN alone cannot tell a client that has left from one that only has nothing more to send.
static inline int chain_peer_is_held(int diagnosis, int descriptor) {
  struct sockaddr_storage own, peer;
  socklen_t length = sizeof own;
  if (getsockname(descriptor, (struct sockaddr *)&own, &length) != 0) return -1;
  length = sizeof peer;
  if (getpeername(descriptor, (struct sockaddr *)&peer, &length) != 0) return 0;
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
  } question;
  memset(&question, 0, sizeof question);
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.request.sdiag_family = (uint8_t)own.ss_family;
  question.request.sdiag_protocol = IPPROTO_TCP;
  question.request.idiag_states = ~0u;
  question.request.id.idiag_cookie[0] = question.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  chain_peer_address(&peer, question.request.id.idiag_src, &question.request.id.idiag_sport);
  chain_peer_address(&own, question.request.id.idiag_dst, &question.request.id.idiag_dport);
  struct sockaddr_nl kernel;
  memset(&kernel, 0, sizeof kernel);
  kernel.nl_family = AF_NETLINK;
  if (sendto(diagnosis, &question, sizeof question, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0) return -1;
  // The kernel has answered within the call.
  union {
    struct nlmsghdr header;
    char bytes[1024];
  } answer;
  ssize_t count = recv(diagnosis, &answer, sizeof answer, 0);
  if (count < (ssize_t)NLMSG_LENGTH(sizeof(int))) return -1;
  if (answer.header.nlmsg_type == NLMSG_ERROR) return *(int *)NLMSG_DATA(&answer.header) == -ENOENT ? 0 : -1;
  if (answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return -1;
  return ((struct inet_diag_msg *)NLMSG_DATA(&answer.header))->idiag_inode != 0;
}
/// How long ago a TCP connection received data, in milliseconds; -1: it is none, or the kernel does not say.
static inline int64_t chain_milliseconds_since_bytes(int descriptor) {
  struct tcp_info info;
  socklen_t size = sizeof info;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return -1;
  return (int64_t)info.tcpi_last_data_recv;
}
