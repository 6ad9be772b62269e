import Foundation
import Testing

@testable import Store

@Suite struct StoreErrorTests {
    @Test func codesMapToWhatACallerCanDo() {
        let cases: [(Int32, Activity, StoreError)] = [
            (-30792, .write, .mapFull(limitBytes: 1 << 40)),
            (-30788, .commit, .transactionTooLarge),
            (-30790, .beginRead, .readersFull(limit: 256)),
            (-30791, .openDatabase, .databasesFull(limit: 64)),
            (-30795, .beginWrite, .outcomeUnknown(operation: "begin of a write transaction", code: -30795)),
            (EACCES, .open, .permission(path: "/", code: EACCES)),
            (EROFS, .open, .permission(path: "/", code: EROFS)),
            (ENOENT, .open, .notFound(path: "/")),
            (EIO, .read, .io(code: EIO, operation: "read")),
            (-30782, .write, .io(code: -30782, operation: "write")),
        ]
        for (code, activity, expected) in cases {
            #expect(StoreError(code: code, during: activity, directory: "/") == expected)
        }
        for code in [ENOSPC, EDQUOT, EFBIG, EIO] {
            guard case .diskFull(_, code, _?) = StoreError(code: code, during: .commit, directory: "/") else {
                Issue.record("code \(code) is not read as a full disk")
                continue
            }
        }
        for code in [-30796, -30797, -30793, -30794] as [Int32] {
            guard case .damaged = StoreError(code: code, during: .read, directory: "/") else {
                Issue.record("code \(code) is not read as damage")
                continue
            }
        }
    }

    @Test func everyDescriptionIsSentencesWithTheFacts() {
        let errors: [(StoreError, String)] = [
            (.diskFull(operation: "commit", code: ENOSPC, freeBytes: 12), "12 bytes"),
            (.diskFull(operation: "commit", code: EIO, freeBytes: nil), "errno 5"),
            (.mapFull(limitBytes: 4096), "4096"), (.transactionTooLarge, "smaller"), (.damaged("page 7"), "page 7"),
            (.outcomeUnknown(operation: "commit", code: -30795), "-30795"), (.inUse(path: "/a"), "/a"),
            (.permission(path: "/b", code: EACCES), "Permission denied"), (.notFound(path: "/c"), "/c"), (.readersFull(limit: 3), "3"),
            (.databasesFull(limit: 4), "4"), (.databaseNotVisible(name: "accounts"), "accounts"),
            (.closed, "closed"), (.io(code: EIO, operation: "read"), "read"),
        ]
        for (error, fact) in errors {
            #expect(error.description.contains(fact), "\(error)")
            #expect(error.description.hasSuffix("."), "\(error)")
            #expect(error.description.split(separator: ". ").count >= 2 || error.description.contains(", so"), "\(error)")
        }
    }
}
