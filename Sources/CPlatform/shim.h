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
#include <signal.h>
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
/// Bytes of the heap that are in use.
static inline size_t chain_heap_bytes(void) {
  const struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
}
// Sets a limit of a process, from now on. 0, or an errno.
static inline int chain_limit(pid_t process, int resource, uint64_t count) {
  // The layout of struct rlimit64, which the GNU headers show to some compilations only.
  uint64_t limit[2];
  if (syscall(SYS_prlimit64, process, resource, (void *)0, limit) != 0) return errno;
  limit[0] = count;
  return syscall(SYS_prlimit64, process, resource, limit, (void *)0) == 0 ? 0 : errno;
}
/// Sets how many file descriptors a process may have, from now on. 0, or an errno.
static inline int chain_limit_descriptors(pid_t process, uint64_t count) {
  return chain_limit(process, RLIMIT_NOFILE, count);
}
/// Sets how long a file a process may write, in bytes, from now on. 0, or an errno.
static inline int chain_limit_file_size(pid_t process, uint64_t count) {
  return chain_limit(process, RLIMIT_FSIZE, count);
}
/// What the process is called in `ps` and `top`, whichever thread asks: the name of its first thread.
static inline void chain_set_process_name(const char *name) {
  const int file = open("/proc/self/comm", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  (void)!write(file, name, strlen(name));
  close(file);
}
struct chain_program {
  const char *path;
  char *const *arguments;
  char *const *environment;
  /// Standard output and error are appended to it; where it cannot be written, what the program says is lost.
  const char *output;
  int new_session;
  int death_signal;
};

// In the child, which shares our memory and nothing else until it is the program. An errno, if it returns.
static inline int chain_become(const struct chain_program *program, pid_t parent) {
  if (program->death_signal != 0) {
    if (prctl(PR_SET_PDEATHSIG, program->death_signal) != 0) return errno;
    // It may have ended before it was asked for.
    if (getppid() != parent) return ESRCH;
  }
  if (program->new_session) setsid();
  struct sigaction standard = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
  // First all, so that there is room for the three.
  if (syscall(SYS_close_range, 0, ~0U, 0) != 0) {
    for (long file = sysconf(_SC_OPEN_MAX) - 1; file >= 0; file--) close((int)file);
  }
  if (open("/dev/null", O_RDONLY) != 0) return errno;
  if (open(program->output, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600) != 1 && open("/dev/null", O_WRONLY) != 1) return errno;
  if (dup2(1, 2) != 2) return errno;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(program->path, program->arguments, program->environment);
  return errno;
}

/// Starts a program: its input is empty, none of our descriptors is open in it, no signal blocked or ignored. It takes no
/// descriptor of ours to do so. 0, or an errno.
static inline __attribute__((noinline)) int chain_start(const struct chain_program *program, pid_t *started) {
  const pid_t parent = getpid();
  volatile int failure = 0;
  sigset_t all, before;
  // None of our handlers may run in the child.
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = vfork();
  if (child == 0) {
    failure = chain_become(program, parent);
    _exit(127);
  }
  if (child < 0) failure = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (child > 0 && failure != 0) waitpid(child, NULL, 0);
  *started = child;
  return failure;
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

/// A socket for `chain_socket_find`, or -1. By system calls: the headers that declare the functions would define here once
/// more what Swift's Glibc module has.
static inline int chain_socket_table(void) {
  const int netlink = 16, raw = 3, close_on_exec = 02000000, level = 1, receive_timeout = 20;
  int table = (int)syscall(SYS_socket, netlink, raw | close_on_exec, NETLINK_SOCK_DIAG);
  struct timeval patience = {1, 0};
  if (table >= 0) syscall(SYS_setsockopt, table, level, receive_timeout, &patience, sizeof patience);
  return table;
}
/// Writes a `sockaddr` as the kernel's table has it, and returns its family; 0 for one that is not TCP's.
static inline int chain_socket_end(const void *address, uint32_t *words, uint16_t *port) {
  const int four = 2, six = 10;
  static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const uint8_t *bytes = (const uint8_t *)address;
  uint16_t family;
  __builtin_memcpy(&family, bytes, 2);
  __builtin_memcpy(port, bytes + 2, 2);
  if (family == four) __builtin_memcpy(words, bytes + 4, 4);
  if (family != six) return family == four ? four : 0;
  if (__builtin_memcmp(bytes + 8, mapped, 12) == 0) {
    __builtin_memcpy(words, bytes + 20, 4);
    return four;
  }
  __builtin_memcpy(words, bytes + 8, 16);
  return six;
}
/// Looks up the TCP socket of this host that has these ends (each a `sockaddr`): 1 and what the kernel says of it; 0 when
/// there is none; -1 when the kernel does not say.
static inline int chain_socket_find(int table, const void *own, const void *other, struct inet_diag_msg *found) {
  struct {
    struct nlmsghdr head;
    struct inet_diag_req_v2 body;
  } question;
  __builtin_memset(&question, 0, sizeof question);
  question.head.nlmsg_len = sizeof question;
  question.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.head.nlmsg_flags = NLM_F_REQUEST;
  question.body.sdiag_protocol = 6;  // TCP
  question.body.idiag_states = ~0u;
  struct inet_diag_sockid *ends = &question.body.id;
  int family = chain_socket_end(own, ends->idiag_src, &ends->idiag_sport);
  if (family == 0 || chain_socket_end(other, ends->idiag_dst, &ends->idiag_dport) != family) return -1;
  question.body.sdiag_family = (uint8_t)family;
  ends->idiag_cookie[0] = ends->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  if (write(table, &question, sizeof question) != (ssize_t)sizeof question) return -1;
  union {
    struct nlmsghdr head;
    char bytes[4096];
  } answer;
  ssize_t count = read(table, &answer, sizeof answer);
  if (count < (ssize_t)NLMSG_LENGTH(sizeof(int))) return -1;
  if (answer.head.nlmsg_type == NLMSG_ERROR) return *(int *)NLMSG_DATA(&answer.head) == -ENOENT ? 0 : -1;
  if (count < (ssize_t)NLMSG_LENGTH(sizeof(struct inet_diag_msg))) return -1;
  if (answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY) return -1;
  *found = *(const struct inet_diag_msg *)NLMSG_DATA(&answer.head);
  return 1;
}
/// The user of the TCP socket of this host that has these ends (each a `sockaddr`), and its state in `state`; -1 when
/// there is none, no process has it any more (the kernel gives such a one to root), or the kernel does not say.
static inline int64_t chain_socket_user(int table, const void *own, const void *other, int *state) {
  struct inet_diag_msg found;
  if (chain_socket_find(table, own, other, &found) != 1) return -1;
  *state = found.idiag_state;
  return found.idiag_inode != 0 ? (int64_t)found.idiag_uid : -1;
}
/// The ends of a connection; whether it still has both.
static inline int chain_ends(int descriptor, struct sockaddr_storage *own, struct sockaddr_storage *peer) {
  socklen_t size = sizeof *own;
  if (getsockname(descriptor, (struct sockaddr *)own, &size) != 0) return 0;
  size = sizeof *peer;
  return getpeername(descriptor, (struct sockaddr *)peer, &size) == 0;
}
/// Whether any process of this host still has the socket at the other end of a TCP connection open: 1 or 0; -1 when the
/// kernel does not say. A FIN alone cannot tell a client that has left from one that only has nothing more to send.
static inline int chain_peer_is_held(int table, int descriptor) {
  struct sockaddr_storage own, peer;
  if (!chain_ends(descriptor, &own, &peer)) return 0;
  struct inet_diag_msg found;
  int known = chain_socket_find(table, &peer, &own, &found);
  return known == 1 ? found.idiag_inode != 0 : known;
}
/// How long ago a TCP connection received data, in milliseconds; -1: it is none, or the kernel does not say.
static inline int64_t chain_milliseconds_since_bytes(int descriptor) {
  struct tcp_info info;
  socklen_t size = sizeof info;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return -1;
  return (int64_t)info.tcpi_last_data_recv;
}
