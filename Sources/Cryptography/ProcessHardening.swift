internal import CLinux
internal import Glibc

/// What a process that holds keys gives up, so that nobody gets at them past it.
///
/// Called once, when the process starts and has one thread, before any secret is read: what is given up for good is given up by the
/// thread that calls and by those that it starts later. Nothing of it can be taken back.
public enum ProcessHardening {
    /// How much memory a process must be allowed to lock, in bytes: 512 MiB. Below, a later allocation could fail in mid-flight.
    public static let minimumLockableByteCount: UInt64 = 512 << 20

    /// Locks all memory of the process, now and later, so that none of it is ever written to a swap device; forbids core dumps; closes
    /// `/proc/PID/mem` and `ptrace` to all but those who may trace everything; and lets no program that it starts gain rights.
    ///
    /// Throws, having done part of it, when the system refuses something; the process should end then.
    public static func apply() throws(ProcessHardeningError) {
        try forbidCoreDumps()
        try hideFromTracers()
        try set(PR_SET_NO_NEW_PRIVS, to: 1, "give up gaining rights")
        try lockMemory()
    }

    /// No core file, not even an empty one, for this process or those that it starts.
    static func forbidCoreDumps() throws(ProcessHardeningError) {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0 else {
            throw .system("forbid core dumps", code: errno)
        }
    }

    /// The kernel refuses other processes of the same user, and dumps no core to a program that would collect it.
    static func hideFromTracers() throws(ProcessHardeningError) {
        try set(PR_SET_DUMPABLE, to: 0, "forbid tracing")
        guard coffer_prctl(PR_GET_DUMPABLE, 0) == 0 else { throw .system("forbid tracing", code: EPERM) }
    }

    private static func set(_ option: Int32, to value: UInt, _ purpose: String) throws(ProcessHardeningError) {
        guard coffer_prctl(option, value) == 0 else { throw .system(purpose, code: errno) }
    }

    static func lockMemory() throws(ProcessHardeningError) {
        let resource = __rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0 else { throw .system("examine the limit of locked memory", code: errno) }
        limit.rlim_cur = limit.rlim_max
        guard unsafe setrlimit(resource, &limit) == 0 else { throw .system("raise the limit of locked memory", code: errno) }
        if try isBound(resource, limit), limit.rlim_max < minimumLockableByteCount {
            throw .lockableMemory(allowed: UInt64(limit.rlim_max), needed: minimumLockableByteCount)
        }
        // On fault: what was touched is locked, and address space that is only reserved costs nothing.
        guard mlockall(MCL_CURRENT | MCL_FUTURE | CInt(MCL_ONFAULT)) == 0 else {
            let code = errno
            throw code == ENOMEM || code == EPERM
                ? .lockableMemory(allowed: UInt64(limit.rlim_max), needed: minimumLockableByteCount) : .system("lock memory", code: code)
        }
    }

    /// Whether the limit holds for this process: for a privileged one it does not. The kernel is asked, because being root, or having a
    /// capability in a namespace of one's own, says nothing.
    private static func isBound(_ resource: __rlimit_resource_t, _ limit: rlimit) throws(ProcessHardeningError) -> Bool {
        var none = rlimit(rlim_cur: 0, rlim_max: limit.rlim_max)
        var limit = limit
        guard unsafe setrlimit(resource, &none) == 0 else { throw .system("examine the limit of locked memory", code: errno) }
        let byteCount = 4_096
        let page = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let page = unsafe page, unsafe page != MAP_FAILED else { throw .system("examine the limit of locked memory", code: errno) }
        let isBound = unsafe mlock(page, byteCount) != 0
        _ = unsafe munmap(page, byteCount)
        guard unsafe setrlimit(resource, &limit) == 0 else { throw .system("raise the limit of locked memory", code: errno) }
        return isBound
    }
}

/// Why a process could not be hardened. It should not hold keys.
public enum ProcessHardeningError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The process may lock too little memory; both in bytes.
    case lockableMemory(allowed: UInt64, needed: UInt64)
    /// The operating system refused, with its error code.
    case system(_ operation: String, code: Int32)

    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .lockableMemory(let allowed, let needed):
            "This process may lock \(allowed) bytes of memory and needs \(needed), so that keys never reach a swap device. Raise RLIMIT_MEMLOCK for its user: LimitMEMLOCK=infinity in its systemd unit, or ulimit -l unlimited before it starts."
        case .system(let operation, let code):
            "Could not \(operation): \(unsafe String(cString: strerror(code))). Keys are not safe in this process; run it on Linux without a filter that forbids this."
        }
    }
}
