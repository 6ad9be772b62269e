public import Foundation

/// Where the project's files lie, found from this file's own place.
public enum ProjectFiles {
    public static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The project's own vectors, which it publishes.
    public static let vectors = root.appending(path: "Tests/Vectors")

    /// The vectors of published specifications, beside the project. They are not part of it.
    public static let publishedVectors = root.deletingLastPathComponent().appending(path: "shared/vectors")

    /// The condition for tests that need `publishedVectors`: elsewhere they are reported as skipped.
    public static var hasPublishedVectors: Bool {
        FileManager.default.fileExists(atPath: publishedVectors.path)
    }

    /// A file of the project, by its path from the root.
    public static func read(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: root.appending(path: path)))
    }
}
