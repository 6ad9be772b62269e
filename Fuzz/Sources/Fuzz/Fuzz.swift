import CLibFuzzer
import Glibc
import Ledger

/// Gives every input that libFuzzer makes to the decoder that the environment variable COFFER_FUZZ_TARGET names.
///
/// An input that breaks a promise ends the process, which libFuzzer reports with the input: that is the finding.
@main
enum Fuzz {
    static func main() {
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        var count = CommandLine.argc
        exit(LLVMFuzzerRunDriver(&count, &arguments, fuzzOneInput))
    }
}

/// libFuzzer's own main function, which is linked and never called, refers to it by this name.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    chosenTarget([UInt8](UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)))
    return 0
}

private let chosenTarget: Target = {
    guard let pointer = getenv("COFFER_FUZZ_TARGET") else {
        preconditionFailure("COFFER_FUZZ_TARGET must name one of \(targets.keys.sorted())")
    }
    let name = String(cString: pointer)
    guard let target = targets[name] else { preconditionFailure("\(name) is none of \(targets.keys.sorted())") }
    return target
}()

/// The network whose documents are among the first inputs: proofs that are read are also checked on it.
let chainspec = loadChainspec(named: "development.json")

/// The network whose checkpoints witnesses get.
let witnessedChainspec = loadChainspec(named: "two-banks.json")

/// A chain specification of the project, from the directory that COFFER_FUZZ_CHAINSPECS names.
private func loadChainspec(named name: String) -> Chainspec {
    guard let pointer = getenv("COFFER_FUZZ_CHAINSPECS"), let file = fopen("\(String(cString: pointer))/\(name)", "r") else {
        preconditionFailure("COFFER_FUZZ_CHAINSPECS must be the path of a directory with \(name)")
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: Chainspec.maximumJSONByteCount)
    let count = fread(&bytes, 1, bytes.count, file)
    do {
        return try Chainspec(json: Array(bytes.prefix(count)))
    } catch {
        preconditionFailure("\(name): \(error)")
    }
}
