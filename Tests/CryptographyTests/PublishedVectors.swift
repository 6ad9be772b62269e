import Cryptography
import Foundation

/// Where test vectors lie: those of the specifications beside the project, and the project's own inside it.
enum Vectors {
    static let projectRoot = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The condition under which tests of published vectors run. Elsewhere they are reported as skipped.
    static var publishedAreThere: Bool {
        FileManager.default.fileExists(atPath: publishedFolder.path)
    }

    private static var publishedFolder: URL {
        projectRoot.deletingLastPathComponent().appending(path: "shared/vectors")
    }

    static func published(_ name: String) throws -> Data {
        try Data(contentsOf: publishedFolder.appending(path: name))
    }

    static func own(_ name: String) throws -> Data {
        try Data(contentsOf: projectRoot.appending(path: "Tests/Vectors").appending(path: name))
    }
}

/// A file of Project Wycheproof: groups of tests, each group with what its tests share.
struct Wycheproof<Group: Decodable>: Decodable {
    let numberOfTests: Int
    let testGroups: [Group]

    init(_ name: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Vectors.published(name))
    }
}

/// Bytes written in hexadecimal of either case, as the published files have them.
struct HexadecimalBytes: Decodable {
    let bytes: [UInt8]

    init(_ text: String) throws {
        guard let bytes = Hexadecimal.decode(text.lowercased()) else { throw NotHexadecimal(text: text) }
        self.bytes = bytes
    }

    init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    struct NotHexadecimal: Error {
        let text: String
    }
}
