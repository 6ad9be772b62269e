import Client
import Custody
import Foundation
import Ledger

/// How a command ended when it did not do what it was asked.
struct Failure: Error {
    let code: String
    let message: String
    let exitCode: Int32

    init(code: String, _ message: String, exitCode: Int32) {
        self.code = code
        self.message = message
        self.exitCode = exitCode
    }

    /// A file, an option or a passphrase is at fault.
    static func input(_ message: String) -> Failure { Failure(code: "input", message, exitCode: 2) }

    /// Says it in words, or as JSON, on standard error.
    func printAndExit(json isJSON: Bool) -> Never {
        let object: JSON = ["error": ["code": .string(code), "detail": .string(message)]]
        let text = isJSON ? object.text() : "coffer: \(message)"
        FileHandle.standardError.write(Data((text + "\n").utf8))
        Foundation.exit(exitCode)
    }

    /// The failure that an error of the libraries amounts to.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as ClientError: self.init(error)
        case ExportFailure.node(let error): self.init(error)
        case let error as KeyFileError: self.init(code: "keyFile", error.description, exitCode: 2)
        default: self.init(code: "input", "\(error)", exitCode: 2)
        }
    }

    private init(_ error: ClientError) {
        switch error {
        case .refused(let problem):
            let isRefusal = (400..<500).contains(problem.status) && !error.mayPass
            self.init(code: problem.code, error.description, exitCode: isRefusal ? 1 : 3)
        case .invalidAddress: self.init(code: "invalidAddress", error.description, exitCode: 2)
        case .wrongNetwork: self.init(code: "wrongNetwork", error.description, exitCode: 2)
        case .unreachable, .cancelled: self.init(code: "unreachable", error.description, exitCode: 3)
        case .malformed: self.init(code: "malformedAnswer", error.description, exitCode: 3)
        case .unproved: self.init(code: "unproved", error.description, exitCode: 3)
        }
    }
}

/// Runs `body`; whatever it throws becomes a `Failure`.
func reporting<Value>(_ body: () async throws -> Value) async throws(Failure) -> Value {
    do {
        return try await body()
    } catch {
        throw Failure(error)
    }
}

/// The same for what does not wait.
func reporting<Value>(_ body: () throws -> Value) throws(Failure) -> Value {
    do {
        return try body()
    } catch {
        throw Failure(error)
    }
}
