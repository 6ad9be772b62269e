import Cryptography

/// The tagged hashes of `docs/spec/encoding.md` section 2, one constant per tag.
enum Tag {
    static let network = TaggedHash(tag: "coffer/network/v1")
    static let institution = TaggedHash(tag: "coffer/institution/v1")
    static let liability = TaggedHash(tag: "coffer/liability/v1")
    static let account = TaggedHash(tag: "coffer/account/v1")
    static let possession = TaggedHash(tag: "coffer/possession/v1")
    static let memo = TaggedHash(tag: "coffer/memo/v1")
    static let transaction = TaggedHash(tag: "coffer/transaction/v1")
    static let signature = TaggedHash(tag: "coffer/signature/v1")
    static let entry = TaggedHash(tag: "coffer/entry/v1")
    static let block = TaggedHash(tag: "coffer/block/v1")
    static let attestation = TaggedHash(tag: "coffer/attestation/v1")
}
