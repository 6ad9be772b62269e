import Cryptography

/// Why a document is not a chain specification.
public enum ChainspecReadError: Error, Equatable, Sendable, CustomStringConvertible {
    /// It is not strict JSON, or a field is missing, unknown or of the wrong type or form.
    case json(JSONError)
    /// Every field can be read, and one contradicts `docs/spec/chainspec.md`.
    case content(ChainspecError)

    /// What is wrong, naming the field.
    public var description: String {
        switch self {
        case .json(let error): "chain specification: \(error)"
        case .content(let error): error.description
        }
    }
}

extension Chainspec {
    /// The `format` field of the JSON form.
    public static let jsonFormat = "coffer-chainspec/v1"
    /// A longer document is refused unread.
    public static let maximumJSONByteCount = 1_048_576
    static let maximumRulesCount = 255

    /// Reads the JSON form, with every check of `docs/spec/chainspec.md` section 1.
    ///
    /// A published development key on a network that is not for development is no error of the form: a receipt of such a network can be
    /// checked as any other. Who takes part in a network asks `developmentKeyInUse()`.
    public init(json bytes: [UInt8]) throws(ChainspecReadError) {
        let draft: Draft
        do throws(JSONError) {
            draft = try Draft(JSON.parse(bytes, maximumBytes: Self.maximumJSONByteCount))
        } catch {
            throw .json(error)
        }
        do throws(ChainspecError) {
            try self.init(
                isDevelopment: draft.isDevelopment, name: draft.name, addressPrefix: draft.addressPrefix,
                genesisTime: draft.genesisTime, institutions: draft.institutions, assets: draft.assets,
                validators: draft.validators, quorum: draft.quorum, rules: draft.rules)
        } catch {
            throw .content(error)
        }
    }

    /// The JSON form.
    public func json() -> JSON {
        [
            "format": .string(Self.jsonFormat),
            "development": .boolean(isDevelopment),
            "name": .string(name),
            "addressPrefix": .string(addressPrefix),
            "genesisTime": .string(Timestamp.format(genesisTime)),
            "institutions": .array(
                institutions.map {
                    ["name": .string($0.name), "kind": .string($0.kind.name), "policy": $0.policy.json]
                }),
            "assets": .array(assets.map(json)),
            "validators": .array(
                validators.map {
                    [
                        "name": .string($0.name),
                        "institution": .string(institutions[Int($0.institution)].name),
                        "blockKey": .string(Hexadecimal.encode($0.blockKey.bytes)),
                        "checkpointKey": .string($0.checkpointKey.bytes.hex),
                    ]
                }),
            "quorum": .number(UInt64(quorum)),
            "rules": .array(
                rules.map { ["fromHeight": .number($0.fromHeight), "version": .number(UInt64($0.version))] }),
        ]
    }

    private func json(_ asset: Asset) -> JSON {
        [
            "code": .string(asset.code),
            "decimals": .number(UInt64(asset.decimals)),
            "authority": .string(institutions[Int(asset.authority)].name),
            "issuers": .array(
                asset.issuers.map {
                    [
                        "bank": .string(institutions[Int($0.bank)].name),
                        "quota": .string(DecimalAmount.format($0.quota, decimals: asset.decimals)),
                    ]
                }),
        ]
    }
}

/// The fields as read, before the checks that span them.
private struct Draft {
    let isDevelopment: Bool
    let name: String
    let addressPrefix: String
    let genesisTime: TimeMilliseconds
    let institutions: [Institution]
    let assets: [Asset]
    let validators: [Validator]
    let quorum: UInt16
    let rules: [Chainspec.RulesVersion]

    init(_ document: JSON) throws(JSONError) {
        var fields = try document.object()
        let format = try fields.field("format", expecting: "\"\(Chainspec.jsonFormat)\"")
        guard try format.string() == Chainspec.jsonFormat else {
            throw format.refused("must be \"\(Chainspec.jsonFormat)\"; another version needs another Coffer")
        }
        isDevelopment = try fields.boolean("development")
        name = try fields.string("name")
        addressPrefix = try fields.string("addressPrefix")
        genesisTime = try fields.timestamp("genesisTime")
        institutions = try Self.institutions(fields.field("institutions", expecting: "an array"))
        assets = try Self.assets(
            fields.array("assets", maximumCount: Chainspec.maximumAssetCount), institutions: institutions)
        validators = try Self.validators(
            fields.array("validators", maximumCount: Chainspec.maximumValidatorCount), institutions: institutions)
        quorum = try fields.integer("quorum", as: UInt16.self)
        rules = try Self.rules(fields.array("rules", maximumCount: Chainspec.maximumRulesCount))
        try fields.finish()
    }

