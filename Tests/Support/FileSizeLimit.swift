import Glibc

/// How large a file of this process may become: what a full disk is like, for a process of its own.
public enum FileSizeLimit {
    public struct Failed: Error {}

    /// Sets the limit in bytes; nil lifts it. A write beyond it fails.
    public static func set(_ byteCount: Int?) throws {
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: byteCount.map { rlim_t($0) } ?? rlim_t.max, rlim_max: rlim_t.max)
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { throw Failed() }
    }
}
