import Foundation

// Usage: coffer-ingest PROJECT COFFERD [batch|single|latency|saturation ...] [key=value ...] [-- arguments of the node]
let own = CommandLine.arguments.dropFirst().prefix { $0 != "--" }
guard own.count >= 2 else { fatalError("PROJECT COFFERD are missing") }
var sizes = IngestSizes()
var names: [String] = []
for argument in own.dropFirst(2) {
    let parts = argument.split(separator: "=")
    guard parts.count == 2, let value = Int(parts[1]) else {
        names.append(argument)
        continue
    }
    switch parts[0] {
    case "wallets": sizes.wallets = value
    case "batch": sizes.batchTransactions = value
    case "single": sizes.singleTransactions = value
    case "per": sizes.transactionsPerBatch = value
    case "batchConnections": sizes.batchConnections = value
    case "singleConnections": sizes.singleConnections = value
    case "latency": sizes.latencySamples = value
    case "seconds": sizes.saturationSeconds = Double(value)
    default: fatalError("unknown \(argument)")
    }
}
let arguments = CommandLine.arguments.drop { $0 != "--" }.dropFirst()
let setup = IngestNode.Setup(
    program: own[own.startIndex + 1], project: own[own.startIndex], arguments: Array(arguments))
let measurements = IngestMeasurements(setup: setup, sizes: sizes, limit: 2 * (try VerificationRate.perSecondAndThread()))
for name in names {
    let rows =
        switch name {
        case "batch": try await measurements.batch()
        case "single": try await measurements.single()
        case "latency": try await measurements.latency()
        case "saturation": try await measurements.saturation()
        default: fatalError("unknown row \(name)")
        }
    for row in rows { print(row.line) }
}
