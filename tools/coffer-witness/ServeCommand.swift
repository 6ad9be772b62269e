import ArgumentParser
import Cryptography
import Custody
import Foundation
import Hummingbird
import Ledger
import ServiceLifecycle

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Answers the add-checkpoint requests of the networks given.",
        discussion: """
            Whoever can reach the address can ask, and gets a cosignature only for what the validators of a network given signed. To serve
            others than this machine, put a TLS proxy in front of it or listen on another address. SIGTERM ends it.

            EXAMPLE:
              coffer-witness serve --data witness --key witness.key --chainspec chainspec/development.json
              coffer-witness serve --data witness --key witness.key --chainspec a.json --chainspec b.json --listen 10.0.0.5:8430
            """)

    static let standardListen = "127.0.0.1:8430"

    @Option(help: ArgumentHelp("The chain specification of a network to witness (JSON). May be repeated.", valueName: "file"))
    var chainspec: [String]
    @Option(help: ArgumentHelp("The data directory, made with coffer-witness init.", valueName: "directory"))
    var data: String
    @Option(help: ArgumentHelp("The witness's key file.", valueName: "file"))
    var key: String
    @Option(help: ArgumentHelp("Where to listen.", valueName: "host:port"))
    var listen = ServeCommand.standardListen
    @OptionGroup var passphrase: PassphraseOptions

    func validate() throws {
        guard !chainspec.isEmpty else { throw ValidationError("Give --chainspec: a witness signs for the networks that it knows.") }
        guard chainspec.count <= WitnessState.maximumLogCount else {
            throw ValidationError("--chainspec can be given \(WitnessState.maximumLogCount) times.")
        }
        _ = try address()
    }

    func run() async throws {
        let file = try WitnessKeyFile(key)
        let logs = try chainspec.map { try Self.read($0, isDevelopmentKey: file.file.isDevelopment) }
        let stateFile = try StateFile(opening: data)
        let state = stateFile.initial
        guard state.witness.key == file.publicKey else {
            throw Failure.input("\(data) is the data directory of \(state.witness.text), and \(key) holds another key. Give the right one.")
        }
        let log = WitnessLog()
        let witness = Witness(
            state: state, key: try file.unlock(passphrase), logs: logs, clock: { UInt64(max(0, Date().timeIntervalSince1970)) },
            save: { state throws(PrivateFileError) in try stateFile.save(state) })
        let (host, port) = try address()
        let application = WitnessServer(witness: witness, log: log).application(host: host, port: port) { port in
            log.write("notice", "listening", [("host", host), ("port", "\(port)"), ("witness", state.witness.text)])
        }
        do {
            try await application.runService()
        } catch {
            throw Failure.input("The witness cannot serve on \(listen): \(error). Is another program using the port?")
        }
        log.write("notice", "stopped")
    }

    /// Reads `HOST:PORT`; an IPv6 address stands in brackets.
    private func address() throws(ValidationError) -> (host: String, port: Int) {
        let parts = listen.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 2, let port = parts.last.flatMap({ UInt16($0) }) else {
            throw ValidationError("--listen: \"\(listen)\" is not of the form HOST:PORT; give one such as \(Self.standardListen).")
        }
        var host = parts.dropLast().joined(separator: ":")
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty, host.contains(":") == (parts.count > 2) else {
            throw ValidationError("--listen: \"\(listen)\" has no host; give one such as \(Self.standardListen).")
        }
        return (host, Int(port))
    }

    private static func read(_ path: String, isDevelopmentKey: Bool) throws(Failure) -> Chainspec {
        let chainspec: Chainspec
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            let bytes = try handle.read(upToCount: Chainspec.maximumJSONByteCount + 1) ?? Data()
            chainspec = try Chainspec(json: [UInt8](bytes))
        } catch {
            throw .input("\(path): \(error)")
        }
        if let field = chainspec.developmentKeyInUse() {
            throw .input("\(path): \(field) is a published development key, and this is not a development network.")
        }
        guard chainspec.isDevelopment || !isDevelopmentKey else {
            throw .input(
                "The witness's key is a development key, and \(chainspec.name) is not a development network. Make a key of your own.")
        }
        return chainspec
    }
}
