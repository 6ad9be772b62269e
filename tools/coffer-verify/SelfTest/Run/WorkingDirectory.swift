import Foundation
import Ledger

/// A directory for damaged copies, removed with the value.
struct WorkingDirectory: ~Copyable {
    private let url: URL
    /// Where the copy is.
    private let export: URL

    /// The list of archives beside the copy, where there is one.
    private(set) var list: [UInt8]?

    var path: String { export.path }

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "coffer-self-test-\(UUID().uuidString)")
        export = url.appending(path: "export")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: url)
        } catch {
            FileHandle.standardError.write(Data("left behind: \(url.path): \(error.localizedDescription)\n".utf8))
        }
    }

    /// Makes these files the whole content.
    mutating func write(_ files: [String: ArchiveScene.File]) throws {
        list = if case .bytes(let bytes)? = files[ArchiveManifest.fileName] { bytes } else { nil }
        let manager = FileManager.default
        if manager.fileExists(atPath: export.path) { try manager.removeItem(at: export) }
        try manager.createDirectory(at: export, withIntermediateDirectories: false)
        for (name, file) in files where name != ArchiveManifest.fileName {
            let place = export.appending(path: name)
            switch file {
            case .bytes(let bytes): try Data(bytes).write(to: place)
            case .directory: try manager.createDirectory(at: place, withIntermediateDirectories: false)
            case .link(let bytes):
                let target = url.appending(path: "target-of-\(name)")
                try Data(bytes).write(to: target)
                try manager.createSymbolicLink(at: place, withDestinationURL: target)
            }
        }
    }
}
