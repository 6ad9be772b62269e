import Foundation

/// A directory of its own, removed with the object, in which rebuilt states are put down, one after the other.
final class CutDirectory {
    let url: URL

    init(in parent: URL) throws {
        url = parent.appending(path: "cut-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    }

    deinit {
        do { try FileManager.default.removeItem(at: url) } catch { report("left behind: \(url.path): \(error)") }
    }

    /// Replaces all that is there.
    func put(_ files: [String: [UInt8]]) throws {
        let manager = FileManager.default
        for name in try manager.contentsOfDirectory(atPath: url.path) { try manager.removeItem(at: url.appending(path: name)) }
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
            let target = url.appending(path: path)
            if path.hasSuffix("/") {
                try manager.createDirectory(at: target, withIntermediateDirectories: false)
            } else {
                try Data(bytes).write(to: target)
            }
        }
    }

    /// The files below a directory, by their path in it; folders end with a slash.
    static func read(_ root: URL) throws -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: root.path) {
            let url = root.appending(path: path)
            let isFolder = try url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory ?? false
            result[isFolder ? path + "/" : path] = isFolder ? [] : [UInt8](try Data(contentsOf: url))
        }
        return result
    }
}
