import Ledger

/// A list of archives says the same when it is written and read again, and finds the archive of each height that it has.
@Sendable func readArchives(_ bytes: [UInt8]) {
    do throws(JSONError) {
        let manifest = try ArchiveManifest(json: bytes)
        let again: ArchiveManifest
        do throws(JSONError) {
            again = try ArchiveManifest(json: manifest.json().bytes())
        } catch {
            preconditionFailure("what was written is not read: \(error)")
        }
        precondition(again == manifest, "what was written is read as it was")
        var next: UInt64 = 1
        for archive in manifest.archives {
            precondition(archive.firstHeight == next && archive.lastHeight >= next, "a list has no gap")
            precondition(manifest.archive(of: archive.firstHeight) == archive && manifest.archive(of: archive.lastHeight) == archive)
            precondition(manifest.archive(numbered: archive.number) == archive, "an archive has its number")
            next = archive.lastHeight + 1
        }
        precondition(manifest.archive(of: 0) == nil && manifest.archive(of: next) == nil, "no archive is of other heights")
    } catch {
        precondition(!error.description.isEmpty, "an error says what is wrong")
    }
}
