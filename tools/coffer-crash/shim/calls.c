/* The calls that the recorder stands in for. Each makes the change and records it; see trace.c for what is set and how. */
#include "recorder.h"

#include <stdarg.h>

static int open_recorded(int folder, const char *path, int flags, mode_t mode) {
    if (!is_recording()) return real.openat(folder, path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat before;
    bool existed = fstatat(folder, path, &before, 0) == 0;
    int descriptor = real.openat(folder, path, flags, mode);
    int code = errno;
    if (descriptor >= 0) {
        opened(descriptor, flags);
        if (descriptors[descriptor].role == RECORDED) {
            uint64_t parent = 0;
            char name[NAME_MAX + 1];
            if (!existed) {
                if ((folder != AT_FDCWD && path[0] != '/') || !locate(path, &parent, name)) fail("a file was made in an unknown folder");
                changed(CREATE, descriptors[descriptor].file, parent, 0, name, strlen(name));
            } else if ((flags & O_TRUNC) && before.st_size > 0) {
                changed(TRUNCATE, descriptors[descriptor].file, 0, 0, NULL, 0);
            }
        }
    }
    pthread_mutex_unlock(&lock);
    errno = code;
    return descriptor;
}

static mode_t mode_argument(int flags, va_list arguments) {
    return (flags & (O_CREAT | __O_TMPFILE)) ? (mode_t)va_arg(arguments, int) : 0;
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_argument(flags, arguments);
    va_end(arguments);
    return open_recorded(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_argument(flags, arguments);
    va_end(arguments);
    return open_recorded(folder, path, flags, mode);
}

int close(int descriptor) {
    if (!is_tracked(descriptor)) return real.close(descriptor);
    pthread_mutex_lock(&lock);
    descriptors[descriptor].role = NOT_RECORDED;
    int result = real.close(descriptor);
    int code = errno;
    pthread_mutex_unlock(&lock);
    errno = code;
    return result;
}

/* Where a write without an offset goes. */
static off_t position(int descriptor) {
    struct stat status;
    if (!descriptors[descriptor].appends) return lseek(descriptor, 0, SEEK_CUR);
    if (fstat(descriptor, &status) != 0) fail("a file has no size");
    return status.st_size;
}

/* All writes come here. `offset` is -1 for those at the descriptor's own position. */
static ssize_t write_recorded(int descriptor, const struct iovec *parts, int count, off_t offset) {
    pthread_mutex_lock(&lock);
    bool is_synchronous = descriptors[descriptor].is_synchronous;
    uint64_t file = descriptors[descriptor].file;
    off_t start = offset >= 0 ? offset : position(descriptor);
    ssize_t done = offset >= 0 ? real.pwritev(descriptor, parts, count, offset) : real.writev(descriptor, parts, count);
    int code = errno;
    uint64_t token = is_synchronous ? new_token() : 0;
    if (done > 0) {
        bool acknowledges = descriptors[descriptor].role == ACKNOWLEDGEMENTS;
        append(acknowledges ? ACKNOWLEDGED : WRITE, file, (uint64_t)start, token, parts, count, (size_t)done);
        if (!acknowledges) count_change();
    }
    pthread_mutex_unlock(&lock);
    if (done > 0 && token) {
        if (sync_microseconds) usleep(sync_microseconds);
        pthread_mutex_lock(&lock);
        append(WRITE_DURABLE, file, token, 0, NULL, 0, 0);
        pthread_mutex_unlock(&lock);
    }
    errno = code;
    return done;
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    if (!is_tracked(descriptor)) return real.write(descriptor, bytes, length);
    struct iovec part = {(void *)(uintptr_t)bytes, length};
    return write_recorded(descriptor, &part, 1, -1);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    return is_tracked(descriptor) ? write_recorded(descriptor, parts, count, -1) : real.writev(descriptor, parts, count);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
    if (!is_tracked(descriptor)) return real.pwrite(descriptor, bytes, length, offset);
    struct iovec part = {(void *)(uintptr_t)bytes, length};
    return write_recorded(descriptor, &part, 1, offset);
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
    return is_tracked(descriptor) ? write_recorded(descriptor, parts, count, offset) : real.pwritev(descriptor, parts, count, offset);
}

int ftruncate(int descriptor, off_t size) {
    if (!is_tracked(descriptor)) return real.ftruncate(descriptor, size);
    pthread_mutex_lock(&lock);
    int result = real.ftruncate(descriptor, size);
    int code = errno;
    if (result == 0) changed(TRUNCATE, descriptors[descriptor].file, (uint64_t)size, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = code;
    return result;
}

int fallocate(int descriptor, int mode, off_t offset, off_t length) {
    if (!is_tracked(descriptor)) return real.fallocate(descriptor, mode, offset, length);
    if (mode != 0 && mode != FALLOC_FL_KEEP_SIZE) fail("this mode of fallocate is not modelled");
    pthread_mutex_lock(&lock);
    int result = real.fallocate(descriptor, mode, offset, length);
    int code = errno;
    if (result == 0 && mode == 0) changed(ALLOCATE, descriptors[descriptor].file, (uint64_t)(offset + length), 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = code;
    return result;
}

int posix_fallocate(int descriptor, off_t offset, off_t length) {
    if (!is_tracked(descriptor)) return real.posix_fallocate(descriptor, offset, length);
    pthread_mutex_lock(&lock);
    int result = real.posix_fallocate(descriptor, offset, length);
    if (result == 0) changed(ALLOCATE, descriptors[descriptor].file, (uint64_t)(offset + length), 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

static int sync_recorded(int descriptor, int (*sync)(int)) {
    pthread_mutex_lock(&lock);
    uint64_t file = descriptors[descriptor].file;
    uint64_t token = new_token();
    append(SYNC_BEGIN, file, token, 0, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    int result = sync(descriptor);
    int code = errno;
    if (sync_microseconds) usleep(sync_microseconds);
    if (result == 0) {
        pthread_mutex_lock(&lock);
        append(SYNC_END, file, token, 0, NULL, 0, 0);
        pthread_mutex_unlock(&lock);
    }
    errno = code;
    return result;
}

int fsync(int descriptor) {
    return is_tracked(descriptor) ? sync_recorded(descriptor, real.fsync) : real.fsync(descriptor);
}

int fdatasync(int descriptor) {
    return is_tracked(descriptor) ? sync_recorded(descriptor, real.fdatasync) : real.fdatasync(descriptor);
}

int rename(const char *old, const char *new) {
    uint64_t from = 0, to = 0;
    char names[2 * NAME_MAX + 2], name[NAME_MAX + 1];
    struct stat status;
    is_recording();
    pthread_mutex_lock(&lock);
    bool is_recorded = locate(old, &from, names);
    if (is_recording() && locate(new, &to, name) != is_recorded) fail("a rename leaves the directory");
    if (is_recorded && stat(old, &status) != 0) is_recorded = false;
    int result = real.rename(old, new);
    int code = errno;
    if (is_recorded && result == 0) {
        size_t length = strlen(names);
        strcpy(names + length + 1, name);
        changed(RENAME, status.st_ino, from, to, names, length + 1 + strlen(name));
    }
    pthread_mutex_unlock(&lock);
    errno = code;
    return result;
}

static int remove_recorded(const char *path, int (*remove)(const char *)) {
    uint64_t folder = 0;
    char name[NAME_MAX + 1];
    struct stat status;
    pthread_mutex_lock(&lock);
    bool is_recorded = locate(path, &folder, name) && lstat(path, &status) == 0;
    int result = remove(path);
    int code = errno;
    if (is_recorded && result == 0) changed(REMOVE, status.st_ino, folder, 0, name, strlen(name));
    pthread_mutex_unlock(&lock);
    errno = code;
    return result;
}

int unlink(const char *path) {
    is_recording();
    return remove_recorded(path, real.unlink);
}

int rmdir(const char *path) {
    is_recording();
    return remove_recorded(path, real.rmdir);
}

int mkdir(const char *path, mode_t mode) {
    uint64_t folder = 0;
    char name[NAME_MAX + 1];
    struct stat status;
    is_recording();
    pthread_mutex_lock(&lock);
    bool is_recorded = locate(path, &folder, name);
    int result = real.mkdir(path, mode);
    int code = errno;
    if (is_recorded && result == 0) {
        if (stat(path, &status) != 0) fail("a new folder has gone");
        changed(MAKE_FOLDER, status.st_ino, folder, 0, name, strlen(name));
    }
    pthread_mutex_unlock(&lock);
    errno = code;
    return result;
}

/* What goes through memory is not seen here: only LMDB's lock file, whose contents survive no restart anyway, may be written so. */
void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset) {
    if (is_recording() && (protection & PROT_WRITE) && (flags & MAP_SHARED) && is_tracked(descriptor)) {
        char link[64], path[PATH_MAX];
        snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
        ssize_t count = readlink(link, path, sizeof path - 1);
        if (count < 0) fail("a descriptor has no name");
        path[count] = 0;
        const char *slash = strrchr(path, '/');
        if (!slash || strcmp(slash + 1, "lock.mdb") != 0) fail("a data file was mapped for writing, which cannot be recorded");
    }
    return real.mmap(address, length, protection, flags, descriptor, offset);
}

/* What a store might use one day and this does not model ends the process, so that no trace is silently incomplete. */
#define UNLESS_RECORDED(condition, call) \
    if (is_recording() && (condition)) fail("this call is not modelled"); \
    return call

int link(const char *old, const char *new) {
    uint64_t folder;
    char name[NAME_MAX + 1];
    UNLESS_RECORDED(locate(new, &folder, name), real.link(old, new));
}

int linkat(int from, const char *old, int to, const char *new, int flags) {
    uint64_t folder;
    char name[NAME_MAX + 1];
    UNLESS_RECORDED(locate(new, &folder, name), real.linkat(from, old, to, new, flags));
}

int renameat(int from, const char *old, int to, const char *new) {
    uint64_t folder;
    char name[NAME_MAX + 1];
    UNLESS_RECORDED(locate(new, &folder, name), real.renameat(from, old, to, new));
}

int renameat2(int from, const char *old, int to, const char *new, unsigned int flags) {
    uint64_t folder;
    char name[NAME_MAX + 1];
    UNLESS_RECORDED(locate(new, &folder, name), real.renameat2(from, old, to, new, flags));
}

ssize_t copy_file_range(int in, off64_t *in_offset, int out, off64_t *out_offset, size_t length, unsigned int flags) {
    UNLESS_RECORDED(is_tracked(out), real.copy_file_range(in, in_offset, out, out_offset, length, flags));
}

ssize_t pwritev2(int descriptor, const struct iovec *parts, int count, off_t offset, int flags) {
    UNLESS_RECORDED(is_tracked(descriptor), real.pwritev2(descriptor, parts, count, offset, flags));
}

#define SAME(name) __attribute__((alias(#name)))
int open64(const char *path, int flags, ...) SAME(open);
int openat64(int folder, const char *path, int flags, ...) SAME(openat);
ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) SAME(pwrite);
ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off64_t offset) SAME(pwritev);
int ftruncate64(int descriptor, off64_t size) SAME(ftruncate);
int fallocate64(int descriptor, int mode, off64_t offset, off64_t length) SAME(fallocate);
int posix_fallocate64(int descriptor, off64_t offset, off64_t length) SAME(posix_fallocate);
void *mmap64(void *address, size_t length, int protection, int flags, int descriptor, off64_t offset) SAME(mmap);
