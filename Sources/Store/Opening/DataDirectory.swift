import Glibc
import Ledger

/// What may stand where a data directory is wanted.
enum DataDirectory {
    /// Names that a directory without a store may hold: what is left when its creation was interrupted, and what a new file system has.
    private static let harmlessNames: Set<String> = [DirectoryLock.fileName, DataFile.lockName, DataFile.nurseryName, "lost+found"]

    /// Leaves a directory at `path` that has a store in it or can take a new one, and returns its path without symbolic links; changes
    /// nothing where there is anything else.
    static func prepare(_ path: String) throws(StorageError) -> String {
        do throws(StoreError) {
            if try !exists(path) { try create(path) }
        } catch {
            throw StorageError(error)
        }
        let resolved = try resolve(path)
        let names = try names(in: resolved)
        do throws(StoreError) {
            if !names.contains(DataFile.dataName) { try makeNameDurable(resolved) }
        } catch {
            throw StorageError(error)
        }
        if names.contains(StateFormat.folderName), names.isDisjoint(with: [DataFile.dataName, DataFile.lockName]) {
            throw .damaged(
                "\(path)/\(DataFile.dataName), the log, is missing although the folder \(StateFormat.folderName), which was derived from it, is "
                    + "there. Put the log back; a new one would not have its blocks.")
        }
        let known = harmlessNames.union([StateFormat.folderName])
        guard !names.contains(DataFile.dataName), let example = names.subtracting(known).min() else { return resolved }
        throw .refused(
            "\(path) holds no store but other files (such as \(example)), so none was made there. Give an empty directory, or one that does "
                + "not exist yet.")
    }

    private static func resolve(_ path: String) throws(StorageError) -> String {
        guard let resolved = unsafe realpath(path, nil) else { throw unusable(path) }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    private static func unusable(_ path: String) -> StorageError {
        .refused(
            "\(path) cannot be used as a data directory: \(describeCode(errno)). Give a directory that this user may read and write.")
    }

    private static func create(_ path: String) throws(StoreError) {
        guard unsafe mkdir(path, 0o700) == 0 else { throw StoreError(code: errno, during: .create, directory: path) }
        try synchronizeParent(of: path)
    }

    private static func synchronizeParent(of path: String) throws(StoreError) {
        // The dot lets the parent be a symbolic link.
        try FileDescriptor(opening: "\(parent(of: path))/.", flags: O_RDONLY | O_DIRECTORY, during: .create).synchronize(during: .create)
    }

    /// Makes a folder in a data directory, if it is not there.
    static func createFolder(_ path: String) throws(StoreError) {
        if try !exists(path) { try create(path) }
    }

    /// Whoever made a directory that has no store yet may have died before its name was durable: a power cut would take the store with it.
    private static func makeNameDurable(_ path: String) throws(StoreError) {
        do throws(StoreError) {
            try synchronizeParent(of: path)
        } catch .permission {
            // The parent is somebody else's, who made the directory for this user and answers for its name.
        }
    }

    private static func parent(of path: String) -> String {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.last == "/" { trimmed.removeLast() }
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    private static func names(in path: String) throws(StorageError) -> Set<String> {
        guard let directory = unsafe opendir(path) else { throw unusable(path) }
        defer { unsafe closedir(directory) }
        var names: Set<String> = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(directory) else { break }
            names.insert(unsafe name(of: entry))
        }
        guard errno == 0 else { throw .failed("\(path) could not be read: \(describeCode(errno)). Check the disk and the kernel log.") }
        return names.subtracting([".", ".."])
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
        unsafe withUnsafePointer(to: &entry.pointee.d_name) { characters in
            let count = unsafe MemoryLayout.size(ofValue: characters.pointee)
            return unsafe characters.withMemoryRebound(to: CChar.self, capacity: count) { unsafe String(cString: $0) }
        }
    }
}
