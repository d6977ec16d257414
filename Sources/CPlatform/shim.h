#pragma once
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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
  if (open(program->output, O_WRONLY | O_CREAT | O_APPEND, 0600) != 1 && open("/dev/null", O_WRONLY) != 1) return errno;
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
