/* Keeps the process that loads it on this machine, and writes down whom it wanted to reach: a line for each connection or datagram
 * ("127.0.0.1:8080", "10.0.0.1:443") and for each name that was looked up ("name example.org") goes to the file named by
 * LOOPBACK_LOG. Whatever is not loopback is refused, and goes to the file named by LOOPBACK_STRAYS as well, with the name of the
 * program. Used through LD_PRELOAD by the whole suite (scripts/test.sh) and by tests of their own; never part of the program. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static void append(const char *variable, const char *line) {
    const char *path = getenv(variable);
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd < 0) return;
    /* In one piece, because threads run side by side. */
    if (write(fd, line, strlen(line)) < 0) abort();
    close(fd);
}

static void note(const char *what, int loopback) {
    char line[400];
    snprintf(line, sizeof line, "%s\n", what);
    append("LOOPBACK_LOG", line);
    if (loopback) return;
    snprintf(line, sizeof line, "%s, by %s\n", what, program_invocation_short_name);
    append("LOOPBACK_STRAYS", line);
}

/* Whether an address may be reached; one of the internet is written down. */
static int here(const struct sockaddr *a) {
    char ip[INET6_ADDRSTRLEN] = "?", line[96];
    int port, loopback, saved = errno;
    if (!a || (a->sa_family != AF_INET && a->sa_family != AF_INET6)) return 1;
    if (a->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)a;
        inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof ip);
        port = ntohs(v4->sin_port);
        loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127 || v4->sin_addr.s_addr == INADDR_ANY;
    } else {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a;
        inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof ip);
        port = ntohs(v6->sin6_port);
        loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr) ||
                   (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && v6->sin6_addr.s6_addr[12] == 127);
    }
    snprintf(line, sizeof line, "%s:%d", ip, port);
    note(line, loopback);
    errno = loopback ? saved : ENETUNREACH;
    return loopback;
}

int connect(int fd, const struct sockaddr *a, socklen_t n) {
    REAL(connect);
    return here(a) ? real(fd, a, n) : -1;
}
ssize_t sendto(int fd, const void *b, size_t n, int f, const struct sockaddr *a, socklen_t l) {
    REAL(sendto);
    return here(a) ? real(fd, b, n, f, a, l) : -1;
}
ssize_t sendmsg(int fd, const struct msghdr *m, int f) {
    REAL(sendmsg);
    return here(m ? (const struct sockaddr *)m->msg_name : NULL) ? real(fd, m, f) : -1;
}
int sendmmsg(int fd, struct mmsghdr *m, unsigned int n, int f) {
    REAL(sendmmsg);
    for (unsigned int i = 0; i < n; i++) {
        if (!here((const struct sockaddr *)m[i].msg_hdr.msg_name)) return -1;
    }
    return real(fd, m, n, f);
}

/* The C library asks name servers by ways of its own, so names end here. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    REAL(getaddrinfo);
    unsigned char ip[sizeof(struct in6_addr)];
    int known = !node || !strcmp(node, "localhost") || inet_pton(AF_INET, node, ip) == 1 || inet_pton(AF_INET6, node, ip) == 1;
    if (!known) {
        char line[300];
        snprintf(line, sizeof line, "name %s", node);
        note(line, 0);
        return EAI_NONAME;
    }
    return real(node, service, hints, found);
}
