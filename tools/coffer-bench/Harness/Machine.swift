import Foundation

/// Where a run was made, from what the kernel says.
enum Machine {
    /// How many cores this process may use.
    static let coreCount = ProcessInfo.processInfo.activeProcessorCount

    /// The versions of the libraries that do the work: those this process has loaded, as the system's packages name them.
    static let libraries: Fields = {
        var fields: Fields = [:]
        for name in ["libsecp256k1", "libcrypto", "libsodium", "liblmdb"] {
            if let file = loadedFile(of: name) { fields[name] = .text(packageVersion(of: file) ?? file.lastPathComponent) }
        }
        return fields
    }()

    /// Processor, memory, kernel and the file system of a directory.
    static func description(directory: URL) -> Fields {
        var fields: Fields = [:]
        fields["processor"] = .text(field("model name", in: "/proc/cpuinfo") ?? "unknown")
        fields["cores"] = .count(coreCount)
        fields["memoryMiB"] = .count(Int(ProcessInfo.processInfo.physicalMemory >> 20))
        fields["kernel"] = .text(text("/proc/sys/kernel/osrelease")?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "unknown")
        fields["system"] = .text(ProcessInfo.processInfo.operatingSystemVersionString)
        fields["fileSystem"] = .text(fileSystem(of: directory) ?? "unknown")
        return fields
    }

    /// Anonymous resident memory of this process in bytes.
    static func anonymousMemoryBytes() throws -> Int { try anonymousMemoryBytes(of: "self") }

    /// Anonymous resident memory of a process in bytes. `process` is its id.
    static func anonymousMemoryBytes(of process: String) throws -> Int {
        guard let value = field("RssAnon", in: "/proc/\(process)/status"), let kibibytes = Int(value.split(separator: " ").first ?? "")
        else {
            throw BenchFailure("/proc/\(process)/status has no RssAnon: this needs a Linux kernel of 4.5 or later.")
        }
        return kibibytes << 10
    }

    /// Where the project's other programs of this build are.
    static let programDirectory = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    /// The processor time of programs that this one ran to their end, in steps of ten milliseconds.
    static func childProcessorSeconds() -> Double { (processTime(16) ?? 0) + (processTime(17) ?? 0) }

    /// The processor time of this process in the kernel, in steps of ten milliseconds.
    static func systemSeconds() -> Double { processTime(15) ?? 0 }

    /// A field of `/proc/self/stat`, counted from 1, that is in the kernel's unit of time, a hundredth of a second.
    private static func processTime(_ field: Int) -> Double? {
        guard let text = text("/proc/self/stat") else { return nil }
        // The name of the program, field 2, stands in parentheses and may hold blanks.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return fields.count > field - 2 ? Double(fields[field - 2]).map { $0 / 100 } : nil
    }

    /// A file of the kernel; nil where it is not there. Such files come in pieces, whatever their size is said to be.
    private static func text(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        var bytes = Data()
        do {
            while let part = try file.read(upToCount: 65_536), !part.isEmpty { bytes += part }
        } catch {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The value of the first line `name: value`.
    private static func field(_ name: String, in path: String) -> String? {
        for line in (text(path) ?? "").split(separator: "\n") where line.hasPrefix(name) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return nil
    }

    private static func loadedFile(of library: String) -> URL? {
        for line in (text("/proc/self/maps") ?? "").split(separator: "\n") {
            guard let path = line.split(separator: " ").last, path.contains("/\(library).so") else { continue }
            return URL(filePath: String(path))
        }
        return nil
    }

    /// What Debian's packages say; nil on other systems.
    private static func packageVersion(of file: URL) -> String? {
        // Where `/lib` is a link to `/usr/lib`, packages may name either; a pattern finds both, slowly.
        let exact = Command.output("dpkg-query", ["--search", file.path])
        guard let owner = exact ?? Command.output("dpkg-query", ["--search", "*/\(file.lastPathComponent)"]),
            let package = owner.split(separator: "\n").first?.split(separator: ": ").first
        else { return nil }
        return Command.output("dpkg-query", ["--show", "--showformat", "${Version}", String(package)])
    }

    private static func fileSystem(of directory: URL) -> String? {
        let path = directory.resolvingSymlinksInPath().path
        let mounts = (text("/proc/self/mounts") ?? "").split(separator: "\n").map { $0.split(separator: " ") }.filter { $0.count > 2 }
        let holding = mounts.filter { path == $0[1] || path.hasPrefix($0[1] == "/" ? "/" : "\($0[1])/") }
        return holding.max { $0[1].count < $1[1].count }.map { String($0[2]) }
    }
}

/// Programs of the system.
enum Command {
    /// What a program that is found in the path prints; nil when it is not there or fails.
    static func output(_ name: String, _ arguments: [String]) -> String? {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
            let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
        } catch {
            return nil
        }
    }
}
