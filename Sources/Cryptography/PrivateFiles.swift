internal import Glibc

extension PrivateFile {
    /// What there is at a path; a symbolic link is not followed.
    public enum Presence: Sendable {
        case nothing
        case regularFile
        /// A symbolic link, directory, pipe, device or socket, or nothing that this user may look at.
        case other
    }

    /// What there is at `path`.
    public static func presence(at path: String) -> Presence {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return errno == ENOENT ? .nothing : .other }
        return status.st_mode & S_IFMT == S_IFREG ? .regularFile : .other
    }

    /// Writes files that belong together, each with mode 0600 and whole or not at all, in the order given: who sees the last one sees all.
    ///
    /// Every file is first made durable under another name in its directory. Where there is something at a path, it is replaced if
    /// `replacing` and it is a regular file; else this throws `alreadyExists`. Symbolic links are never followed.
    public static func create(_ files: [(path: String, bytes: [UInt8])], replacing: Bool) throws(PrivateFileError) {
        let suffix = Hexadecimal.encode(Randomness.bytes(8))
        var staged: [(temporary: String, path: String)] = []
        defer { for file in staged { _ = unsafe unlink(file.temporary) } }
        for file in files {
            let temporary = "\(file.path).\(suffix).part"
            staged.append((temporary, file.path))
            try write(file.bytes.span, to: temporary)
        }
        for file in staged { try publish(file.temporary, as: file.path, replacing: replacing) }
        for file in staged { try synchronizeDirectory(of: file.path) }
    }

    private static func publish(_ temporary: String, as path: String, replacing: Bool) throws(PrivateFileError) {
        if presence(at: path) == .other { throw .alreadyExists(path: path) }
        // A link, unlike a rename, never replaces what another process put there meanwhile.
        let result = replacing ? unsafe rename(temporary, path) : unsafe link(temporary, path)
        let code = errno
        guard result == 0 else {
            throw code == EEXIST ? .alreadyExists(path: path) : .system("create", path: path, code: code)
        }
    }
}
