import ArgumentParser
import Cryptography
import Custody
import Foundation
import Ledger
import Synchronization
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serves a vault on a socket of this machine, sealed until officers unseal it.",
        discussion: """
            Run it as a user of its own, whose directory the socket is in. Its memory is locked and hidden from debuggers. Who asks is known
            by the user of the process that connects. SIGTERM seals it and ends it.

            EXAMPLE:
              coffer-signer serve --vault vault --socket run/signer
              coffer-signer serve --vault vault --socket /run/coffer/signer --socket-group 2000 --node-user 1500 --administrator 1000
            """)

    @OptionGroup var vault: VaultOptions
    @Option(help: ArgumentHelp("Where to serve.", valueName: "path"))
    var socket: String
    @Option(help: ArgumentHelp("A group whose members may connect; without it, only the signer's user and root.", valueName: "gid"))
    var socketGroup: UInt32?
    @Option(help: ArgumentHelp("A user who may unseal, seal and read the log, beside root and the signer's own.", valueName: "uid"))
    var administrator: [UInt32] = []
    @Option(help: ArgumentHelp("A user whose node may have headers signed, beside the signer's own.", valueName: "uid"))
    var nodeUser: [UInt32] = []
    @Flag(help: "Serve even where memory cannot be locked: only on machines without swap, or for a trial.")
    var allowUnlockedMemory = false
    @OptionGroup var token: TokenOptions

    func run() async throws {
        // Before anything secret is read.
        let log = SignerLog()
        try harden(log)
        let chainspec = try vault.readChainspec()
        let custodian = try Custodian(
            vault.paths, chainspec: chainspec, token: try token.place(), clock: WallClock.now, say: { log.write("notice", $0) })
        let own = ProcessUser.current
        let service = CustodyService(
            custodian, administrators: Set(administrator + [0, own]), nodes: Set(nodeUser + [own]))
        let listener: UnixListener
        do {
            listener = try UnixListener(socket, mode: socketGroup == nil ? 0o600 : 0o660, group: socketGroup)
        } catch {
            throw Failure.input("\(error)")
        }
        let server = WireServer(listener) { peer, frame in service.answer(peer, frame) }
        log.write("notice", "serving \(vault.vault) on \(socket), sealed")
        for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { break }
        await Self.onThread {
            server.stop()
            do {
                try custodian.seal(user: own)
            } catch {
                log.write("error", "not sealed in order: \(error)")
            }
        }
        log.write("notice", "stopped")
    }

    private func harden(_ log: SignerLog) throws {
        do throws(ProcessHardeningError) {
            try ProcessHardening.apply()
        } catch .lockableMemory where allowUnlockedMemory {
            log.write("warning", "memory is not locked: secrets may be written to a swap device")
        } catch {
            throw Failure.input("\(error)")
        }
    }

    /// What waits for disks and connections is not for the pool that serves tasks.
    private static func onThread(_ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                body()
                continuation.resume()
            }
        }
    }
}

/// One JSON object per line on standard error, as `cofferd` writes.
final class SignerLog: Sendable {
    private let handle = Mutex(FileHandle.standardError)

    func write(_ level: String, _ message: String) {
        let object: JSON = [
            "time": .string(Timestamp.format(WallClock.now())), "level": .string(level), "label": "coffer-signer",
            "message": .string(message),
        ]
        let line = object.text() + "\n"
        handle.withLock { handle in
            do {
                try handle.write(contentsOf: Data(line.utf8))
            } catch {
                // Nobody reads this any more; what must not be lost is in the signing log.
            }
        }
    }
}
