import Ledger

/// Damages to header, block and attestations (`docs/spec/block.md`).
enum HeaderDamage {
    static var all: [BlockDamage] { fields + counts + roots + lengths + attestations }

    /// A damage to the header: found first by what the block says about itself, and, once a quorum has signed it, by what the chain says.
    private static func header(
        _ name: String, _ what: String, _ unsigned: Expectation, signed: Expectation? = nil,
        _ change: @escaping @Sendable (inout BlockHeader, Scene) -> Bool
    ) -> [BlockDamage] {
        func damage(_ forger: Forger, _ expected: Expectation) -> BlockDamage {
            BlockDamage(field: FieldName(.header, name), what: what, forger: forger, expected: expected) { scene in
                var header = scene.header
                return change(&header, scene) ? scene.with(header, forger) : nil
            }
        }
        return [damage(.checksums, unsigned)] + (signed.map { [damage(.quorum, $0)] } ?? [])
    }

    private static var fields: [BlockDamage] {
        let version = BlockDamage(
            field: FieldName(.header, "version"), what: "2", forger: .checksums, expected: .doesNotHold("unknownVersion")
        ) { scene in
            var header = scene.layout.header
            header[1] = 2
            return [scene.layout.with(header: header)]
        }
        func own(_ name: String) -> Expectation { .doesNotHold("header.\(name)") }
        return [version]
            + header("rules", "of a version that is not in force", own("rules"), signed: own("rules")) { header, _ in
                header.rules += 1
                return true
            }
            + header("network", "of another network", own("network"), signed: own("network")) { header, _ in
                header.network = NetworkID(header.parent.bytes)
                return true
            }
            + header("height", "one more", own("height"), signed: own("height")) { header, _ in
                header.height += 1
                return true
            }
            + header("height", "that of the block before", own("height"), signed: own("height")) { header, _ in
                header.height -= 1
                return true
            }
            + header("time", "before the parent's", own("time"), signed: own("time")) { header, scene in
                guard scene.tip.time > 0 else { return false }
                header.time = scene.tip.time - 1
                return true
            }
            // A quorum may choose a later time, and another of the validators as proposer: signed, these blocks are valid.
            + header("time", "a millisecond later", .doesNotHold("notFinal")) { header, _ in
                header.time += 1
                return true
            }
            + header("proposer", "a validator that there is not", own("proposer"), signed: own("proposer")) { header, scene in
                header.proposer = ValidatorIndex(scene.standIns.chainspec.validators.count)
                return true
            }
            + header("proposer", "another validator", .doesNotHold("notFinal")) { header, scene in
                let count = scene.standIns.chainspec.validators.count
                header.proposer = ValidatorIndex((Int(header.proposer) + 1) % count)
                return count > 1
            }
    }

    private static var roots: [BlockDamage] {
        func own(_ name: String) -> Expectation { .doesNotHold(name) }
        let unsigned = Expectation.doesNotHold("notFinal")
        return header("parent", "the block before the parent", own("header.parent"), signed: own("header.parent")) { header, scene in
            header.parent = scene.tip.parent
            return true
        }
            + header("transactionRoot", "another", own("transactionRoot"), signed: own("transactionRoot")) { header, scene in
                header.transactionRoot = scene.tip.stateRoot
                return true
            }
            + header("historyRoot", "that of the block before", own("historyRoot"), signed: own("historyRoot")) { header, scene in
                header.historyRoot = scene.tip.historyRoot
                return true
            }
            + header("stateRoot", "another", unsigned, signed: own("stateRoot")) { header, _ in
                header.stateRoot = header.historyRoot
                return true
            }
            + header("supplyRoot", "another", unsigned, signed: own("supplyRoot")) { header, _ in
                header.supplyRoot = header.historyRoot
                return true
            }
            + header("accountCount", "one more", unsigned, signed: own("accountCount")) { header, _ in
                header.accountCount += 1
                return true
            }
    }

    private static var counts: [BlockDamage] {
        // Another count than there are transactions makes the decoder read attestations as a transaction, or the other way round.
        header("transactionCount", "one more", .doesNotHold("truncated", "tooLarge")) { header, _ in
            header.transactionCount += 1
            return true
        }
            + header("transactionCount", "one less", .doesNotHold("trailingBytes")) { header, scene in
                guard let last = scene.transactions.last, last.bytes.count < 65_536 else { return false }
                header.transactionCount -= 1
                return true
            }
            + header("transactionCount", "more than a block may have", .doesNotHold("countOutOfRange")) { header, _ in
                header.transactionCount = UInt32(Block.maximumTransactionCount) + 1
                return true
            }
            + header("transactionCount", "all that 32 bits can say", .doesNotHold("countOutOfRange")) { header, _ in
                header.transactionCount = .max
                return true
            }
            + header("systemEntryCount", "1", .doesNotHold("countOutOfRange"), signed: .doesNotHold("countOutOfRange")) { header, _ in
                header.systemEntryCount = 1
                return true
            }
    }

