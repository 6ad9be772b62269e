public import Ledger

/// Everything that is wrong with a policy file.
public struct PolicyFaults: Error, Hashable, Sendable, CustomStringConvertible {
    /// No more are reported than this.
    public static let maximumCount = 100

    /// Never empty; by line.
    public let faults: [PolicyFault]

    public var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// One thing that is wrong, and where.
public struct PolicyFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    public let line: Int
    public let reason: Reason

    public var description: String { "line \(line): \(reason)" }

    /// What is wrong (`docs/spec/custody-policy.md` section 5).
    public enum Reason: Hashable, Sendable, CustomStringConvertible {
        case tooLarge
        case character(Character)
        case nestedTooDeep
        case notYAML(String)
        case notAMapping
        case notAList
        case notAText
        case unknownField(String, known: [String])
        case missingField(String)
        case emptyList
        case tooMany(limit: Int)
        case notAName(String)
        case repeated(String)
        case notAFormat(String)
        case notANumber(String, UInt32)
        case otherNetwork(String)
        case notAnOffset(String)
        case notADate(String)
        case notAKey(String)
        case identity
        case unknown(String, String)
        case notAPerson(String)
        case notAnAccount(String, String)
        case amount(String, AmountError)
        case amountWithoutAsset
        case needsMoney(Fact.Kind)
        case needsDestination(Fact.Kind)
        case needsSource(Fact.Kind)
        case emptyRange
        case notAWindow(String)
        case windowTooLong(String)
        case notHours(String)
        case notTrue(String)
        case approvalsWithoutRequire
        case requireWithoutApprovals
        case nobodyAsks
        case thresholdOutOfReach
        case unreachable(rule: String, line: Int)

        public var description: String {
            switch self {
            case .tooLarge: "The file has more than \(Policy.maximumByteCount) bytes. Shorten its lists."
            case .character(let character):
                "The character \(character.debugDescription) has no place here. Policies are plain ASCII without YAML's anchors, tags, directives and block texts."
            case .nestedTooDeep: "Lists and mappings are nested deeper than any policy needs."
            case .notYAML(let problem): "This is not YAML: \(problem)."
            case .notAMapping: "Fields are expected here, each with a name and a value."
            case .notAList: "A list is expected here, as in [a, b]."
            case .notAText: "A single value is expected here."
            case .unknownField(let name, let known): "There is no field \(name) here. There are \(known.joined(separator: ", "))."
            case .missingField(let name): "The field \(name) is missing."
            case .emptyList: "The list is empty: it would match nothing. Remove the field, or name something."
            case .tooMany(let limit): "There are more than \(limit). Split or shorten it."
            case .notAName(let text): "\"\(text)\" is not a name: 1 to 64 lowercase letters, digits and hyphens."
            case .repeated(let text): "\(text) stands here a second time. Each may be given once."
            case .notAFormat(let text): "This program reads policies of format 1, not \"\(text)\"."
            case .notANumber(let text, let most): "\"\(text)\" is not a whole number from 1 to \(most)."
            case .otherNetwork(let text):
                "\"\(text)\" is not the id of this network. A policy is for one network: compare the chain specification."
            case .notAnOffset(let text): "\"\(text)\" is not an offset from UTC such as \"+01:00\", at most 14 hours."
            case .notADate(let text): "\"\(text)\" is not a date such as 2026-12-25."
            case .notAKey(let text): "\"\(text)\" is not a public key such as \"bip340:\" or \"ecdsa:\" and its hexadecimal digits."
            case .identity: "A member has a key, when it is a person, or a uid, when it is a service; one of the two."
            case .unknown(let what, let name): "There is no \(what) \(name)."
            case .notAPerson(let name): "\(name) is a service. Only people approve."
            case .notAnAccount(let text, let problem): "\"\(text)\" is neither an institution nor an address of this network: \(problem)"
            case .amount(let text, let error): "\"\(text)\": an amount \(error.message)."
            case .amountWithoutAsset: "An amount needs the field asset: assets differ in their decimals."
            case .needsMoney(let kind):
                "The operation \(kind.rawValue) moves no money, so a rule with an asset, an amount or a sum never decides it."
            case .needsDestination(let kind): "The operation \(kind.rawValue) has no destination, so a rule with one never decides it."
            case .needsSource(let kind): "The operation \(kind.rawValue) has no source, so a rule with one never decides it."
            case .emptyRange: "No amount is above the one and at most the other."
            case .notAWindow(let text): "\"\(text)\" is not a window such as 24h or 30d."
            case .windowTooLong(let text): "A window of \(text) is too long: at most \(Policy.maximumWindowMilliseconds / 86_400_000) days."
            case .notHours(let text): "\"\(text)\" are not hours such as \"08:00-18:00\", the first before the last, at most 24:00."
            case .notTrue(let text): "\"\(text)\": write true, or leave the field out."
            case .approvalsWithoutRequire: "Approvals go with \"then: require\" only."
            case .requireWithoutApprovals: "\"then: require\" needs the field approvals."
            case .nobodyAsks: "No member has a role that this rule asks of who initiates, so it decides nothing."
            case .thresholdOutOfReach:
                "Nobody can ever meet this: whoever asks, too few other people are left, each counting for one group."
            case .unreachable(let rule, let line):
                "This rule decides nothing: all it would match is decided by \(rule) in line \(line) before it."
            }
        }
    }
}
