import Cryptography

extension Chainspec {
    /// The canonical bytes, whose hash is the network id (`docs/spec/chainspec.md` section 2).
    public var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 1_024)
        Self.write(
            isDevelopment: isDevelopment, name: name, addressPrefix: addressPrefix, genesisTime: genesisTime,
            institutions: institutions, assets: assets, validators: validators, quorum: quorum, rules: rules,
            to: &writer)
        return writer.bytes
    }

    static func write(
        isDevelopment: Bool, name: String, addressPrefix: String, genesisTime: TimeMilliseconds,
        institutions: [Institution], assets: [Asset], validators: [Validator], quorum: UInt16, rules: [RulesVersion],
        to writer: inout ByteWriter
    ) {
        writer.write(version)
        writer.write(isDevelopment ? UInt8(1) : 0)
        writer.write(text: name)
        writer.write(text: addressPrefix)
        writer.write(genesisTime)
        writer.write(UInt16(institutions.count))
        for institution in institutions {
            writer.write(institution.kind.rawValue)
            writer.write(text: institution.name)
            institution.policy.write(to: &writer)
        }
        writer.write(UInt16(assets.count))
        for asset in assets {
            writer.write(text: asset.code)
            writer.write(asset.decimals)
            writer.write(asset.authority)
            writer.write(UInt16(asset.issuers.count))
            for issuer in asset.issuers {
                writer.write(issuer.bank)
                writer.write(issuer.quota)
            }
        }
        writer.write(UInt16(validators.count))
        for validator in validators {
            writer.write(text: validator.name)
            writer.write(validator.institution)
            writer.write(bytes: validator.blockKey.bytes)
            writer.write(validator.checkpointKey.bytes)
        }
        writer.write(quorum)
        writer.write(UInt8(rules.count))
        for rule in rules {
            writer.write(rule.fromHeight)
            writer.write(rule.version)
        }
    }
}
