/* Writes down what a program does to the files of one folder, for tests/integration/power.rs.
 *
 * Loaded in front of the C library (LD_PRELOAD). LEVATOR_WATCHED names the folder, LEVATOR_WATCH_LOG the
 * file that is written. A record is a head of eight 64-bit numbers in the order of this machine - kind,
 * nanoseconds of the monotonic clock, descriptor, offset, flags, lengths of two texts, zero - and the two
 * texts. A sync is written down when it would return; the disk itself is not asked, it takes 20 ms.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OPENED = 1, WROTE, CUT, SYNCED, RENAMED, LINKED, REMOVED };
#define MOST 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char watched[MOST];
static int is_watched[MOST];
static int out = -1;
static ssize_t (*next_write)(int, const void *, size_t);

#define NEXT(name) __typeof__(&name) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void)
{
    const char *folder = getenv("LEVATOR_WATCHED"), *log = getenv("LEVATOR_WATCH_LOG");
    next_write = (__typeof__(next_write))dlsym(RTLD_NEXT, "write");
    if (!folder || !log || strlen(folder) >= MOST) return;
    NEXT(open64);
    strcpy(watched, folder);
    out = next(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int concerns(const char *path)
{
    return out >= 0 && path && strncmp(path, watched, strlen(watched)) == 0;
}

static int is_ours(int fd)
{
    return out >= 0 && fd >= 0 && fd < MOST && is_watched[fd];
}

static void put(const void *bytes, size_t len)
{
    for (const char *at = bytes; len;) {
        ssize_t count = next_write(out, at, len);
        if (count <= 0) abort();
        at += count;
        len -= (size_t)count;
    }
}

/* To be called with the lock held. */
static void note(int kind, int fd, int64_t offset, int64_t flags, const void *one, size_t one_len,
                 const void *two, size_t two_len)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t head[8] = { kind, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec, fd, offset, flags,
                        (int64_t)one_len, (int64_t)two_len, 0 };
    put(head, sizeof head);
    put(one, one_len);
    put(two, two_len);
}

static int opened(int fd, const char *path, int flags)
{
    if (fd < 0 || fd >= MOST) return fd;
    pthread_mutex_lock(&lock);
    is_watched[fd] = concerns(path);
    if (is_watched[fd]) note(OPENED, fd, 0, flags, path, strlen(path), "", 0);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define OPEN(name)                                        \
    int name(const char *path, int flags, ...)            \
    {                                                     \
        va_list list;                                     \
        va_start(list, flags);                            \
        mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0; \
        va_end(list);                                     \
        NEXT(name);                                       \
        return opened(next(path, flags, mode), path, flags); \
    }
OPEN(open)
OPEN(open64)

ssize_t write(int fd, const void *bytes, size_t len)
{
    if (!is_ours(fd)) return next_write(fd, bytes, len);
    pthread_mutex_lock(&lock);
    off64_t offset = lseek64(fd, 0, SEEK_CUR);
    ssize_t count = next_write(fd, bytes, len);
    if (count > 0) note(WROTE, fd, offset, 0, bytes, (size_t)count, "", 0);
    pthread_mutex_unlock(&lock);
    return count;
}

int close(int fd)
{
    NEXT(close);
    if (is_ours(fd)) is_watched[fd] = 0;
    return next(fd);
}

int ftruncate64(int fd, off64_t len)
{
    NEXT(ftruncate64);
    if (!is_ours(fd)) return next(fd, len);
    pthread_mutex_lock(&lock);
    int result = next(fd, len);
    if (result == 0) note(CUT, fd, len, 0, "", 0, "", 0);
    pthread_mutex_unlock(&lock);
    return result;
}

static int sync_slowly(int fd)
{
    struct timespec time = { 0, 20000000 };
    nanosleep(&time, NULL);
    pthread_mutex_lock(&lock);
    note(SYNCED, fd, 0, 0, "", 0, "", 0);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd)
{
    NEXT(fsync);
    return is_ours(fd) ? sync_slowly(fd) : next(fd);
}

int fdatasync(int fd)
{
    NEXT(fdatasync);
    return is_ours(fd) ? sync_slowly(fd) : next(fd);
}

int rename(const char *from, const char *to)
{
    NEXT(rename);
    if (!concerns(from)) return next(from, to);
    pthread_mutex_lock(&lock);
    int result = next(from, to);
    if (result == 0) note(RENAMED, 0, 0, 0, from, strlen(from), to, strlen(to));
    pthread_mutex_unlock(&lock);
    return result;
}

static int linked(int result, const char *from, const char *to)
{
    if (result == 0 && concerns(from)) note(LINKED, 0, 0, 0, from, strlen(from), to, strlen(to));
    return result;
}

int link(const char *from, const char *to)
{
    NEXT(link);
    pthread_mutex_lock(&lock);
    int result = linked(next(from, to), from, to);
    pthread_mutex_unlock(&lock);
    return result;
}

int linkat(int one, const char *from, int two, const char *to, int flags)
{
    NEXT(linkat);
    pthread_mutex_lock(&lock);
    int result = linked(next(one, from, two, to, flags), from, to);
    pthread_mutex_unlock(&lock);
    return result;
}

int unlink(const char *path)
{
    NEXT(unlink);
    if (!concerns(path)) return next(path);
    pthread_mutex_lock(&lock);
    int result = next(path);
    if (result == 0) note(REMOVED, 0, 0, 0, path, strlen(path), "", 0);
    pthread_mutex_unlock(&lock);
    return result;
}
