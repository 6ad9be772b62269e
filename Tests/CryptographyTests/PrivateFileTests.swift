import Cryptography
import Foundation
import Support
import Testing

@Suite struct PrivateFileTests {
    /// A fresh folder that ends with the test.
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "coffer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        try body(folder)
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func setMode(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test func whatIsWrittenIsReadAndPrivate() throws {
        try withFolder { folder in
            let path = folder.appending(path: "secret").path
            try PrivateFile.create(path, [1, 2, 3].span)
            #expect(try mode(path) == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["secret"])
            let contents = try PrivateFile.read(path, maximumByteCount: 3)
            #expect(contents.bytes.isEqual(to: SecretBytes(copying: [1, 2, 3])) == true)
            #expect(contents.isOwned && contents.mode == 0o600)
            try contents.requirePrivate()
        }
    }

    @Test func nothingIsEverReplaced() throws {
        try withFolder { folder in
            let path = folder.appending(path: "secret").path
            try PrivateFile.create(path, [1].span)
            #expect(throws: PrivateFileError.alreadyExists(path: path)) { try PrivateFile.create(path, [2].span) }
            #expect(try Data(contentsOf: folder.appending(path: "secret")) == Data([1]))
            let link = folder.appending(path: "link").path
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "nowhere")
            #expect(throws: PrivateFileError.alreadyExists(path: link)) { try PrivateFile.create(link, [2].span) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["link", "secret"])
        }
    }

    @Test func onlySmallRegularFilesAreRead() throws {
        try withFolder { folder in
            let path = folder.appending(path: "secret").path
            try PrivateFile.create(path, [1, 2, 3, 4].span)
            #expect(throws: PrivateFileError.tooLarge(path: path, maximumByteCount: 3)) {
                _ = try PrivateFile.read(path, maximumByteCount: 3).mode
            }
            #expect(throws: PrivateFileError.notRegular(path: folder.path)) {
                _ = try PrivateFile.read(folder.path, maximumByteCount: 3).mode
            }
            #expect(throws: PrivateFileError.notRegular(path: "/dev/zero")) {
                _ = try PrivateFile.read("/dev/zero", maximumByteCount: 3).mode
            }
            let missing = folder.appending(path: "missing").path
            #expect(throws: PrivateFileError.system("open", path: missing, code: 2)) {
                _ = try PrivateFile.read(missing, maximumByteCount: 3).mode
            }
            let deep = folder.appending(path: "no/such/folder").path
            #expect(throws: PrivateFileError.self) { try PrivateFile.create(deep, [1].span) }
        }
    }

    @Test func anyAccessOfOthersIsRefused() throws {
        try withFolder { folder in
            let path = folder.appending(path: "secret").path
            try PrivateFile.create(path, [1].span)
            for bit in 0..<6 {
                let open = 0o600 | 1 << bit
                try setMode(open, path)
                let contents = try PrivateFile.read(path, maximumByteCount: 1)
                let error = #expect(throws: PrivateFileError.self) { try contents.requirePrivate() }
                #expect(error == .accessibleToOthers(path: path, mode: UInt32(open)))
            }
            for closed in [0o400, 0o600, 0o700] {
                try setMode(closed, path)
                try PrivateFile.read(path, maximumByteCount: 1).requirePrivate()
            }
        }
    }

    @Test func aFileOfAnotherUserIsRefused() throws {
        try withFolder { folder in
            // The superuser can give a file away; anyone else has the superuser's files to look at.
            var path = "/etc/passwd"
            if NSUserName() == "root" {
                path = folder.appending(path: "secret").path
                try PrivateFile.create(path, [1].span)
                try FileManager.default.setAttributes([.ownerAccountID: 12_345], ofItemAtPath: path)
            }
            let contents = try PrivateFile.read(path, maximumByteCount: 1 << 20)
            #expect(contents.isOwned == false)
            let error = #expect(throws: PrivateFileError.self) { try contents.requirePrivate() }
            #expect(error == .notOwned(path: path))
        }
    }
}

@Suite struct DurableFileTests {
    @Test func aFileIsReplacedWholeAndStaysPrivate() throws {
        let folder = try TemporaryDirectory()
        let path = folder.url.appending(path: "state").path
        for text in ["first", "a second, longer one", ""] {
            try PrivateFile.replace(path, Array(text.utf8).span)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["state"])
    }

    /// What a process that was killed while it replaced the file left is in nobody's way.
    @Test func aLeftoverIsReplaced() throws {
        let folder = try TemporaryDirectory()
        let path = folder.url.appending(path: "state").path
        try PrivateFile.replace(path, Array("old".utf8).span)
        try Data("half of the n".utf8).write(to: URL(filePath: "\(path).part"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
        try PrivateFile.replace(path, Array("new".utf8).span)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["state"])
    }

    @Test func whereNothingCanBeWrittenTheFileStaysAsItWas() throws {
        let folder = try TemporaryDirectory()
        let path = folder.url.appending(path: "state").path
        #expect(throws: PrivateFileError.self) { try PrivateFile.replace("\(path)/none", Array("new".utf8).span) }
        // A directory cannot be replaced by a file.
        try FileManager.default.createDirectory(atPath: "\(path)/kept", withIntermediateDirectories: true)
        #expect(throws: PrivateFileError.self) { try PrivateFile.replace(path, Array("new".utf8).span) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["state"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["kept"])
    }

    @Test func aLockIsHeldByOneAtATime() throws {
        let folder = try TemporaryDirectory()
        let path = folder.url.appending(path: "LOCK").path
        do {
            let lock = try FileLock(path)
            #expect(throws: PrivateFileError.locked(path: path)) { try FileLock(path) }
            withExtendedLifetime(lock) {}
        }
        _ = try FileLock(path)
        #expect(throws: PrivateFileError.self) { try FileLock("\(path)/none") }
    }
}
