import Cryptography
import Foundation
import Testing

@Suite(.enabled(if: Vectors.publishedAreThere, "the published vectors are not beside the project"))
struct SignatureVectorTests {
    struct SchnorrRow {
        let index: Int
        let secret, publicKey, auxiliary, message, signature: [UInt8]
        let isValid: Bool

        init(_ line: Substring) throws {
            let columns = line.split(separator: ",", maxSplits: 7, omittingEmptySubsequences: false)
            let bytes = try columns[1...5].map { try HexadecimalBytes(String($0)).bytes }
            index = try #require(Int(columns[0]))
            (secret, publicKey, auxiliary, message, signature) = (bytes[0], bytes[1], bytes[2], bytes[3], bytes[4])
            isValid = columns[6] == "TRUE"
        }
    }

    private func schnorrRows() throws -> [SchnorrRow] {
        let text = String(decoding: try Vectors.published("bip-0340.csv"), as: UTF8.self)
        return try text.split(whereSeparator: \.isNewline).dropFirst().map { try SchnorrRow($0) }
    }

    @Test func verifyEveryRowOfBIP340() throws {
        let rows = try schnorrRows()
        #expect(rows.count == 19)
        for row in rows {
            let key = try PublicKey(scheme: .bip340, bytes: row.publicKey)
            let signature = try #require(Bytes64(row.signature))
            // Rows 5 and 14 have keys that are not on the curve.
            guard ![5, 14].contains(row.index) else {
                #expect(throws: KeyError.notOnCurve(key)) { try key.parsed() }
                #expect(!row.isValid)
                let message = try #require(Bytes32(row.message))
                #expect(SignatureCheck(key: key, message: message, signature: signature).verify() == nil)
                continue
            }
            let parsed = try key.parsed()
            #expect(parsed.isSchnorrSignature(signature, of: row.message.span) == row.isValid, "row \(row.index)")
            if let message = Bytes32(row.message) {
                let proof = parsed.verify(signature, message: message)
                #expect((proof != nil) == row.isValid, "row \(row.index)")
                #expect(proof == nil || (proof?.key == key && proof?.message == message))
                #expect(SignatureCheck(key: key, message: message, signature: signature).verify() == proof)
            }
        }
    }

    @Test func signEveryRowOfBIP340() throws {
        let rows = try schnorrRows().filter { !$0.secret.isEmpty }
        #expect(rows.count == 8)
        for row in rows {
            let key = try SecretKey(scheme: .bip340, secret: SecretBytes(copying: row.secret))
            let auxiliary = try #require(Bytes32(row.auxiliary))
            #expect(key.publicKey.bytes == row.publicKey, "row \(row.index)")
            #expect(key.signSchnorr(row.message.span, auxiliary)?.bytes == row.signature, "row \(row.index)")
            if let message = Bytes32(row.message) {
                #expect(try key.sign(message, auxiliary: auxiliary).bytes == row.signature, "row \(row.index)")
            }
        }
    }

    struct ECDSAGroup: Decodable {
        struct Key: Decodable { let uncompressed: HexadecimalBytes }
        struct Case: Decodable {
            let tcId: Int
            let msg, sig: HexadecimalBytes
            let result: String
        }
        let publicKey: Key
        let tests: [Case]

        /// 02 or 03 for an even or odd y, then x.
        var compressed: [UInt8] {
            let bytes = publicKey.uncompressed.bytes
            return [bytes[64] & 1 == 0 ? 2 : 3] + bytes[1...32]
        }
    }

    /// Ours is the stricter rule: of the valid signatures exactly those with a high S are refused, and because of it.
    @Test func verifyEveryCaseOfECDSA() throws {
        let file = try Wycheproof<ECDSAGroup>("wycheproof-ecdsa-secp256k1-p1363.json")
        var (checked, accepted, refusedForHighS) = (0, 0, 0)
        for group in file.testGroups {
            let key = try PublicKey(scheme: .ecdsa, bytes: group.compressed)
            let parsed = try key.parsed()
            for test in group.tests {
                checked += 1
                guard let signature = Bytes64(test.sig.bytes) else {
                    #expect(test.result == "invalid", "case \(test.tcId)")
                    continue
                }
                let message = SHA256.hash(test.msg.bytes)
                let isAccepted = parsed.verify(signature, message: message) != nil
                #expect(isAccepted == (test.result == "valid" && signature.isLowS), "case \(test.tcId)")
                #expect(SignatureScheme.ecdsa.admits(signature) == signature.isLowS)
                if isAccepted { accepted += 1 }
                if test.result == "valid" && !signature.isLowS {
                    refusedForHighS += 1
                    // The same signature with the S that is canonical is good: nothing but the high S was wrong with it.
                    let canonical = try #require(Bytes64(signature.bytes[..<32] + negated(signature.bytes[32...])))
                    #expect(parsed.verify(canonical, message: message) != nil, "case \(test.tcId)")
                }
            }
        }
        #expect(checked == file.numberOfTests && checked == 252)
        #expect(accepted == 95 && refusedForHighS == 72)
    }

    struct EdDSAGroup: Decodable {
        struct Key: Decodable { let pk: HexadecimalBytes }
        struct Case: Decodable {
            let tcId: Int
            let msg, sig: HexadecimalBytes
            let result: String
        }
        let publicKey: Key
        let tests: [Case]
    }

    @Test func verifyEveryCaseOfEd25519() throws {
        let file = try Wycheproof<EdDSAGroup>("wycheproof-ed25519.json")
        var checked = 0
        for group in file.testGroups {
            let key = Ed25519PublicKey(bytes: try #require(Bytes32(group.publicKey.pk.bytes)))
            for test in group.tests {
                checked += 1
                let isAccepted = Bytes64(test.sig.bytes).map { key.verify($0, message: test.msg.bytes) } ?? false
                #expect(isAccepted == (test.result == "valid"), "case \(test.tcId)")
            }
        }
        #expect(checked == file.numberOfTests && checked == 151)
    }
}

/// The group order of secp256k1 minus a big-endian number below it.
func negated(_ number: some Collection<UInt8>) -> [UInt8] {
    let order = Hexadecimal.decode("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141") ?? []
    var borrow = 0
    var result: [UInt8] = []
    for (top, bottom) in zip(order.reversed(), Array(number).reversed()) {
        let difference = Int(top) - Int(bottom) - borrow
        borrow = difference < 0 ? 1 : 0
        result.append(UInt8(truncatingIfNeeded: difference))
    }
    return result.reversed()
}
