import Cryptography
import Support
import Testing

/// The first four test vectors of BIP32: a seed, and for paths from its master key the extended keys as published. The third and fourth
/// are about zeros at the beginning of a secret key.
private let publishedVectors: [(seed: String, keys: [(path: String, secret: String, public: String)])] = [
    (
        "000102030405060708090a0b0c0d0e0f",
        [
            (
                "m",
                "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
                "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
            ),
            (
                "m/0'",
                "xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rGL5hj6KCesnDYUhd7oWgT11eZG7XnxHrnYeSvkzY7d2bhkJ7",
                "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw"
            ),
            (
                "m/0'/1",
                "xprv9wTYmMFdV23N2TdNG573QoEsfRrWKQgWeibmLntzniatZvR9BmLnvSxqu53Kw1UmYPxLgboyZQaXwTCg8MSY3H2EU4pWcQDnRnrVA1xe8fs",
                "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ"
            ),
            (
                "m/0'/1/2'",
                "xprv9z4pot5VBttmtdRTWfWQmoH1taj2axGVzFqSb8C9xaxKymcFzXBDptWmT7FwuEzG3ryjH4ktypQSAewRiNMjANTtpgP4mLTj34bhnZX7UiM",
                "xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5"
            ),
            (
                "m/0'/1/2'/2",
                "xprvA2JDeKCSNNZky6uBCviVfJSKyQ1mDYahRjijr5idH2WwLsEd4Hsb2Tyh8RfQMuPh7f7RtyzTtdrbdqqsunu5Mm3wDvUAKRHSC34sJ7in334",
                "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV"
            ),
            (
                "m/0'/1/2'/2/1000000000",
                "xprvA41z7zogVVwxVSgdKUHDy1SKmdb533PjDz7J6N6mV6uS3ze1ai8FHa8kmHScGpWmj4WggLyQjgPie1rFSruoUihUZREPSL39UNdE3BBDu76",
                "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy"
            ),
        ]
    ),
    (
        "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542",
        [
            (
                "m",
                "xprv9s21ZrQH143K31xYSDQpPDxsXRTUcvj2iNHm5NUtrGiGG5e2DtALGdso3pGz6ssrdK4PFmM8NSpSBHNqPqm55Qn3LqFtT2emdEXVYsCzC2U",
                "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB"
            ),
            (
                "m/0",
                "xprv9vHkqa6EV4sPZHYqZznhT2NPtPCjKuDKGY38FBWLvgaDx45zo9WQRUT3dKYnjwih2yJD9mkrocEZXo1ex8G81dwSM1fwqWpWkeS3v86pgKt",
                "xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH"
            ),
            (
                "m/0/2147483647'",
                "xprv9wSp6B7kry3Vj9m1zSnLvN3xH8RdsPP1Mh7fAaR7aRLcQMKTR2vidYEeEg2mUCTAwCd6vnxVrcjfy2kRgVsFawNzmjuHc2YmYRmagcEPdU9",
                "xpub6ASAVgeehLbnwdqV6UKMHVzgqAG8Gr6riv3Fxxpj8ksbH9ebxaEyBLZ85ySDhKiLDBrQSARLq1uNRts8RuJiHjaDMBU4Zn9h8LZNnBC5y4a"
            ),
            (
                "m/0/2147483647'/1",
                "xprv9zFnWC6h2cLgpmSA46vutJzBcfJ8yaJGg8cX1e5StJh45BBciYTRXSd25UEPVuesF9yog62tGAQtHjXajPPdbRCHuWS6T8XA2ECKADdw4Ef",
                "xpub6DF8uhdarytz3FWdA8TvFSvvAh8dP3283MY7p2V4SeE2wyWmG5mg5EwVvmdMVCQcoNJxGoWaU9DCWh89LojfZ537wTfunKau47EL2dhHKon"
            ),
            (
                "m/0/2147483647'/1/2147483646'",
                "xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMmrj4xJXXWYpDPS3xz7iAxn8L39njGVyuoseXzU6rcxFLJ8HFsTjSyQbLYnMpCqE2VbFWc",
                "xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL"
            ),
            (
                "m/0/2147483647'/1/2147483646'/2",
                "xprvA2nrNbFZABcdryreWet9Ea4LvTJcGsqrMzxHx98MMrotbir7yrKCEXw7nadnHM8Dq38EGfSh6dqA9QWTyefMLEcBYJUuekgW4BYPJcr9E7j",
                "xpub6FnCn6nSzZAw5Tw7cgR9bi15UV96gLZhjDstkXXxvCLsUXBGXPdSnLFbdpq8p9HmGsApME5hQTZ3emM2rnY5agb9rXpVGyy3bdW6EEgAtqt"
            ),
        ]
    ),
    (
        "4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4acba45d239319ac14f863b8d5ab5a0d0c64d2e8a1e7d1457df2e5a3c51c73235be",
        [
            (
                "m",
                "xprv9s21ZrQH143K25QhxbucbDDuQ4naNntJRi4KUfWT7xo4EKsHt2QJDu7KXp1A3u7Bi1j8ph3EGsZ9Xvz9dGuVrtHHs7pXeTzjuxBrCmmhgC6",
                "xpub661MyMwAqRbcEZVB4dScxMAdx6d4nFc9nvyvH3v4gJL378CSRZiYmhRoP7mBy6gSPSCYk6SzXPTf3ND1cZAceL7SfJ1Z3GC8vBgp2epUt13"
            ),
            (
                "m/0'",
                "xprv9uPDJpEQgRQfDcW7BkF7eTya6RPxXeJCqCJGHuCJ4GiRVLzkTXBAJMu2qaMWPrS7AANYqdq6vcBcBUdJCVVFceUvJFjaPdGZ2y9WACViL4L",
                "xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQrADWgqbhhTHBaohPX4CjNLf9fq9MYo6oDaPPLPxSb7gwQN3ih19Zm4Y"
            ),
        ]
    ),
    (
        "3ddd5602285899a946114506157c7997e5444528f3003f6134712147db19b678",
        [
            (
                "m",
                "xprv9s21ZrQH143K48vGoLGRPxgo2JNkJ3J3fqkirQC2zVdk5Dgd5w14S7fRDyHH4dWNHUgkvsvNDCkvAwcSHNAQwhwgNMgZhLtQC63zxwhQmRv",
                "xpub661MyMwAqRbcGczjuMoRm6dXaLDEhW1u34gKenbeYqAix21mdUKJyuyu5F1rzYGVxyL6tmgBUAEPrEz92mBXjByMRiJdba9wpnN37RLLAXa"
            ),
            (
                "m/0'",
                "xprv9vB7xEWwNp9kh1wQRfCCQMnZUEG21LpbR9NPCNN1dwhiZkjjeGRnaALmPXCX7SgjFTiCTT6bXes17boXtjq3xLpcDjzEuGLQBM5ohqkao9G",
                "xpub69AUMk3qDBi3uW1sXgjCmVjJ2G6WQoYSnNHyzkmdCHEhSZ4tBok37xfFEqHd2AddP56Tqp4o56AePAgCjYdvpW2PU2jbUPFKsav5ut6Ch1m"
            ),
            (
                "m/0'/1'",
                "xprv9xJocDuwtYCMNAo3Zw76WENQeAS6WGXQ55RCy7tDJ8oALr4FWkuVoHJeHVAcAqiZLE7Je3vZJHxspZdFHfnBEjHqU5hG1Jaj32dVoS6XLT1",
                "xpub6BJA1jSqiukeaesWfxe6sNK9CCGaujFFSJLomWHprUL9DePQ4JDkM5d88n49sMGJxrhpjazuXYWdMf17C9T5XnxkopaeS7jGk1GyyVziaMt"
            ),
        ]
    ),
]

