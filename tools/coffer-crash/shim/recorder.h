/* What the two halves of the recorder share: the trace's format, and the state behind the calls. */
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* A record: this head, in the machine's byte order, then `length` bytes. */
struct head {
    uint32_t kind;
    uint32_t length;
    uint64_t file; /* the inode's number */
    uint64_t a;
    uint64_t b;
};

enum kind {
    PROCESS = 1,     /* a process begins; file: the directory's inode */
    CREATE,          /* a: the folder's inode; bytes: the name */
    WRITE,           /* a: offset; b: a token when the write is synchronous, or 0; bytes: what was written */
    TRUNCATE,        /* a: the size */
    ALLOCATE,        /* a: the size that the file has at least */
    SYNC_BEGIN,      /* a: a token */
    SYNC_END,        /* a: the token */
    WRITE_DURABLE,   /* a: the token of a synchronous write that has returned */
    RENAME,          /* a, b: the folders' inodes; bytes: the old name, a zero byte, the new name */
    REMOVE,          /* a: the folder's inode; bytes: the name; of a file or of a folder */
    MAKE_FOLDER,     /* a: the folder's inode; bytes: the name */
    ACKNOWLEDGED,    /* bytes: what was written */
};

enum role { NOT_RECORDED, RECORDED, ACKNOWLEDGEMENTS };

#define MAXIMUM_DESCRIPTORS 65536

struct descriptor {
    enum role role;
    bool is_synchronous;
    bool appends;
    uint64_t file;
};

/* The C library's own functions, of those that the recorder stands in for. */
#define FUNCTIONS(with) \
    with(open) with(openat) with(close) with(write) with(writev) with(pwrite) with(pwritev) with(ftruncate) with(fallocate) \
    with(posix_fallocate) with(fsync) with(fdatasync) with(rename) with(unlink) with(rmdir) with(mkdir) with(mmap) with(link) \
    with(linkat) with(renameat) with(renameat2) with(copy_file_range) with(pwritev2)
struct real {
#define MEMBER(name) __typeof__(&name) name;
    FUNCTIONS(MEMBER)
#undef MEMBER
};
extern struct real real;

/* Held while something is changed and recorded. */
extern pthread_mutex_t lock;
/* Written under the lock; read without it only for a descriptor that the reading thread itself uses. */
extern struct descriptor descriptors[MAXIMUM_DESCRIPTORS];
/* How much longer every sync takes. */
extern useconds_t sync_microseconds;

/* Ends the process, saying why: a trace that is wrong must not look like one. */
_Noreturn void fail(const char *what);
/* Prepares everything at the first call; whether this process is recorded. */
bool is_recording(void);
/* Whether a descriptor is recorded. */
bool is_tracked(int descriptor);
/* Whether a path names something under the directory, whether or not it exists; gives its folder's inode and its name there. */
bool locate(const char *path, uint64_t *folder, char name[NAME_MAX + 1]);
/* Remembers what a new descriptor is. */
void opened(int descriptor, int flags);
/* A number that no other sync has. Under the lock. */
uint64_t new_token(void);
/* Appends a record whose bytes are the first `length` of `parts`. Under the lock. */
void append(uint32_t kind, uint64_t file, uint64_t a, uint64_t b, const struct iovec *parts, int count, size_t length);
/* Counts a change that has just been made and recorded under the lock; may be the process's last. */
void count_change(void);
/* Both, for a change with one piece of bytes. */
void changed(uint32_t kind, uint64_t file, uint64_t a, uint64_t b, const void *bytes, size_t length);
