/// Who pays whom in a measurement.
enum Mix: String, Sendable, CaseIterable {
    /// Payer and payee are any two accounts.
    case uniform
    /// The account of rank r is drawn with a weight of 1 / r, as payer and as payee.
    case zipf
    /// Any account pays, and always the same one is paid.
    case hotPayee
}

/// One payment, with accounts by the order in which they were opened.
struct Payment: Sendable {
    let payer: Int
    let payee: Int
    /// Minor units.
    let amount: UInt64
}

/// Draws payments.
struct PaymentSampler: Sendable {
    private let accounts: Int
    private let mix: Mix
    private let ranks: ZipfSampler?
    private var random: BenchRandom

    init(_ mix: Mix, accounts: Int, seed: UInt64) {
        precondition(accounts > 1, "a payment needs two accounts")
        self.mix = mix
        self.accounts = accounts
        ranks = mix == .zipf ? ZipfSampler(count: accounts) : nil
        random = BenchRandom(seed: seed)
    }

    mutating func next() -> Payment {
        let amount = UInt64(1 + random.below(100))
        switch mix {
        case .uniform:
            let payer = random.below(accounts)
            return Payment(payer: payer, payee: other(than: payer), amount: amount)
        case .hotPayee:
            return Payment(payer: 1 + random.below(accounts - 1), payee: 0, amount: amount)
        case .zipf:
            let payer = ranked()
            var payee = ranked()
            while payee == payer { payee = ranked() }
            return Payment(payer: payer, payee: payee, amount: amount)
        }
    }

    /// Accounts that are paid by one of them, all different.
    mutating func payees(of payer: Int, count: Int) -> [Int] {
        // A walk of equal steps from a random place meets an account once.
        let step = max(1, (accounts - 1) / count)
        let start = random.below(accounts - 1)
        return (0..<min(count, accounts - 1)).map { number in
            let place = (start + number * step) % (accounts - 1)
            return place < payer ? place : place + 1
        }
    }

    mutating func account() -> Int { random.below(accounts) }

    private mutating func other(than account: Int) -> Int {
        let place = random.below(accounts - 1)
        return place < account ? place : place + 1
    }

    private mutating func ranked() -> Int { ranks?.account(at: random.fraction()) ?? 0 }
}

/// Ranks by the law of Zipf with exponent 1, by inverse transform of a table.
struct ZipfSampler: Sendable {
    /// The sum of the weights up to each rank, as a share of all.
    private let shares: [Double]
    /// Without a divisor in common with the count, so that ranks are spread over all accounts, each once.
    private let multiplier: Int

    init(count: Int) {
        var sum = 0.0
        let sums = (1...count).map { rank in
            sum += 1 / Double(rank)
            return sum
        }
        shares = sums.map { $0 / sum }
        var multiplier = 2_654_435_761
        while Self.greatestCommonDivisor(multiplier, count) != 1 { multiplier += 2 }
        self.multiplier = multiplier
    }

    /// The account of the first rank whose share reaches `fraction`, which is from 0 up to 1.
    func account(at fraction: Double) -> Int {
        var low = 0
        var high = shares.count - 1
        while low < high {
            let middle = (low + high) / 2
            if shares[middle] < fraction { low = middle + 1 } else { high = middle }
        }
        return low * multiplier % shares.count
    }

    private static func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
        right == 0 ? left : greatestCommonDivisor(right, left % right)
    }
}
