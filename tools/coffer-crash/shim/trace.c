/*
 * Records what a process does to the files under one directory, in order, so that every state that a power cut could have left can be
 * rebuilt from it. Preloaded (LD_PRELOAD), it passes every call on and changes no result. What is recorded is in docs/crash-safety.md.
 *
 *   COFFER_CRASH_ROOT          the directory; everything below it is recorded. Without it the library does nothing.
 *   COFFER_CRASH_TRACE         where records are appended; outside the directory
 *   COFFER_CRASH_ACKNOWLEDGED  a file outside the directory whose writes are recorded as acknowledgements
 *   COFFER_CRASH_STOP_AFTER    optional: the process kills itself after so many changes
 *   COFFER_CRASH_SYNC_US       optional: every sync takes so many microseconds longer, as on a disk
 *
 * Changes are made and recorded under one lock, so the trace has them in the order in which they happened. A sync is recorded when it begins
 * and when it has returned, and does not hold the lock in between.
 */
#include "recorder.h"

#include <dlfcn.h>
#include <signal.h>

struct real real;
pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
struct descriptor descriptors[MAXIMUM_DESCRIPTORS];
useconds_t sync_microseconds;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char root[PATH_MAX];
static size_t root_length;
static char acknowledgements[PATH_MAX];
static int trace = -1;
static uint64_t next_token = 1;
static uint64_t changes;
static uint64_t stop_after;

_Noreturn void fail(const char *what) {
    dprintf(2, "recorder: %s: %s\n", what, strerror(errno));
    abort();
}

static uint64_t number(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

void append(uint32_t kind, uint64_t file, uint64_t a, uint64_t b, const struct iovec *parts, int count, size_t length) {
    struct head head = {kind, (uint32_t)length, file, a, b};
    if (length > UINT32_MAX) fail("a record is too long");
    if (real.write(trace, &head, sizeof head) != (ssize_t)sizeof head) fail("the trace cannot be written");
    for (int i = 0; i < count && length > 0; i++) {
        const char *bytes = parts[i].iov_base;
        size_t left = parts[i].iov_len < length ? parts[i].iov_len : length;
        length -= left;
        while (left > 0) {
            ssize_t done = real.write(trace, bytes, left);
            if (done <= 0) fail("the trace cannot be written");
            bytes += done;
            left -= (size_t)done;
        }
    }
}

void count_change(void) {
    if (++changes != stop_after) return;
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

void changed(uint32_t kind, uint64_t file, uint64_t a, uint64_t b, const void *bytes, size_t length) {
    struct iovec part = {(void *)(uintptr_t)bytes, length};
    append(kind, file, a, b, &part, 1, length);
    count_change();
}

uint64_t new_token(void) { return next_token++; }

static void load(void) {
#define LOAD(name) \
    *(void **)(&real.name) = dlsym(RTLD_NEXT, #name); \
    if (!real.name) fail("a function of the C library is missing");
    FUNCTIONS(LOAD)
    const char *directory = getenv("COFFER_CRASH_ROOT");
    if (!directory) return;
    const char *target = getenv("COFFER_CRASH_TRACE");
    const char *acknowledged = getenv("COFFER_CRASH_ACKNOWLEDGED");
    struct stat status;
    if (!target || !acknowledged) fail("COFFER_CRASH_TRACE and COFFER_CRASH_ACKNOWLEDGED are wanted too");
    if (!realpath(directory, root) || stat(root, &status) != 0) fail("COFFER_CRASH_ROOT is no directory");
    if (!realpath(acknowledged, acknowledgements)) fail("COFFER_CRASH_ACKNOWLEDGED must exist");
    root_length = strlen(root);
    stop_after = number("COFFER_CRASH_STOP_AFTER", 0);
    sync_microseconds = (useconds_t)number("COFFER_CRASH_SYNC_US", 0);
    trace = real.open(target, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (trace < 0) fail("COFFER_CRASH_TRACE cannot be opened");
    append(PROCESS, status.st_ino, 0, 0, NULL, 0, 0);
}

bool is_recording(void) {
    pthread_once(&once, load);
    return trace >= 0;
}

__attribute__((constructor)) static void start(void) { is_recording(); }

static bool is_under_root(const char *path) {
    return strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

bool locate(const char *path, uint64_t *folder, char name[NAME_MAX + 1]) {
    char copy[PATH_MAX], resolved[PATH_MAX];
    struct stat status;
    if (!is_recording() || strlen(path) >= sizeof copy) return false;
    strcpy(copy, path);
    for (size_t end = strlen(copy); end > 1 && copy[end - 1] == '/'; end--) copy[end - 1] = 0;
    char *slash = strrchr(copy, '/');
    const char *last = slash ? slash + 1 : copy;
    if (strlen(last) > NAME_MAX) return false;
    strcpy(name, last);
    if (slash) *slash = 0;
    if (!realpath(slash ? (copy[0] ? copy : "/") : ".", resolved) || !is_under_root(resolved)) return false;
    if (stat(resolved, &status) != 0) fail("a folder has gone");
    *folder = status.st_ino;
    return true;
}

bool is_tracked(int descriptor) {
    return is_recording() && descriptor >= 0 && descriptor < MAXIMUM_DESCRIPTORS && descriptors[descriptor].role != NOT_RECORDED;
}

void opened(int descriptor, int flags) {
    char link[64], path[PATH_MAX];
    struct stat status;
    if (descriptor >= MAXIMUM_DESCRIPTORS) fail("a descriptor is too large");
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0 || fstat(descriptor, &status) != 0) fail("a descriptor has no name");
    path[length] = 0;
    enum role role = is_under_root(path) ? RECORDED : strcmp(path, acknowledgements) == 0 ? ACKNOWLEDGEMENTS : NOT_RECORDED;
    descriptors[descriptor].role = role;
    descriptors[descriptor].file = status.st_ino;
    descriptors[descriptor].is_synchronous = (flags & O_DSYNC) != 0; /* O_SYNC has this bit too */
    descriptors[descriptor].appends = (flags & O_APPEND) != 0;
}
