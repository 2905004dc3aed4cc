// Stands between a program and its files below DISK_FOLDER. What reaches them is written down in DISK_CONTROL/log, if that is there at the
// start; while DISK_CONTROL/hang is there no call returns; while DISK_CONTROL/slow is there a sync takes half a second; and
// DISK_CONTROL/fault, "w 28 5", lets the fifth write (s: sync) from then on fail with error 28, once, and DISK_CONTROL/failed says on what.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *folder, *control;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1, fault_error, fault_in;
static int64_t logged;
static char fault_kind;

static const char *named(const char *name, char *path) { snprintf(path, PATH_MAX, "%s/%s", control, name); return path; }
static int is_there(const char *name) { char path[PATH_MAX]; return access(named(name, path), F_OK) == 0; }

__attribute__((constructor)) static void begin(void) {
    char path[PATH_MAX];
    control = getenv("DISK_CONTROL");
    log_file = syscall(SYS_openat, AT_FDCWD, named("log", path), O_WRONLY | O_APPEND | O_CLOEXEC);
    folder = getenv("DISK_FOLDER");
}

static int is_ours(const char *path) {
    size_t length = folder ? strlen(folder) : 0;
    return length && strncmp(path, folder, length) == 0 && (path[length] == '/' || !path[length]);
}

static int find(int fd, char *path) {
    char link[64];
    if (!folder) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_ours(path) && (length < 10 || strcmp(path + length - 10, " (deleted)") != 0);
}

// The kind, two lengths and a place, then the path and the bytes. Noted after the call: what is not noted yet has not reached the disk.
static void note(char kind, const char *path, int64_t at, const void *bytes, size_t count) {
    if (log_file < 0) return;
    struct __attribute__((packed)) { char kind; int32_t path; int32_t count; int64_t at; } head = { kind, strlen(path), count, at };
    struct iovec parts[] = { { &head, sizeof head }, { (void *)path, head.path }, { (void *)bytes, count } };
    pthread_mutex_lock(&gate);
    if (syscall(SYS_writev, log_file, parts, 3) != (ssize_t)(sizeof head + head.path + count)) abort();
    logged++;
    pthread_mutex_unlock(&gate);
}

static int fails(char kind, const char *on) {
    char path[PATH_MAX];
    while (is_there("hang")) usleep(10000);
    if (kind == 's' && is_there("slow")) usleep(500000);
    pthread_mutex_lock(&gate);
    FILE *order = fopen(named("fault", path), "r");
    if (order) {
        if (fscanf(order, " %c %d %d", &fault_kind, &fault_error, &fault_in) != 3) abort();
        fclose(order);
        syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    }
    int now = kind == fault_kind && fault_in > 0 && --fault_in == 0;
    if (now) {
        FILE *said = fopen(named("failing", path), "w");
        fputs(on, said);
        fclose(said);
        char done[PATH_MAX];
        syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, named("failed", done), 0);
        errno = fault_error;
    }
    pthread_mutex_unlock(&gate);
    return now;
}

#define REAL(result, name, parameters) ((result (*) parameters)dlsym(RTLD_NEXT, #name))

#define SYNC(name) int name(int fd) { \
    char path[PATH_MAX]; \
    if (!find(fd, path)) return REAL(int, name, (int))(fd); \
    int64_t before = __atomic_load_n(&logged, __ATOMIC_SEQ_CST); \
    if (fails('s', path)) { note('F', path, before, "", 0); errno = fault_error; return -1; } \
    int result = REAL(int, name, (int))(fd); \
    if (result == 0) note('S', path, before, "", 0); \
    return result; }
SYNC(fsync)
SYNC(fdatasync)

#define WRITE(name) ssize_t name(int fd, const void *from, size_t count, off64_t at) { \
    char path[PATH_MAX]; \
    if (!find(fd, path)) return REAL(ssize_t, name, (int, const void *, size_t, off64_t))(fd, from, count, at); \
    if (fails('w', path)) return -1; \
    ssize_t result = REAL(ssize_t, name, (int, const void *, size_t, off64_t))(fd, from, count, at); \
    if (result > 0) note('W', path, at, from, result); \
    return result; }
WRITE(pwrite)
WRITE(pwrite64)

ssize_t write(int fd, const void *from, size_t count) {
    char path[PATH_MAX];
    if (!find(fd, path)) return syscall(SYS_write, fd, from, count);
    if (fails('w', path)) return -1;
    int64_t at = lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    ssize_t result = syscall(SYS_write, fd, from, count);
    if (result > 0) note('W', path, at, from, result);
    return result;
}

#define READ(name) ssize_t name(int fd, void *to, size_t count, off64_t at) { \
    char path[PATH_MAX]; \
    while (find(fd, path) && is_there("hang")) usleep(10000); \
    return REAL(ssize_t, name, (int, void *, size_t, off64_t))(fd, to, count, at); }
READ(pread)
READ(pread64)

#define TRUNCATE(name) int name(int fd, off64_t size) { \
    char path[PATH_MAX]; \
    int result = REAL(int, name, (int, off64_t))(fd, size); \
    if (result == 0 && find(fd, path)) note('T', path, size, "", 0); \
    return result; }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define OPEN(name) int name(const char *path, int flags, ...) { \
    va_list more; \
    va_start(more, flags); \
    int mode = flags & O_CREAT ? va_arg(more, int) : 0; \
    va_end(more); \
    int is_new = flags & O_CREAT && is_ours(path) && access(path, F_OK) != 0; \
    int fd = REAL(int, name, (const char *, int, ...))(path, flags, mode); \
    if (fd >= 0 && is_new) note('C', path, 0, "", 0); \
    else if (fd >= 0 && flags & O_TRUNC && is_ours(path)) note('T', path, 0, "", 0); \
    return fd; }
OPEN(open)
OPEN(open64)

int unlink(const char *path) {
    int result = REAL(int, unlink, (const char *))(path);
    if (result == 0 && is_ours(path)) note('U', path, 0, "", 0);
    return result;
}

#define MOVE(name, kind) int name(const char *from, const char *to) { \
    int result = REAL(int, name, (const char *, const char *))(from, to); \
    if (result == 0 && is_ours(from) && is_ours(to)) note(kind, from, 0, to, strlen(to)); \
    return result; }
MOVE(rename, 'R')
MOVE(link, 'L')
