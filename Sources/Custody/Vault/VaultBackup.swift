internal import Cryptography
public import Ledger

/// A backup of a vault's directory in one file (`docs/spec/custody-keys.md` section 4): the vault as it is, sealed; then the log and the
/// record of headers, encrypted under the vault's root secret.
public struct VaultBackup: Sendable {
    private static let magic = Array("coffer vault backup v1\n".utf8)
    private static let pieceByteCount = 1_048_576
    private static let overheadByteCount = XChaCha20Poly1305.nonceByteCount + XChaCha20Poly1305.tagByteCount

    private let path: String
    private let vault: VaultFile
    /// Where the encrypted pieces begin.
    private let start: Int

    public var sealing: VaultSealing { vault.sealing }

    /// Reads the beginning of a backup: the sealed vault.
    public init(reading path: String, network: NetworkID) throws(VaultError) {
        self.path = path
        let file = try Self.filing { () throws(PrivateFileError) in try RandomAccessFile(path, creating: false) }
        let header = try Self.filing { () throws(PrivateFileError) in try file.read(Self.magic.count + 4, at: 0) }
        guard header.count == Self.magic.count + 4, header.starts(with: Self.magic) else {
            throw .backup("\(path) is no backup of a vault. Check the path.")
        }
        let count = header[Self.magic.count...].reduce(0) { $0 << 8 | Int($1) }
        guard count <= VaultFile.maximumByteCount else {
            throw .backup("\(path) is damaged: its vault has \(count) bytes. Take another backup.")
        }
        start = header.count + count
        vault = try VaultFile(decoding: try Self.filing { () throws(PrivateFileError) in try file.read(count, at: header.count) })
        guard vault.network == network else { throw .wrongNetwork(vault.network) }
    }

    fileprivate static func filing<Value>(_ body: () throws(PrivateFileError) -> Value) throws(VaultError) -> Value {
        do throws(PrivateFileError) {
            return try body()
        } catch {
            throw .file(error)
        }
    }

