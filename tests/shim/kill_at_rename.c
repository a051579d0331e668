/* Kills the process that loads it (SIGKILL) where it puts a file or link in the place of the one named by KILL_RENAME_TO: right
 * before, or (with KILL_RENAME=after) right after it has. Used by the crash tests through LD_PRELOAD; never part of the program. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

int rename(const char *from, const char *to) {
    static int (*real)(const char *, const char *);
    if (!real) real = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    const char *wanted = getenv("KILL_RENAME_TO"), *when = getenv("KILL_RENAME");
    int ours = wanted && when && strcmp(to, wanted) == 0;
    if (ours && strcmp(when, "before") == 0) die();
    int result = real(from, to);
    if (ours) die();
    return result;
}
