#pragma once
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
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
/// How long ago a TCP connection received data, in milliseconds; -1: it is none, or the kernel does not say.
static inline int64_t chain_milliseconds_since_bytes(int descriptor) {
  struct tcp_info info;
  socklen_t size = sizeof info;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return -1;
  return (int64_t)info.tcpi_last_data_recv;
}