@Suite struct ExtendedSecretKeyTests {
    private func master(_ seed: [UInt8]) throws(DerivationError) -> ExtendedSecretKey {
        try ExtendedSecretKey(seed: SecretBytes(copying: seed))
    }

    @Test(arguments: publishedVectors.indices) func derivesThePublishedKeys(_ vector: Int) throws {
        let (seed, keys) = publishedVectors[vector]
        let master = try master(try #require(Hexadecimal.decode(seed)))
        for (path, secretText, publicText) in keys {
            let path = try DerivationPath(path)
            let key = try master.derive(path)
            // Four bytes of version, depth, fingerprint of the parent (4), index (4), chain code (32), key (33), as BIP32 has it.
            let secret = try decodeBase58Check(secretText)
            let open = try decodeBase58Check(publicText)
            try #require(secret.count == 78 && open.count == 78)
            #expect(key.depth == Int(secret[4]))
            #expect(path.indices.last ?? 0 == secret[9..<13].reduce(0) { $0 << 8 | UInt32($1) })
            #expect(key.chainCode.bytes == Array(secret[13..<45]))
            #expect(key.publicKey.bytes == Array(open[45..<78]))
            // The secret key itself is not handed out: what it signs is compared with what the published one signs.
            let expected = try SecretKey(scheme: .ecdsa, secret: SecretBytes(copying: Array(secret[46..<78])))
            let derived = try key.secretKey(scheme: .ecdsa)
            #expect(derived.publicKey == expected.publicKey)
            #expect(derived.publicKey == key.publicKey)
            let message = SHA256.hash(Array(secretText.utf8))
            #expect(try derived.sign(message) == expected.sign(message))
            let schnorr = try key.secretKey(scheme: .bip340)
            #expect(schnorr.publicKey.coordinate == key.publicKey.coordinate)
            #expect(try schnorr.publicKey.parsed().verify(schnorr.sign(message), message: message) != nil)
        }
    }

    @Test func hardenedChildrenAreOthers() throws {
        let master = try master([UInt8](repeating: 7, count: 32))
        var publicKeys: Set<PublicKey> = [master.publicKey]
        for index: UInt32 in [0, 1, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_ffff] {
            let child = try master.child(index)
            #expect(child.depth == 1)
            publicKeys.insert(child.publicKey)
        }
        #expect(publicKeys.count == 7)
    }

    @Test func aPathIsItsStepsOneAfterAnother() throws {
        let master = try master([UInt8](repeating: 9, count: 16))
        let steps = try master.child(44 + DerivationPath.firstHardenedIndex).child(0).child(7)
        let path = try master.derive(DerivationPath("m/44'/0/7"))
        #expect(path.publicKey == steps.publicKey)
        #expect(path.chainCode == steps.chainCode)
        let rest = try master.derive(DerivationPath("m/44'")).derive(DerivationPath("m/0/7"))
        #expect(rest.publicKey == steps.publicKey)
        #expect(rest.depth == 3)
        let itself = try master.derive(DerivationPath("m"))
        #expect(itself.publicKey == master.publicKey)
        #expect(itself.chainCode == master.chainCode)
    }

    @Test func refusesSeedsOfOtherLengths() throws {
        for byteCount in [0, 1, 15, 65, 128] {
            #expect(throws: DerivationError.seedLength(byteCount: byteCount)) { _ = try master([UInt8](repeating: 1, count: byteCount)) }
        }
        for byteCount in 16...64 { _ = try master([UInt8](repeating: 1, count: byteCount)) }
    }

    /// No seed is known that leads there, so the keys are put together.
    @Test func refusesSecretKeysOutOfRange() throws {
        let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
        for secret in [String(repeating: "00", count: 32), order, String(repeating: "ff", count: 32)] {
            let material = try #require(Hexadecimal.decode(secret)) + [UInt8](repeating: 1, count: 32)
            #expect(throws: DerivationError.unusableKey) {
                _ = try ExtendedSecretKey(material: SecretBytes(copying: material), depth: 0)
            }
        }
    }

