import Cryptography

/// What is wrong with a chain specification: the field, by its path in the JSON form, and why.
public struct ChainspecError: Error, Hashable, Sendable, CustomStringConvertible {
    public let field: String
    public let reason: String

    public init(field: String, reason: String) {
        self.field = field
        self.reason = reason
    }

    public var description: String { "chain specification, field \(field): \(reason)" }
}

extension Chainspec {
    static func check(
        name: String, addressPrefix: String, institutions: [Institution], assets: [Asset], validators: [Validator],
        quorum: UInt16, rules: [RulesVersion]
    ) throws(ChainspecError) {
        try require(TextAlphabet.name.accepts(name.utf8), "name", "must be 1 to 32 of a-z, 0-9 and -")
        try require(TextAlphabet.addressPrefix.accepts(addressPrefix.utf8), "addressPrefix", "must be 1 to 16 of a-z")
        try check(institutions)
        try check(assets, institutions: institutions)
        try check(validators, institutionCount: institutions.count)
        try require((1...validators.count).contains(Int(quorum)), "quorum", "must be 1 to the number of validators")
        try check(rules)
    }

    private static func require(_ holds: Bool, _ field: String, _ reason: String) throws(ChainspecError) {
        guard holds else { throw ChainspecError(field: field, reason: reason) }
    }

    private static func check(_ institutions: [Institution]) throws(ChainspecError) {
        try require(
            (1...maximumInstitutionCount).contains(institutions.count), "institutions",
            "must be 1 to \(maximumInstitutionCount)")
        var names: Set<String> = []
        for (position, institution) in institutions.enumerated() {
            let field = "institutions[\(position)]"
            try require(
                TextAlphabet.name.accepts(institution.name.utf8), "\(field).name", "must be 1 to 32 of a-z, 0-9 and -")
            try require(names.insert(institution.name).inserted, "\(field).name", "is used twice")
            for (keyPosition, entry) in institution.policy.keys.enumerated() {
                try require(
                    isOnCurve(entry.key), "\(field).policy.keys[\(keyPosition)].key", "is not a point on the curve")
            }
        }
    }

    private static func isOnCurve(_ key: PublicKey) -> Bool {
        do {
            _ = try key.parsed()
            return true
        } catch {
            return false
        }
    }

    private static func check(_ assets: [Asset], institutions: [Institution]) throws(ChainspecError) {
        try require((1...maximumAssetCount).contains(assets.count), "assets", "must be 1 to \(maximumAssetCount)")
        var codes: Set<String> = []
        for (position, asset) in assets.enumerated() {
            let field = "assets[\(position)]"
            try require(
                TextAlphabet.assetCode.accepts(asset.code.utf8), "\(field).code", "must be 3 to 12 of A-Z and 0-9")
            try require(codes.insert(asset.code).inserted, "\(field).code", "is used twice")
            try require(asset.decimals <= Asset.maximumDecimals, "\(field).decimals", "must be 0 to 8")
            try require(
                kind(of: asset.authority, in: institutions) == .authority, "\(field).authority",
                "must be an institution of kind authority")
            try require((1...institutions.count).contains(asset.issuers.count), "\(field).issuers", "must not be empty")
            for (issuerPosition, issuer) in asset.issuers.enumerated() {
                let issuerField = "\(field).issuers[\(issuerPosition)].bank"
                try require(
                    kind(of: issuer.bank, in: institutions) == .bank, issuerField, "must be an institution of kind bank")
                let isAscending = issuerPosition == 0 || asset.issuers[issuerPosition - 1].bank < issuer.bank
                try require(isAscending, issuerField, "must come once, in the order of the institutions")
            }
        }
    }

    private static func kind(of index: InstitutionIndex, in institutions: [Institution]) -> InstitutionKind? {
        Int(index) < institutions.count ? institutions[Int(index)].kind : nil
    }

    private static func check(_ validators: [Validator], institutionCount: Int) throws(ChainspecError) {
        try require(
            (1...maximumValidatorCount).contains(validators.count), "validators", "must be 1 to \(maximumValidatorCount)")
        var names: Set<String> = []
        var blockKeys: Set<PublicKey> = []
        var checkpointKeys: Set<Ed25519PublicKey> = []
        for (position, validator) in validators.enumerated() {
            let field = "validators[\(position)]"
            try require(
                TextAlphabet.name.accepts(validator.name.utf8), "\(field).name", "must be 1 to 32 of a-z, 0-9 and -")
            try require(names.insert(validator.name).inserted, "\(field).name", "is used twice")
            try require(
                Int(validator.institution) < institutionCount, "\(field).institution", "must be one of the institutions")
            try require(
                validator.blockKey.scheme == .bip340 && isOnCurve(validator.blockKey), "\(field).blockKey",
                "must be a bip340 key on the curve")
            try require(blockKeys.insert(validator.blockKey).inserted, "\(field).blockKey", "is used twice")
            try require(
                checkpointKeys.insert(validator.checkpointKey).inserted, "\(field).checkpointKey", "is used twice")
        }
    }

    private static func check(_ rules: [RulesVersion]) throws(ChainspecError) {
        try require((1...255).contains(rules.count), "rules", "must be 1 to 255")
        try require(rules[0].fromHeight == 0, "rules[0].fromHeight", "must be 0")
        for (position, rule) in rules.enumerated() {
            try require(
                knownRules.contains(rule.version), "rules[\(position)].version",
                "is not a rules version this program knows; a newer Coffer may")
            let isAscending = position == 0 || rules[position - 1].fromHeight < rule.fromHeight
            try require(isAscending, "rules[\(position)].fromHeight", "must be above the one before")
        }
    }
}
