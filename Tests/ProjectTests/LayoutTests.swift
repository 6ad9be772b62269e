import Foundation
import Support
import Testing

/// The rules of the code's layout (`docs/ARCHITECTURE.md`), checked on the sources themselves.
struct LayoutTests {
    /// What each module may import of the project. A module that is not here may not exist.
    static let allowedImports: [String: Set<String>] = [
        "Sources/Cryptography": ["CGfshare", "CLinux", "CPKCS11", "CSecp256k1", "CSodium", "COpenSSL"],
        "Sources/Ledger": ["Cryptography"],
        "Sources/Verifier": ["Cryptography", "Ledger"],
        "Sources/Store": ["Cryptography", "Ledger", "CLMDB"],
        "Sources/Custody": ["Cryptography", "Ledger"],
        "Sources/Client": ["Cryptography", "Ledger"],
        "Sources/Node": ["Cryptography", "Ledger", "Verifier"],
        "Sources/cofferd": ["Cryptography", "Ledger", "Verifier", "Store", "Custody", "Node", "Client"],
        "tools/coffer": ["Cryptography", "Ledger", "Custody", "Client"],
        "tools/coffer-verify": ["Cryptography", "Ledger", "Verifier", "Custody"],
        "tools/coffer-witness": ["Cryptography", "Ledger", "Custody"],
        "tools/coffer-signer": ["Cryptography", "Ledger", "Custody"],
        "tools/coffer-crash": ["Cryptography", "Ledger", "Verifier", "Store", "Node"],
        "tools/coffer-bench": ["Cryptography", "Ledger", "Verifier", "Store", "Custody", "Client"],
    ]

    static let ours: Set<String> = [
        "CGfshare", "CLinux", "CPKCS11", "CSecp256k1", "CSodium", "COpenSSL", "CLMDB", "Cryptography", "Ledger", "Verifier", "Store",
        "Custody", "Client", "Node",
        "cofferd",
    ]

    static let modules = allowedImports.keys.sorted()

    @Test(arguments: modules)
    func importsRunOneWay(module: String) throws {
        let allowed = try #require(Self.allowedImports[module])
        for file in try SourceFile.all(under: module) {
            let forbidden = file.imports.intersection(Self.ours).subtracting(allowed)
            #expect(forbidden.isEmpty, "\(file.path) imports \(forbidden.sorted())")
        }
    }

    @Test func everyModuleIsKnown() throws {
        for folder in ["Sources", "tools"] {
            for file in try SourceFile.all(under: folder) {
                let module = file.path.split(separator: "/").prefix(2).joined(separator: "/")
                #expect(Self.allowedImports[module] != nil, "\(file.path) is in no known module")
            }
        }
    }

    @Test func ledgerIsPure() throws {
        for file in try SourceFile.all(under: "Sources/Ledger") {
            #expect(file.imports.isSubset(of: ["Cryptography"]), "\(file.path) imports \(file.imports.sorted())")
        }
    }

    @Test(arguments: modules)
    func unsafeStaysInItsPlace(module: String) throws {
        guard module != "Sources/Cryptography", module != "Sources/Store" else { return }
        for file in try SourceFile.all(under: module) {
            #expect(!file.words.contains("unsafe"), "\(file.path) uses unsafe")
        }
    }

    @Test(arguments: modules)
    func errorsAreNotSwallowed(module: String) throws {
        for file in try SourceFile.all(under: module) {
            #expect(!file.text.contains("try?"), "\(file.path) swallows an error with try?")
            #expect(!file.text.contains("try!"), "\(file.path) traps on an error with try!")
            #expect(!file.text.contains("as!"), "\(file.path) traps on a cast with as!")
        }
    }

    @Test(arguments: ["Sources", "tools"])
    func filesAreShort(folder: String) throws {
        for file in try SourceFile.all(under: folder) {
            #expect(file.lineCount <= 400, "\(file.path) has \(file.lineCount) lines")
        }
    }

    @Test(arguments: ["Sources/Ledger", "Sources/Verifier"])
    func nothingAgreedDependsOnFloatingPointOrTime(folder: String) throws {
        for file in try SourceFile.all(under: folder) where !file.path.hasPrefix("Sources/Verifier/Threads/") {
            for word in ["Double", "Float", "Date", "SystemRandomNumberGenerator", "ContinuousClock"] {
                #expect(!file.words.contains(word), "\(file.path) uses \(word)")
            }
        }
    }
}

/// A Swift file of the project and what the rules look at.
private struct SourceFile {
    /// Relative to the project's root.
    let path: String
    let text: String

    static func all(under folder: String) throws -> [SourceFile] {
        let root = ProjectFiles.root
        let start = root.appending(path: folder)
        guard let walk = FileManager.default.enumerator(at: start, includingPropertiesForKeys: nil) else { return [] }
        let files = walk.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
        #expect(!files.isEmpty, "\(folder) has Swift files")
        return try files.map { file in
            SourceFile(
                path: String(file.path(percentEncoded: false).dropFirst(root.path(percentEncoded: false).count))
                    .trimmingPrefix("/").description,
                text: try String(contentsOf: file, encoding: .utf8))
        }
    }

    var lineCount: Int { text.split(separator: "\n", omittingEmptySubsequences: false).count - 1 }

    /// The modules imported, whatever the access level or the declaration picked.
    var imports: Set<String> {
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        return Set(
            text.split(separator: "\n").compactMap { line in
                var words = line.split(separator: " ")[...]
                while let first = words.first, first.hasPrefix("@") || ["public", "package", "internal", "private"].contains(first) {
                    words.removeFirst()
                }
                guard words.popFirst() == "import" else { return nil }
                if let kind = words.first, kinds.contains(kind) { words.removeFirst() }
                return words.first?.split(separator: ".").first.map(String.init)
            })
    }

    /// The identifiers outside comments.
    var words: Set<String> {
        let code = text.split(separator: "\n").map { line in
            line.range(of: "//").map { line[..<$0.lowerBound] } ?? line
        }
        return Set(code.flatMap { $0.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init) })
    }
}