    @Test func refusesToGoDeeperThanAByteCounts() throws {
        let material = SecretBytes(copying: [UInt8](repeating: 1, count: 64))
        let key = try ExtendedSecretKey(material: material, depth: 254).child(0)
        #expect(key.depth == 255)
        var refusal: DerivationError?
        do throws(DerivationError) { _ = try key.child(0) } catch { refusal = error }
        #expect(refusal == .tooDeep)
    }

    @Test func errorsSayWhatToDo() {
        let derivation: [DerivationError] = [.seedLength(byteCount: 3), .tooDeep, .unusableKey]
        let path: [DerivationPathError] = [.tooLong(characterCount: 1_000), .noMaster, .tooManyLevels(17), .level(2)]
        for description in derivation.map(\.description) + path.map(\.description) { #expect(description.hasSuffix(".")) }
    }
}

@Suite struct DerivationPathTests {
    @Test func readsWhatItWrites() throws {
        let paths: [(String, [UInt32])] = [
            ("m", []), ("m/0", [0]), ("m/0'", [0x8000_0000]), ("m/44'/0'/7", [0x8000_002c, 0x8000_0000, 7]),
            ("m/2147483647'/2147483647/1", [0xffff_ffff, 0x7fff_ffff, 1]),
            ("m" + String(repeating: "/2147483647'", count: 16), [UInt32](repeating: .max, count: 16)),
        ]
        for (text, indices) in paths {
            let path = try DerivationPath(text)
            #expect(path.indices == indices)
            #expect(path.description == text)
            #expect(try DerivationPath(indices: indices) == path)
        }
    }

