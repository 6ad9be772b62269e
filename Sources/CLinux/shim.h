// What Swift does not see of Linux: functions with a variable number of arguments, and what glibc shows on request only.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>

static inline int coffer_prctl(int option, unsigned long value) { return prctl(option, value, 0UL, 0UL, 0UL); }

// As glibc declares it.
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *size, int flags);

// Takes the next connection, closed in programs that this process starts.
static inline int coffer_accept(int descriptor) { return accept4(descriptor, 0, 0, SOCK_CLOEXEC); }

// The kernel's struct ucred.
struct coffer_peer {
    pid_t process;
    uid_t user;
    gid_t group;
};

static inline int coffer_get_peer(int descriptor, struct coffer_peer *peer) {
    socklen_t size = sizeof *peer;
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, peer, &size);
}
