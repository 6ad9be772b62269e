import Cryptography
import Foundation
import Support
import Testing

/// Files that belong together, written whole.
@Suite struct PrivateFilesTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func path(_ name: String) -> String { directory.url.appending(path: name).path(percentEncoded: false) }
    private func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: directory.url.appending(path: name))) }
    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.url.path(percentEncoded: false)).sorted()
    }

    @Test func allAreWrittenAndPrivate() throws {
        try PrivateFile.create([(path("a"), [1]), (path("b"), [])], replacing: false)
        #expect(try names() == ["a", "b"])
        #expect(try bytes("a") == [1])
        #expect(try bytes("b") == [])
        let mode = try FileManager.default.attributesOfItem(atPath: path("a"))[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func filesAreReplacedOnlyWhenAsked() throws {
        try PrivateFile.create([(path("b"), [1])], replacing: false)
        #expect(throws: PrivateFileError.alreadyExists(path: path("b"))) {
            try PrivateFile.create([(path("a"), [2]), (path("b"), [3])], replacing: false)
        }
        #expect(try bytes("b") == [1])
        #expect(try names() == ["a", "b"], "what came before it in the order is there")
        try PrivateFile.create([(path("a"), [4]), (path("b"), [5])], replacing: true)
        #expect(try bytes("a") == [4])
        #expect(try bytes("b") == [5])
        #expect(try names() == ["a", "b"])
    }

    @Test func linksAndDirectoriesStay() throws {
        try PrivateFile.create([(path("victim"), [1])], replacing: false)
        try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: path("victim"))
        try FileManager.default.createSymbolicLink(atPath: path("loose"), withDestinationPath: path("nothing"))
        try FileManager.default.createDirectory(atPath: path("folder"), withIntermediateDirectories: false)
        for name in ["link", "loose", "folder"] {
            #expect(PrivateFile.presence(at: path(name)) == .other)
            for isReplacing in [false, true] {
                #expect(throws: PrivateFileError.alreadyExists(path: path(name))) {
                    try PrivateFile.create([(path(name), [2])], replacing: isReplacing)
                }
            }
        }
        #expect(try names() == ["folder", "link", "loose", "victim"])
        #expect(try bytes("victim") == [1])
        #expect(PrivateFile.presence(at: path("victim")) == .regularFile)
        #expect(PrivateFile.presence(at: path("absent")) == .nothing)
        #expect(PrivateFile.presence(at: path("victim/below")) == .other)
    }

    @Test func nothingIsLeftWhereNothingCanBeWritten() throws {
        #expect(throws: PrivateFileError.self) {
            try PrivateFile.create([(path("a"), [1]), (path("no/such/b"), [2])], replacing: false)
        }
        #expect(try names() == [])
    }
}
