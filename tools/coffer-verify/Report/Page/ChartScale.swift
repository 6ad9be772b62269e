import Ledger

/// The vertical axis of a chart: from zero to a round number, with a few round marks. Exact, so that labels say what is drawn.
struct ChartScale {
    struct Mark {
        /// In minor units.
        let value: UInt128
        /// In whole units, short: 2.5 M for 2,500,000.
        let label: String
    }

    private static let maximumStepCount: UInt128 = 5

    /// In minor units.
    let top: UInt128
    let marks: [Mark]

    /// For values from 0 to `maximum`, in minor units of an asset with so many decimals; none for what is counted.
    init(maximum: UInt128, decimals: UInt8 = 0) {
        let most = max(maximum, 1)
        let least = most / Self.maximumStepCount + (most % Self.maximumStepCount > 0 ? 1 : 0)
        // Of 1, 2 and 5 times a power of ten, the smallest with which five steps suffice.
        var power: UInt128 = 1
        while power * 5 < least { power *= 10 }
        let step = [power, power * 2, power * 5].first { $0 >= least } ?? power * 5
        let count = most / step + (most % step > 0 ? 1 : 0)
        top = count * step
        marks = (0...count).map { Mark(value: $0 * step, label: Self.label($0 * step, decimals)) }
    }

    private static func label(_ units: UInt128, _ decimals: UInt8) -> String {
        guard units > 0 else { return "0" }
        let names: [(digits: UInt8, name: String)] = [(15, " qd"), (12, " tn"), (9, " bn"), (6, " M"), (3, " k"), (0, "")]
        let scale = names.first { units / power(decimals + $0.digits) > 0 } ?? (0, "")
        var (rest, digits) = (units, decimals + scale.digits)
        while digits > 0, rest.isMultiple(of: 10) { (rest, digits) = (rest / 10, digits - 1) }
        return DecimalAmount.format(rest, decimals: digits) + scale.name
    }

    private static func power(_ digits: UInt8) -> UInt128 { (0..<digits).reduce(1) { power, _ in power * 10 } }
}
