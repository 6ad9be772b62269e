/// What libsecp256k1 can do on this machine, through the project's own module: the limit of everything else.
struct LimitMeasurement: Measurement {
    let name = "limit"
    let summary = "Schnorr verifications a second: one thread with parsed keys, with key parsing, all threads at once; and signing"
    let occasion = Occasion.always

    func run(_ bench: Bench) throws {
        let threads = bench.settings.threads
        try bench.measure {
            bench.progress("limit: verification")
            let own = try bench.rate.ofOneThread()
            let parsing = try bench.rate.withKeyParsing()
            let together = try bench.rate.ofThreads(threads)
            let signing = try bench.rate.signing(seed: bench.settings.seed)
            let unverified = try bench.rate.signingUnverified(seed: bench.settings.seed)
            let product = own.perSecond * Double(threads)
            return [
                row("verify, one thread × \(threads)", product, ["oneThread": .decimal(own.perSecond)]),
                row("verify, \(threads) threads at once", together, [:]),
                row("verify with key parsing, one thread × \(threads)", parsing.perSecond * Double(threads), [:]),
                row("sign and verify it, one thread × \(threads)", signing.perSecond * Double(threads), [:]),
                row("sign alone, one thread × \(threads)", unverified.perSecond * Double(threads), [:]),
            ]
        }
    }

    private func row(_ what: String, _ figure: Double, _ details: Fields) -> Row {
        Row(name: name, parameters: ["what": .text(what)], figure: figure, unit: "operations/s", details: details)
    }
}

/// The same once more when all else is done, so that a drift of the machine over the run can be seen.
struct LimitAtEndMeasurement: Measurement {
    let name = "limit"
    let summary = "verification with parsed keys once more, at the end of the run"
    let occasion = Occasion.always

    func run(_ bench: Bench) throws {
        let threads = bench.settings.threads
        try bench.measure {
            let rate = try bench.rate.ofOneThread().perSecond
            return [
                Row(
                    name: name, parameters: ["what": .text("verify, one thread × \(threads), at the end of the run")],
                    figure: rate * Double(threads), unit: "operations/s", details: ["oneThread": .decimal(rate)])
            ]
        }
    }
}
