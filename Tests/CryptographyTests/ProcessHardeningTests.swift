import Cryptography
import Foundation
import Glibc
import Testing

/// What a hardened process is proof against. Each test is a process of its own, since nothing of it can be taken back.
struct ProcessHardeningTests {
    @Test(.enabled(if: geteuid() == 0, "an ordinary user may lock too little memory"))
    func memoryIsLockedAndNoCoreIsDumped() async {
        await #expect(processExitsWith: .success) {
            try ProcessHardening.apply()
            let status = try String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)
            let locked = try #require(status.firstMatch(of: /VmLck:\s+([0-9]+) kB/)).output.1
            try #require(Int(locked) ?? 0 > 1_024)
            try #require(status.contains("NoNewPrivs:\t1"))
            var limit = rlimit()
            try #require(unsafe getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0)
            try #require(limit.rlim_cur == 0 && limit.rlim_max == 0)
            // What comes later is locked as well.
            let page = unsafe [UInt8](unsafeUninitializedCapacity: 64 << 20) { buffer, count in
                unsafe buffer.initialize(repeating: 1)
                count = buffer.count
            }
            let later = try String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)
            let more = try #require(later.firstMatch(of: /VmLck:\s+([0-9]+) kB/)).output.1
            try #require(try #require(Int(more)) >= (try #require(Int(locked))) + 60_000)
            try #require(page.last == 1)
        }
    }

    /// Another process of the same, unprivileged user reads the memory of one that is not hardened, and attaches to it; once it is
    /// hardened, it can do neither.
    @Test(.enabled(if: geteuid() == 0, "it takes root to become another user"))
    func othersOfTheSameUserAreRefused() async {
        await #expect(processExitsWith: .success) {
            let mayLock = allowLocking()
            try becomeNobody()
            try #require(try trace() == "maps ok, mem ok, ptrace ok")
            if mayLock {
                try ProcessHardening.apply()
            } else {
                // Memory is locked last: the rest holds.
                _ = #expect(throws: ProcessHardeningError.self) { try ProcessHardening.apply() }
            }
            try #require(try trace() == "maps refused, mem refused, ptrace refused")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "it takes root to become another user"))
    func aLowLimitIsSaid() async {
        await #expect(processExitsWith: .success) {
            var low = rlimit(rlim_cur: 65_536, rlim_max: 1 << 20)
            try #require(unsafe setrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &low) == 0)
            try becomeNobody()
            let expected = ProcessHardeningError.lockableMemory(allowed: 1 << 20, needed: ProcessHardening.minimumLockableByteCount)
            let error = #expect(throws: ProcessHardeningError.self) { try ProcessHardening.apply() }
            try #require(error == expected)
            try #require(expected.description.contains("LimitMEMLOCK"))
        }
    }

    /// Root is not bound by the limit, and an unprivileged user with a limit that is high enough is not refused.
    @Test(.enabled(if: geteuid() == 0, "it takes root to become another user"))
    func aHighLimitIsEnough() async {
        await #expect(processExitsWith: .success) {
            guard allowLocking() else { return }
            try becomeNobody()
            try ProcessHardening.apply()
        }
        await #expect(processExitsWith: .success) {
            var low = rlimit(rlim_cur: 65_536, rlim_max: 1 << 20)
            try #require(unsafe setrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &low) == 0)
            try ProcessHardening.apply()
        }
    }
}

/// Raises the limit of locked memory. False where even root may not, as in some containers.
private func allowLocking() -> Bool {
    var all = rlimit(rlim_cur: rlim_t.max, rlim_max: rlim_t.max)
    return unsafe setrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &all) == 0
}

private let nobody: UInt32 = 65_534

private func becomeNobody() throws {
    try #require(setgroups(0, nil) == 0)
    try #require(setgid(nobody) == 0 && setuid(nobody) == 0)
    // The change of user hid the process, as hardening does; a program that is started as this user is not hidden.
    try #require(try run("/usr/bin/python3", "-c", "print('there')") == "there")
    try showToTracers()
}

/// Undoes what the change of user did. `prctl` has a variable number of arguments, which Swift cannot call; this is the number it takes.
private func showToTracers() throws {
    typealias Control = @convention(c) (CInt, UInt, UInt, UInt, UInt) -> CInt
    let symbol = unsafe try #require(dlsym(nil, "prctl"))
    let control = unsafe unsafeBitCast(symbol, to: Control.self)
    let setDumpable: CInt = 4
    try #require(control(setDumpable, 1, 0, 0, 0) == 0)
}

/// What another process of this user can do to this one. It goes by this thread: the process's first one has ended, and a thread that has
/// ended never becomes another user's.
private func trace() throws -> String {
    let thread = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
    let script = """
        import ctypes, os, sys
        place = sys.argv[1]
        thread = int(place.rsplit("/", 1)[1])
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long] * 4
        said = []
        for name in ("maps", "mem"):
            try:
                with open(f"/proc/{place}/{name}", "rb") as file:
                    if name == "maps": start = int(file.readline().split(b"-")[0], 16)
                    else: file.seek(start); assert len(file.read(16)) == 16
                said.append(name + " ok")
            except PermissionError:
                said.append(name + " refused")
        SEIZE = 0x4206
        attached = libc.ptrace(SEIZE, thread, 0, 0) == 0
        said.append("ptrace " + ("ok" if attached else "refused"))
        print(", ".join(said))
        """
    return try run("/usr/bin/python3", "-c", script, thread)
}

private func run(_ program: String, _ arguments: String...) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardOutput = output
    process.currentDirectoryURL = URL(filePath: "/")
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
}
