/* Kills the process that loads it (SIGKILL) at the n-th thing it does that anybody else could observe: a write to a file or
 * socket, a flush to the disk. Counting begins when the file named by KILL_ARMED exists. Used by the crash tests through
 * LD_PRELOAD; never part of the program. KILL_AT is n, from 1. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long seen;
static long kill_at = -1;
static const char *armed_path;

__attribute__((constructor)) static void setup(void) {
    const char *at = getenv("KILL_AT");
    armed_path = getenv("KILL_ARMED");
    kill_at = at ? atol(at) : -1;
}

/* Only files, folders and sockets: pipes and event counters carry nothing out of the process. */
static int observable(int fd) {
    struct stat st;
    int saved = errno;
    int yes = fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISSOCK(st.st_mode));
    errno = saved;
    return yes;
}

static void step(int fd) {
    if (kill_at < 1 || !armed_path || fd <= 2 || !observable(fd)) return;
    int saved = errno;
    int armed = access(armed_path, F_OK) == 0;
    errno = saved;
    if (!armed) return;
    if (atomic_fetch_add(&seen, 1) + 1 == kill_at) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *b, size_t n) { REAL(write); step(fd); return real(fd, b, n); }
ssize_t writev(int fd, const struct iovec *v, int n) { REAL(writev); step(fd); return real(fd, v, n); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) { REAL(pwrite); step(fd); return real(fd, b, n, o); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) { REAL(pwrite64); step(fd); return real(fd, b, n, o); }
ssize_t send(int fd, const void *b, size_t n, int f) { REAL(send); step(fd); return real(fd, b, n, f); }
ssize_t sendto(int fd, const void *b, size_t n, int f, const struct sockaddr *a, socklen_t l) {
    REAL(sendto);
    step(fd);
    return real(fd, b, n, f, a, l);
}
ssize_t sendmsg(int fd, const struct msghdr *m, int f) { REAL(sendmsg); step(fd); return real(fd, m, f); }
int fsync(int fd) { REAL(fsync); step(fd); return real(fd); }
int fdatasync(int fd) { REAL(fdatasync); step(fd); return real(fd); }
int ftruncate(int fd, off_t n) { REAL(ftruncate); step(fd); return real(fd, n); }
int ftruncate64(int fd, off64_t n) { REAL(ftruncate64); step(fd); return real(fd, n); }