    /// Each piece says which it is, of which file, and whether it is the file's last.
    fileprivate static func data(_ file: UInt8, _ number: UInt64, isLast: Bool) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 64)
        writer.write(bytes: magic)
        writer.write(file)
        writer.write(number)
        writer.write(isLast ? 1 as UInt8 : 0)
        return writer.bytes
    }

    /// Writes a backup; returns how many bytes it has.
    fileprivate static func write(_ path: String, _ vault: VaultFile, _ root: borrowing SecretBytes, _ sources: [PieceSource])
        throws(VaultError) -> Int
    {
        guard PrivateFile.presence(at: path) == .nothing else { throw .file(.alreadyExists(path: path)) }
        // Under another name until it is whole.
        let temporary = "\(path).part"
        let output = try filing { () throws(PrivateFileError) in
            let output = try RandomAccessFile(temporary, creating: true)
            try output.truncate(to: 0)
            return output
        }
        var writer = ByteWriter(reservingCapacity: 4_096)
        writer.write(bytes: magic)
        let vaultBytes = vault.bytes
        writer.write(UInt32(vaultBytes.count))
        writer.write(bytes: vaultBytes)
        var offset = writer.count
        try filing { () throws(PrivateFileError) in try output.write(writer.span, at: 0) }
        for (number, source) in sources.enumerated() {
            var done = 0
            var piece: UInt64 = 0
            repeat {
                let count = min(pieceByteCount, source.byteCount - done)
                let plain = try filing { () throws(PrivateFileError) in try source.file.read(count, at: done) }
                guard plain.count == count else { throw .backup("The vault's files changed while they were copied. Try again.") }
                done += count
                let nonce = Randomness.bytes(XChaCha20Poly1305.nonceByteCount)
                let sealed = try VaultFile.seal(
                    SecretBytes(copying: plain), data(UInt8(number), piece, isLast: done == source.byteCount), nonce, root)
                let bytes = nonce + sealed
                try filing { () throws(PrivateFileError) in try output.write(bytes.span, at: offset) }
                offset += bytes.count
                piece += 1
            } while done < source.byteCount
        }
        try filing { () throws(PrivateFileError) in
            try output.synchronize()
            try PrivateFile.name(temporary, to: path)
        }
        return offset
    }

    /// Makes a vault of the backup where none is, and replays its log as a stranger does.
    public func restore(to paths: VaultPaths, chainspec: Chainspec, key: borrowing VaultKey) throws(VaultError) -> CustodyState {
        let root = try vault.openRoot(key: key.secret)
        for path in [paths.vault, paths.log, paths.guardian] {
            guard PrivateFile.presence(at: path) == .nothing else { throw .file(.alreadyExists(path: path)) }
        }
        let input = try Self.filing { () throws(PrivateFileError) in try RandomAccessFile(path, creating: false) }
        let end = try Self.filing { () throws(PrivateFileError) in try input.byteCount() }
        var offset = start
        for (number, target) in [paths.log, paths.guardian].enumerated() {
            let output = try Self.filing { () throws(PrivateFileError) in try RandomAccessFile(target, creating: true) }
            try restore(UInt8(number), input, &offset, end, to: output, root)
        }
        guard offset == end else { throw .backup("The backup has bytes after its end. Take another one.") }
        let state = try Self.replay(paths, chainspec)
        // Last: where there is a vault, there is all that it needs.
        try Self.filing { () throws(PrivateFileError) in try PrivateFile.create(paths.vault, vault.bytes.span) }
        return state
    }

    private func restore(
        _ number: UInt8, _ input: RandomAccessFile, _ offset: inout Int, _ end: Int, to output: RandomAccessFile,
        _ root: borrowing SecretBytes
    ) throws(VaultError) {
        var piece: UInt64 = 0
        var written = 0
        while true {
            // All but a file's last piece are full, so which one this is shows in whether it opens as that.
            let (plain, isLast, count) = try open(number, piece, input, offset, end, root)
            offset += count
            try Self.filing { () throws(PrivateFileError) in try output.write(plain.span, at: written) }
            written += plain.count
            piece += 1
            if isLast { break }
        }
        try Self.filing { () throws(PrivateFileError) in try output.synchronize() }
    }

    private func open(
        _ number: UInt8, _ piece: UInt64, _ input: RandomAccessFile, _ offset: Int, _ end: Int, _ root: borrowing SecretBytes
    ) throws(VaultError) -> (plain: [UInt8], isLast: Bool, count: Int) {
        // The record of headers is the last file, and short.
        let guardCount = HeaderGuard.fileByteCount + Self.overheadByteCount
        let full = Self.pieceByteCount + Self.overheadByteCount
        let lastCount = number == 0 ? end - guardCount - offset : end - offset
        for (count, isLast) in [(full, false), (lastCount, true)]
        where count >= Self.overheadByteCount && count <= full && offset + count <= end {
            let bytes = try Self.filing { () throws(PrivateFileError) in try input.read(count, at: offset) }
            let nonce = Array(bytes.prefix(XChaCha20Poly1305.nonceByteCount))
            do throws(EncryptionError) {
                let plain = try XChaCha20Poly1305.open(
                    Array(bytes.dropFirst(nonce.count)), associatedData: Self.data(number, piece, isLast: isLast), nonce: nonce, key: root)
                return ([UInt8](copying: plain.span), isLast, count)
            } catch {
                continue
            }
        }
        throw .backup("The backup is damaged or was cut. Take another one.")
    }

    private static func replay(_ paths: VaultPaths, _ chainspec: Chainspec) throws(VaultError) -> CustodyState {
        var state = CustodyState(chainspec)
        do throws(CustodyStoreError) {
            _ = try SigningLog.open(paths.log) { record, bytes throws(LogFault) in
                try state.apply(record, bytes: bytes, checking: true)
            }
        } catch {
            throw .store(error)
        }
        return state
    }
}

/// A file of a vault, as far as it is to be in the backup.
private struct PieceSource {
    let file: RandomAccessFile
    let byteCount: Int
}

extension UnsealedVault {
    /// Writes a backup, also while a signer serves the vault: of the log, the whole records that there are now. Returns its size in bytes.
    public borrowing func backUp(to path: String) throws(VaultError) -> Int {
        let log = try VaultBackup.filing { () throws(PrivateFileError) in try RandomAccessFile(paths.log, creating: false) }
        let headers = try VaultBackup.filing { () throws(PrivateFileError) in try RandomAccessFile(paths.guardian, creating: false) }
        let logEnd: Int
        do throws(CustodyStoreError) {
            logEnd = try SigningLog.end(of: log)
        } catch {
            throw .store(error)
        }
        return try VaultBackup.write(
            path, file, root,
            [PieceSource(file: log, byteCount: logEnd), PieceSource(file: headers, byteCount: HeaderGuard.fileByteCount)])
    }
}
