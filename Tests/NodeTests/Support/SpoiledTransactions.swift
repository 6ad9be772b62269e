import Cryptography
import Ledger

/// The same content with a last signature that is not valid.
func spoilingSignature(of transaction: SignedTransaction) throws -> SignedTransaction {
    var signatures = Array(transaction.signatures)
    let last = signatures.removeLast()
    var bytes = last.signature.bytes
    bytes[31] ^= 1
    guard let signature = Bytes64(bytes) else { preconditionFailure("64 bytes stay 64") }
    signatures.append(TransactionSignature(account: last.account, key: last.key, scheme: last.scheme, signature: signature))
    return try SignedTransaction(transaction.content, signatures: signatures)
}
