import Cryptography

extension TransactionDraft {
    /// Reads the JSON form (`docs/spec/transaction.md` section 4). `signatures` may be empty.
    public init(json field: JSONField, chainspec: Chainspec) throws(SubmissionError) {
        let network: NetworkID
        let parts: DraftParts
        do throws(JSONError) {
            var fields = try field.object()
            network = try fields.network()
        } catch {
            throw .json(error)
        }
        // Addresses and asset codes are read as this network's: for another they would mean other things.
        guard network == chainspec.network else { throw .wrongNetwork(field: field.path.appending(key: "network")) }
        do throws(JSONError) {
            parts = try DraftParts(field, chainspec: chainspec)
        } catch {
            throw .json(error)
        }
        let content: Transaction
        do throws(DecodingError) {
            content = try parts.builder.build()
        } catch {
            throw .encoding(error, field: parts.builder.place(of: error, under: field.path))
        }
        var positions: [AccountID: AccountPosition] = [:]
        for (position, account) in content.accounts.enumerated() { positions[account] = AccountPosition(position) }
        let signatures = parts.signatures.map { $0.positioned(positions) }
        guard Set(signatures.map(\.order)).count == signatures.count else {
            throw .encoding(.unsortedSignatures, field: field.path.appending(key: "signatures"))
        }
        self.init(content: content, signatures: signatures)
    }
}

/// The fields as read, with accounts by their ids.
private struct DraftParts {
    var builder: TransactionBuilder
    let signatures: [NamedSignature]

    init(_ field: JSONField, chainspec: Chainspec) throws(JSONError) {
        var fields = try field.object()
        let network = try fields.network()
        let expiry = try fields.timestamp("expiry")
        let nonce = try fields.field("nonce", expecting: "16 bytes in hexadecimal").bytes16()
        var memoCommitment = Bytes32.zero
        if let field = fields.optionalField("memoCommitment") {
            memoCommitment = try field.bytes32()
            // Zero stands for none, and none is written in one way.
            guard memoCommitment != .zero else { throw field.refused("must not be zero; leave it out when there is no memo") }
        }
        var steps: [TransactionBuilder.Step] = []
        for element in try fields.array("operations", maximumCount: Transaction.maximumOperationCount) {
            steps.append(try TransactionBuilder.Step(element, chainspec))
        }
        var signers: [AccountID] = []
        for element in try fields.optionalArray("signers", maximumCount: Transaction.maximumAccountCount) ?? [] {
            signers.append(try element.account(on: chainspec))
        }
        var signatures: [NamedSignature] = []
        for element in try fields.array("signatures", maximumCount: Transaction.maximumSignatureCount) {
            signatures.append(try NamedSignature(element, chainspec))
        }
        try fields.finish()
        self.signatures = signatures
        builder = TransactionBuilder(
            network: network, expiry: expiry, nonce: nonce, memoCommitment: memoCommitment, steps: steps,
            furtherSigners: signers + signatures.map(\.account))
    }
}

/// A signature with its account's id in place of a position.
private struct NamedSignature {
    let account: AccountID
    let key: UInt8
    let scheme: SignatureScheme
    let signature: Bytes64

    init(_ element: JSONField, _ chainspec: Chainspec) throws(JSONError) {
        var fields = try element.object()
        account = try fields.account("account", chainspec)
        key = try fields.integer("key", as: UInt8.self)
        scheme = try fields.field("scheme", expecting: "bip340 or ecdsa").choice(among: SignatureScheme.allCases)
        signature = try fields.field("signature", expecting: "64 bytes in hexadecimal").bytes64()
        try fields.finish()
    }

    func positioned(_ positions: [AccountID: AccountPosition]) -> TransactionSignature {
        guard let position = positions[account] else {
            preconditionFailure("the account list was made from the signatures too")
        }
        return TransactionSignature(account: position, key: key, scheme: scheme, signature: signature)
    }
}

