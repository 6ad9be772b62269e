/// Rows as lines of JSON.
enum RowText {
    /// A row with everything that the line of a measurement has.
    ///
    /// L before and after are given whatever the row's own limit is, so that a drift of the machine can be seen in every line.
    static func line(_ row: Row, _ settings: Settings, _ limits: (before: LimitReading, after: LimitReading)) -> String {
        let own = (limits.before.perSecond + limits.after.perSecond) / 2
        let limit = row.limit ?? Row.Limit(value: own, meaning: "L: \(settings.threads) threads × Schnorr verifications a second of one")
        let ratio = limit.value > 0 ? row.figure / limit.value : 0
        var fields: Fields = ["name": .text(row.name), "parameters": .fields(row.parameters)]
        fields["figure"] = .decimal(row.figure)
        fields["unit"] = .text(row.unit)
        fields["limit"] = .decimal(limit.value)
        fields["limitMeaning"] = .text(limit.meaning)
        fields["ratio"] = .decimal(ratio)
        if let goal = row.goal {
            switch goal {
            case .atLeast(let value): fields["goal"] = .fields(["atLeast": .decimal(value)])
            case .atMost(let value): fields["goal"] = .fields(["atMost": .decimal(value)])
            }
            fields["meetsGoal"] = .flag(goal.isMet(by: ratio))
        }
        if let processor = row.processor {
            // What the ratio would be with all cores to itself and always busy: it holds on a machine that others use, too.
            let rate = (limits.before.perProcessorSecond + limits.after.perProcessorSecond) / 2
            fields["cpuRatio"] = .decimal(Double(processor.operations) / (processor.seconds * rate))
        }
        fields["limitBefore"] = .decimal(limits.before.perSecond)
        fields["limitAfter"] = .decimal(limits.after.perSecond)
        if let accounts = row.accounts { fields["accounts"] = .count(accounts) }
        fields["threads"] = .count(settings.threads)
        fields["cores"] = .count(Machine.coreCount)
        fields["seed"] = .count(Int(truncatingIfNeeded: settings.seed))
        fields["size"] = .text(settings.size.rawValue)
        fields["library"] = .fields(Machine.libraries)
        fields["details"] = .fields(row.details)
        return Value.fields(fields).json
    }

    /// The first line of a run: where it was made.
    static func machineLine(_ settings: Settings) -> String {
        var fields: Fields = ["name": .text("machine")]
        fields.append(Machine.description(directory: settings.directory))
        fields["threads"] = .count(settings.threads)
        fields["seed"] = .count(Int(truncatingIfNeeded: settings.seed))
        fields["size"] = .text(settings.size.rawValue)
        fields["library"] = .fields(Machine.libraries)
        return Value.fields(fields).json
    }
}