    private static func institutions(_ field: JSONField) throws(JSONError) -> [Institution] {
        let maximumCount = Chainspec.maximumInstitutionCount
        let elements = try field.array(maximumCount: maximumCount)
        // Everything that follows names institutions: without this, the first of those names would be blamed.
        guard !elements.isEmpty else { throw field.refused("must have 1 to \(maximumCount) elements") }
        var institutions: [Institution] = []
        for element in elements {
            var fields = try element.object()
            let name = try fields.string("name")
            let kind = try fields.field("kind", expecting: "authority, bank, operator or auditor")
                .choice(among: InstitutionKind.allCases)
            let policy = try KeyPolicy(json: fields.field("policy", expecting: "a key policy"))
            try fields.finish()
            institutions.append(Institution(name: name, kind: kind, policy: policy))
        }
        return institutions
    }

    private static func assets(
        _ elements: [JSONField], institutions: [Institution]
    ) throws(JSONError) -> [Asset] {
        var assets: [Asset] = []
        for element in elements {
            var fields = try element.object()
            let code = try fields.string("code")
            let decimalsField = try fields.field("decimals", expecting: "a whole number")
            let decimals = try decimalsField.integer(as: UInt8.self)
            // Amounts are read with it, so it cannot wait for the checks that follow.
            guard decimals <= Asset.maximumDecimals else { throw decimalsField.refused("must be 0 to \(Asset.maximumDecimals)") }
            let authority = try institution(&fields, "authority", institutions)
            var issuers: [Asset.Issuer] = []
            for issuer in try fields.array("issuers", maximumCount: Chainspec.maximumInstitutionCount) {
                var issuerFields = try issuer.object()
                let bank = try institution(&issuerFields, "bank", institutions)
                issuers.append(Asset.Issuer(bank: bank, quota: try issuerFields.amount("quota", decimals: decimals)))
                try issuerFields.finish()
            }
            try fields.finish()
            assets.append(Asset(code: code, decimals: decimals, authority: authority, issuers: issuers))
        }
        return assets
    }

    private static func validators(
        _ elements: [JSONField], institutions: [Institution]
    ) throws(JSONError) -> [Validator] {
        var validators: [Validator] = []
        for element in elements {
            var fields = try element.object()
            let validator = Validator(
                name: try fields.string("name"),
                institution: try institution(&fields, "institution", institutions),
                blockKey: try fields.field("blockKey", expecting: "a bip340 public key").publicKey(.bip340),
                checkpointKey: Ed25519PublicKey(
                    bytes: try fields.field("checkpointKey", expecting: "an Ed25519 public key").bytes32()))
            try fields.finish()
            validators.append(validator)
        }
        return validators
    }

    private static func rules(_ elements: [JSONField]) throws(JSONError) -> [Chainspec.RulesVersion] {
        var rules: [Chainspec.RulesVersion] = []
        for element in elements {
            var fields = try element.object()
            rules.append(
                Chainspec.RulesVersion(
                    fromHeight: try fields.integer("fromHeight"), version: try fields.integer("version", as: UInt16.self)))
            try fields.finish()
        }
        return rules
    }

    /// The position of the institution that a field names. Which kind it must be is checked later.
    private static func institution(
        _ fields: inout JSONObjectReader, _ name: String, _ institutions: [Institution]
    ) throws(JSONError) -> InstitutionIndex {
        let field = try fields.field(name, expecting: "the name of an institution")
        let text = try field.string(expecting: "the name of an institution")
        guard let index = institutions.firstIndex(where: { haveSameBytes($0.name, text) }) else {
            throw field.refused("names no institution of this chain specification")
        }
        return InstitutionIndex(index)
    }
}
