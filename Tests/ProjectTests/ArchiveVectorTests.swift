import Cryptography
import Ledger
import Support
import Testing

/// Lists of archives, as another implementation reads and refuses them.
@Suite("Lists of archives")
struct ArchiveVectorTests {
    private struct Vectors: Decodable {
        struct Archive: Decodable {
            let segment: UInt64
            let firstHeight: UInt64
            let lastHeight: UInt64
            let byteCount: UInt64
            let sha256: String
        }

        struct Valid: Decodable {
            let name: String
            let text: String
            let network: String
            let archives: [Archive]
        }

        struct Refused: Decodable {
            let name: String
            let text: String
            let error: String
        }

        let valid: [Valid]
        let refused: [Refused]
    }

    @Test("every list says what is published, and reads back to itself")
    func valid() throws {
        for list in try VectorFile.cases("archive", as: Vectors.self).valid {
            let manifest = try ArchiveManifest(json: Array(list.text.utf8))
            #expect(manifest.network.hex == list.network && manifest.archives.count == list.archives.count)
            for (archive, expected) in zip(manifest.archives, list.archives) {
                #expect(archive.number == expected.segment && archive.digest.hex == expected.sha256, "\(list.name)")
                #expect(archive.firstHeight == expected.firstHeight && archive.lastHeight == expected.lastHeight)
                #expect(archive.byteCount == expected.byteCount)
                #expect(manifest.archive(of: expected.lastHeight) == archive)
            }
            #expect(manifest.archive(of: 0) == nil && manifest.archive(of: .max) == nil)
            #expect(try ArchiveManifest(json: manifest.json().bytes()) == manifest)
        }
    }

    @Test("every bad list is refused with its code")
    func refused() throws {
        let cases = try VectorFile.cases("archive", as: Vectors.self).refused
        #expect(cases.count >= 10)
        for list in cases {
            let error = #expect(throws: JSONError.self, "\(list.name)") { try ArchiveManifest(json: Array(list.text.utf8)) }
            #expect(error?.code.rawValue == list.error, "\(list.name)")
        }
    }
}
