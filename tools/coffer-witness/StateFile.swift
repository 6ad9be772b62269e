import Cryptography
import Foundation
import Ledger

/// A witness's data directory, used by one process at a time: the file `state` (`docs/spec/witness.md` section 5), and `LOCK`.
///
/// Where the state is missing or damaged nothing is signed: a witness that has forgotten what it signed could sign a second history.
final class StateFile: Sendable {
    static let name = "state"
    static let lockName = "LOCK"

    private static let whatToDo =
        "Do not put an older copy in its place, unless nothing was signed since it was made: the witness could sign a second history. If there is no such copy, retire this key: make another with coffer-witness key new, init a new directory for it, and give the new key to those who rely on this witness."

    private let path: String
    private let lock: FileLock
    /// As it was when the directory was locked.
    let initial: WitnessState

    /// Takes the directory for this process.
    init(opening directory: String) throws(Failure) {
        path = Self.path(in: directory)
        // Before the lock, which would make a file in a directory that is none of ours.
        _ = try Self.read(in: directory)
        do {
            lock = try FileLock("\(directory)/\(Self.lockName)")
            // Who made the directory may have died before its name was durable.
            try PrivateFile.synchronizeDirectory(of: Self.trimmed(directory))
        } catch {
            throw .input("\(error)")
        }
        initial = try Self.read(in: directory)
    }

    /// Makes `state` durable. Nothing may be signed by a state before this has returned.
    func save(_ state: WitnessState) throws(PrivateFileError) {
        try PrivateFile.replace(path, Array(state.text.utf8).span)
    }

    /// The last part of the path is its name.
    private static func trimmed(_ directory: String) -> String {
        directory.count > 1 && directory.hasSuffix("/") ? trimmed(String(directory.dropLast())) : directory
    }

    private static func path(in directory: String) -> String { "\(directory)/\(name)" }

    /// Reads the state of a directory, which may be in use.
    static func read(in directory: String) throws(Failure) -> WitnessState {
        let path = path(in: directory)
        guard FileManager.default.fileExists(atPath: path) else {
            throw .state(
                "\(path) is not there, so this is no witness's data directory, or what the witness signed is lost. If its key has never signed, make the directory with coffer-witness init. \(whatToDo)"
            )
        }
        let bytes: [UInt8]
        do {
            let contents = try PrivateFile.read(path, maximumByteCount: WitnessState.maximumByteCount)
            bytes = contents.bytes.withBytes { span in span.indices.map { span[$0] } }
        } catch {
            throw .state("\(error)")
        }
        do {
            return try WitnessState(text: bytes)
        } catch {
            throw .state("\(path) is damaged: \(error). \(whatToDo)")
        }
    }

    /// Makes the directory with its first state. Throws, and changes nothing, where there is anything already.
    static func create(in directory: String, _ state: WitnessState) throws(Failure) {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            guard try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty else {
                throw Failure.input(
                    "\(directory) is not empty and was left as it is. A witness begins with a directory of its own: give another one.")
            }
            try PrivateFile.create(path(in: directory), Array(state.text.utf8).span)
            try PrivateFile.synchronizeDirectory(of: trimmed(directory))
        } catch {
            throw (error as? Failure) ?? .input("\(directory): \(error)")
        }
    }
}