extension TransactionBuilder.Step {
    fileprivate init(_ element: JSONField, _ chainspec: Chainspec) throws(JSONError) {
        var fields = try element.object()
        let type = try fields.field("type", expecting: "the name of an operation").choice(among: Operation.Code.allCases)
        switch type {
        case .openAccounts:
            let sponsor = try fields.account("sponsor", chainspec)
            var openings: [Opening] = []
            for opening in try fields.array("openings", maximumCount: Transaction.maximumOpeningCount) {
                openings.append(try Opening(opening))
            }
            self = .openAccounts(sponsor: sponsor, openings: openings)
        case .transfer:
            var legs: [TransactionBuilder.Leg] = []
            for leg in try fields.array("legs", maximumCount: Transaction.maximumLegCount) {
                legs.append(try TransactionBuilder.Leg(leg, chainspec))
            }
            self = .transfer(legs)
        case .issue:
            let (bank, to) = (try fields.account("bank", chainspec), try fields.account("to", chainspec))
            let (asset, amount) = try fields.money(chainspec)
            self = .issue(bank: bank, to: to, asset: asset, amount: amount)
        case .redeem:
            let (bank, from) = (try fields.account("bank", chainspec), try fields.account("from", chainspec))
            let (asset, amount) = try fields.money(chainspec)
            self = .redeem(bank: bank, from: from, asset: asset, amount: amount)
        case .rotateKeys:
            let account = try fields.account("account", chainspec)
            let (policy, possession) = try fields.policyAndPossession()
            self = .rotateKeys(account: account, policy: policy, possession: possession)
        case .setStatus:
            let account = try fields.account("account", chainspec)
            let status = try fields.field("status", expecting: "the name of a status").choice(among: AccountStatus.allCases)
            self = .setStatus(account: account, status: status)
        }
        try fields.finish()
    }
}

extension Opening {
    fileprivate init(_ element: JSONField) throws(JSONError) {
        var fields = try element.object()
        let kind =
            try fields.field("kind", expecting: "bankIssued or walletHeld").choice(among: [.bankIssued, .walletHeld])
            as AccountKind
        let tier = try fields.integer("tier", as: UInt8.self)
        let salt = try fields.field("salt", expecting: "16 bytes in hexadecimal").bytes16()
        let (policy, possession) = try fields.policyAndPossession()
        try fields.finish()
        self.init(kind: kind, tier: tier, salt: salt, policy: policy, possession: possession)
    }
}

extension TransactionBuilder.Leg {
    fileprivate init(_ element: JSONField, _ chainspec: Chainspec) throws(JSONError) {
        var fields = try element.object()
        let (from, to) = (try fields.account("from", chainspec), try fields.account("to", chainspec))
        let (asset, amount) = try fields.money(chainspec)
        try fields.finish()
        self.init(from: from, to: to, asset: asset, amount: amount)
    }
}

extension JSONObjectReader {
    fileprivate mutating func network() throws(JSONError) -> NetworkID {
        NetworkID(try field("network", expecting: "the network id").bytes32())
    }

    fileprivate mutating func account(_ name: String, _ chainspec: Chainspec) throws(JSONError) -> AccountID {
        try field(name, expecting: "an address").account(on: chainspec)
    }

    /// `asset` and `amount`; the asset says how many decimals the amount may have.
    fileprivate mutating func money(_ chainspec: Chainspec) throws(JSONError) -> (AssetIndex, UInt64) {
        let asset = try field("asset", expecting: "the code of an asset").asset(on: chainspec)
        return (asset, try amount("amount", decimals: chainspec.assets[Int(asset)].decimals))
    }

    /// `policy` and `possession`: one signature per key.
    fileprivate mutating func policyAndPossession() throws(JSONError) -> (KeyPolicy, [Bytes64]) {
        let policy = try KeyPolicy(json: field("policy", expecting: "a key policy"))
        let possessionField = try field("possession", expecting: "an array with one signature per key")
        let elements = try possessionField.array(maximumCount: KeyPolicy.maximumKeyCount)
        guard elements.count == policy.keys.count else {
            throw possessionField.refused("must have one signature per key of the policy, in its order: \(policy.keys.count)")
        }
        var possession: [Bytes64] = []
        for element in elements { possession.append(try element.bytes64()) }
        return (policy, possession)
    }
}

extension TransactionBuilder {
    /// Where in the document an error of building lies, for those errors that one field causes.
    fileprivate func place(of error: DecodingError, under root: JSONPath) -> JSONPath {
        let operations = root.appending(key: "operations")
        for (position, step) in steps.enumerated() {
            let path = operations.appending(index: position)
            switch step {
            case .transfer(let legs):
                if legs.isEmpty, error == .countOutOfRange { return path.appending(key: "legs") }
                for (item, leg) in legs.enumerated() {
                    let legPath = path.appending(key: "legs").appending(index: item)
                    if error == .zeroAmount, leg.amount == 0 { return legPath.appending(key: "amount") }
                    if error == .selfTransfer, leg.from == leg.to { return legPath }
                }
            case .issue(_, _, _, let amount), .redeem(_, _, _, let amount):
                if error == .zeroAmount, amount == 0 { return path.appending(key: "amount") }
            case .openAccounts(_, let openings):
                if openings.isEmpty, error == .countOutOfRange { return path.appending(key: "openings") }
            case .rotateKeys, .setStatus: break
            }
        }
        return root
    }
}