    @Test(arguments: ["", "M", "M/0", "0/1", "/0", " m/0", "m0", "mm/0", "n/0", "'", "m'", "m'/0"])
    func refusesPathsThatDoNotBeginAtTheMaster(_ text: String) {
        #expect(throws: DerivationPathError.noMaster) { try DerivationPath(text) }
    }

    @Test(arguments: [
        "m/", "m//0", "m/'", "m/00", "m/01", "m/00'", "m/+1", "m/-1", "m/1h", "m/1H", "m/1''", "m/'1", "m/ 1", "m/1 ", "m/1\n", "m/0x1",
        "m/2147483648", "m/2147483648'", "m/4294967296", "m/99999999999999999999", "m/1_0", "m/1’", "m/１", "m/m", "m/\0",
    ])
    func refusesLevelsThatAreNoNumbers(_ text: String) {
        #expect(throws: DerivationPathError.level(1)) { try DerivationPath(text) }
        #expect(throws: DerivationPathError.level(3)) { try DerivationPath("m/1/2'" + text.dropFirst()) }
    }

    @Test func refusesWhatIsTooLong() {
        #expect(throws: DerivationPathError.level(2)) { try DerivationPath("m/1/") }
        #expect(throws: DerivationPathError.tooManyLevels(17)) { try DerivationPath("m" + String(repeating: "/0", count: 17)) }
        #expect(throws: DerivationPathError.tooManyLevels(17)) { try DerivationPath(indices: [UInt32](repeating: 0, count: 17)) }
        let long = "m" + String(repeating: "/0", count: 97)
        #expect(throws: DerivationPathError.tooLong(characterCount: 195)) { try DerivationPath(long) }
    }
}

/// The bytes of a text in base 58, whose last four bytes are a checksum over the others. It also shows that the vectors were copied well.
private func decodeBase58Check(_ text: String) throws -> [UInt8] {
    let alphabet = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)
    var bytes = [UInt8](repeating: 0, count: 82)
    for character in text.utf8 {
        var carry = try #require(alphabet.firstIndex(of: character))
        for index in bytes.indices.reversed() {
            carry += 58 * Int(bytes[index])
            bytes[index] = UInt8(carry & 0xff)
            carry >>= 8
        }
        try #require(carry == 0)
    }
    let content = Array(bytes.dropLast(4))
    try #require(Array(bytes.suffix(4)) == Array(SHA256.hash(SHA256.hash(content).bytes).bytes.prefix(4)))
    return content
}

/// After keys were derived and signed with, nothing is left of the seed nor of what they were made of.
@Suite(.enabled(if: MemorySearch.isPossible, "under a sanitizer there are terabytes of memory to search"))
struct DerivationCopiesTests {
    @Test func derivingLeavesNoCopyBehind() async {
        await #expect(processExitsWith: .success) {
            var search = try MemorySearch()
            try deriveKeys(&search)
            try #require(try search.count() == 0)
        }
    }
}

private func deriveKeys(_ search: inout MemorySearch) throws {
    let seed = SecretBytes(randomCount: 64)
    search.look(for: seed)
    let path = try DerivationPath("m/44'/0/7")
    let fromSeed = try ExtendedSecretKey(seed: seed).derive(path)
    // Its chain code is handed out on request and then no secret; the secret key is the first half.
    let material = SecretBytes(randomCount: 64)
    let secret = material.withBytes { SecretBytes(copying: $0.extracting(0..<32)) }
    search.look(for: material)
    search.look(for: secret)
    let fromParts = try ExtendedSecretKey(material: material, depth: 0)
    let child = try fromParts.derive(path)
    let message = SHA256.hash([1])
    for scheme in SignatureScheme.allCases {
        _ = try fromSeed.secretKey(scheme: scheme).sign(message)
        _ = try fromParts.secretKey(scheme: scheme).sign(message)
        _ = try child.secretKey(scheme: scheme).sign(message)
    }
}