    private static var lengths: [BlockDamage] {
        func length(_ what: String, _ code: String, _ value: @escaping @Sendable (Int) -> UInt32) -> BlockDamage {
            BlockDamage(
                field: FieldName(.block, "transactions.length"), what: what, forger: .checksums, expected: .doesNotHold(code)
            ) { scene in
                guard let first = scene.layout.transactions.first else { return nil }
                var writer = ByteWriter()
                writer.write(value(first.count))
                var bytes = scene.layout.bytes
                bytes.replaceSubrange(first.lowerBound - 4..<first.lowerBound, with: writer.bytes)
                return [bytes]
            }
        }
        return [
            length("one more", "trailingBytes") { UInt32($0) + 1 },
            length("one less", "truncated") { UInt32($0) - 1 },
            length("all that 32 bits can say", "tooLarge") { _ in .max },
            BlockDamage(
                field: FieldName(.block, "transactions"), what: "a byte behind the attestations", forger: .checksums,
                expected: .doesNotHold("trailingBytes")
            ) { [$0.layout.bytes + [0]] },
            BlockDamage(
                field: FieldName(.block, "transactions"), what: "the last byte of the block missing", forger: .checksums,
                expected: .doesNotHold("truncated")
            ) { [Array($0.layout.bytes.dropLast())] },
        ]
    }
}

extension HeaderDamage {
    private static func attested(
        _ name: String, _ what: String, _ code: String, _ change: @escaping @Sendable (inout [Attestation], Scene) -> Bool
    ) -> BlockDamage {
        let structure: Structure = name == "attestations.count" ? .block : .attestation
        return BlockDamage(field: FieldName(structure, name), what: what, forger: .checksums, expected: .doesNotHold(code)) { scene in
            var attestations = scene.block.attestations
            return change(&attestations, scene) ? [scene.layout.with(attestations: attestations)] : nil
        }
    }

    private static func counted(_ what: String, _ code: String, _ value: @escaping @Sendable (Int) -> Int) -> BlockDamage {
        BlockDamage(
            field: FieldName(.block, "attestations.count"), what: what, forger: .checksums, expected: .doesNotHold(code)
        ) { scene in
            var bytes = scene.layout.bytes
            let start = scene.layout.attestations.lowerBound
            let count = value(scene.block.attestations.count)
            bytes[start] = UInt8(count >> 8)
            bytes[start + 1] = UInt8(count & 0xff)
            return [bytes]
        }
    }

    private static var attestations: [BlockDamage] {
        [
            counted("one more", "truncated") { $0 + 1 },
            counted("one less", "trailingBytes") { $0 - 1 },
            counted("more than there may be", "countOutOfRange") { _ in Attestation.maximumCount + 1 },
            attested("attestations.count", "fewer attestations than the quorum", "notFinal") { attestations, scene in
                attestations = Array(attestations.prefix(Int(scene.standIns.chainspec.quorum) - 1))
                return true
            },
            attested("validator", "a validator that there is not", "notFinal") { attestations, scene in
                let last = attestations.removeLast()
                let count = ValidatorIndex(scene.standIns.chainspec.validators.count)
                attestations.append(Attestation(validator: count, signature: last.signature))
                return true
            },
            attested("validator", "another validator than signed", "notFinal") { attestations, scene in
                let used = Set(attestations.map(\.validator))
                let others = scene.standIns.chainspec.validators.indices.map { ValidatorIndex($0) }.filter { !used.contains($0) }
                guard let last = attestations.last, let other = others.first(where: { $0 > last.validator }) else { return false }
                attestations[attestations.count - 1] = Attestation(validator: other, signature: last.signature)
                return true
            },
            attested("validator", "a validator twice", "unsortedAttestations") { attestations, _ in
                guard let last = attestations.last else { return false }
                attestations.append(last)
                return true
            },
            attested("validator", "in the wrong order", "unsortedAttestations") { attestations, _ in
                guard attestations.count > 1 else { return false }
                attestations.reverse()
                return true
            },
            attested("signature", "a bit flipped", "notFinal") { attestations, _ in
                guard let first = attestations.first else { return false }
                attestations[0] = Attestation(validator: first.validator, signature: first.signature.flipped)
                return true
            },
            attested("signature", "forged: made by a stranger's key", "notFinal") { attestations, scene in
                guard let first = attestations.first else { return false }
                let forged = StandIns.sign(scene.header.attestationMessage, as: StandIns.stranger)
                attestations[0] = Attestation(validator: first.validator, signature: forged)
                return true
            },
            attested("signature", "that of the block before", "notFinal") { attestations, scene in
                attestations = scene.standIns.attestations(of: scene.tip, by: scene.validators)
                return true
            },
        ]
    }
}
